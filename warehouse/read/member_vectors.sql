-- One row per member of a direction: text and vector. Params: $direction, $model
select paper.id, paper.title, paper.abstract, vector.value
from membership
join paper on paper.id = membership.paper_id
join vector on vector.paper_id = paper.id and vector.model = $model
where membership.direction = $direction and membership.member and paper.not_counted is null
order by paper.id
