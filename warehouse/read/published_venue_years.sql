-- One row per year of a direction, oldest first. Params: $direction
select direction, year, papers, total
from venue_year
where direction = $direction
order by year
