-- One row per stored paper of these ids: title and abstract. Params: $ids
select id, title, abstract from paper where id in (select unnest($ids::text[])) order by id
