-- One row per window of a direction whose last attempt failed.
select first_day, last_day, failure
from harvest_window
where source = $source and direction = $direction and query = $query and failure is not null
order by first_day, last_day
