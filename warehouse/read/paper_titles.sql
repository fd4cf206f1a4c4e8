-- One row per stored paper among the ids given. Params: $ids
select id, title
from paper
where id in (select unnest($ids::text[]))
order by id
