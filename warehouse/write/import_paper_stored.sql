-- paper: takes in what is better than what it has.
insert or replace into paper by name
select * exclude (row_number, older, better, known) from merged where better and known
