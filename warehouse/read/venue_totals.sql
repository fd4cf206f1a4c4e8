-- One row per venue and year: its accepted papers.
select venue, year, count(*) as papers
from venue_paper
where status is null or not regexp_matches(status, 'reject|withdraw|active', 'i')
group by venue, year
order by venue, year
