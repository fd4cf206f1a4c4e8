-- One row: how many of the incoming papers were new or better known.
select count(*) from incoming where better
