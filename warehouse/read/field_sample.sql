-- One row per paper of a fixed sample of the field, of those that have an abstract. Params: $limit
select id, title, abstract
from paper
where not_counted is null and in_field and abstract is not null
order by md5(id)
limit $limit
