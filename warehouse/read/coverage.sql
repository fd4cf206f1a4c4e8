-- One row per category and month that a coverage file speaks of.
select category, month, status from coverage order by category, month
