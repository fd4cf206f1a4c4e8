-- One row per paper of a fixed sample of those that are members of any direction. Params: $limit
select id, title, abstract
from paper
where not_counted is null and id in (select paper_id from membership where member)
order by md5(id)
limit $limit
