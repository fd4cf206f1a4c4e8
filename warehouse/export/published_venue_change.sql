-- published.venue_change: one row per direction and earlier year that its last year is compared with.
insert into published.venue_change by name
select
    direction, first_year, last_year, venues, papers_before, total_before, papers, total, change, low, high, p_up, p_flat
from venue_change
order by direction, first_year
