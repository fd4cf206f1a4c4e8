-- One row per direction: papers a day, over the windows that were harvested whole. Params: $source
select direction, sum(received)::double / sum(datediff('day', first_day, last_day) + 1) as papers_a_day
from harvest_window
where source = $source and failure is null
group by direction
order by direction
