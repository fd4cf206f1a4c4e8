-- One row: how many months of categories the staged coverage file speaks of.
select count(distinct (category, month)) from incoming
