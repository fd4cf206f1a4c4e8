-- One row per paper of a scope that waits in the pool: text and place of its vector. Params: $scope, $model
select cluster_member.paper_id, cluster_member.text_hash, vector.place
from cluster_member
join vector on vector.paper_id = cluster_member.paper_id and vector.model = $model
where cluster_member.scope = $scope and cluster_member.number is null
order by cluster_member.paper_id
