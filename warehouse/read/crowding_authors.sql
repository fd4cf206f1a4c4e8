-- One row per author of a countable paper up to a month. Params: $last
select id, unnest(authors) as author
from paper
where not_counted is null and month <= $last::date
order by id
