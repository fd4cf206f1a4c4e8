-- One row per accepted conference paper.
select title, venue, year
from venue_paper
where status is null or not regexp_matches(status, 'reject|withdraw|active', 'i')
order by id
