-- One row per model of staged hits: how many there are to decide. The row without a model counts memberships to drop.
select model, count(*) from undecided group by model order by model nulls first
