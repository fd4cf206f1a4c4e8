-- One row per window of a direction that was harvested whole.
select first_day, last_day, asked_at
from harvest_window
where source = $source and direction = $direction and query = $query and failure is null
order by first_day, last_day
