-- One row per founder of a cluster that still has its place in it, nearest to the centroid first: its vector's place,
-- or null. Params: $scope, $model
select cluster_member.number, cluster_member.paper_id, vector.place
from cluster_member
left join vector on vector.paper_id = cluster_member.paper_id and vector.model = $model
where cluster_member.scope = $scope and cluster_member.founder and cluster_member.number is not null
order by cluster_member.number, cluster_member.similarity desc, cluster_member.paper_id
