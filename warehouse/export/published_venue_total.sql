-- published.venue_total: one row per venue and year: its accepted papers.
insert into published.venue_total by name
select venue, year, count(*) as papers
from venue_paper
where status is null or not regexp_matches(status, 'reject|withdraw|active', 'i')
group by venue, year
order by venue, year
