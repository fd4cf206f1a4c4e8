-- One row per member of a direction: text and place of its vector. Params: $scope, $model
select paper.id, paper.text_hash, vector.place
from membership
join paper on paper.id = membership.paper_id
join vector on vector.paper_id = paper.id and vector.model = $model
where membership.direction = $scope and membership.member and paper.not_counted is null
order by paper.id
