-- One row per row of a coverage file that cannot be used.
select row_number, raw_month, category, status
from incoming
where month is null or coalesce(category, '') = '' or status is null or status not in ('A', 'B', 'T', 'S', 'M')
order by row_number
