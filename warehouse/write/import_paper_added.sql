-- paper: takes in what it did not have.
insert into paper by name
select * exclude (row_number, older, better, known) from merged where not known
