-- At most one row: what the conferences say of a direction. Params: $direction
select direction, last_year, sign, reason, papers
from venue_opinion
where direction = $direction
