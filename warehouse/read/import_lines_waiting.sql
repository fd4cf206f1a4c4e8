-- One row: how many ids of the file are those of papers that it has twice or that the warehouse knows.
select count(*) from held_back where usable
