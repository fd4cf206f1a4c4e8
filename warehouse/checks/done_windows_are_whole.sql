-- A window without a failure received as much as the source said that it holds.
select source, direction, first_day, last_day, expected, received
from harvest_window
where failure is null and received is distinct from expected
order by all
