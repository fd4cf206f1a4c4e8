-- One row per countable paper, the newest first, so many at most. Params: $limit
select id, title, abstract, categories
from paper
where not_counted is null
order by published desc, id desc
limit $limit
