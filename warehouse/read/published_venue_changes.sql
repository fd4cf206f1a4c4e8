-- One row per earlier year that the last one is compared with, the latest first. Params: $direction
select
    direction, first_year, last_year, venues, papers_before, total_before, papers, total, change, low, high, p_up, p_flat
from venue_change
where direction = $direction
order by first_year desc
