-- paper: takes in what is better.
insert or replace into paper by name
select * exclude (row_number, older, better) from merged where better
