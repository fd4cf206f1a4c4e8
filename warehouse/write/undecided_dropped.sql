-- undecided: no longer needed.
drop table undecided
