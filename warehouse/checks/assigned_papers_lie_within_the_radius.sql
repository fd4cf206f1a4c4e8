-- Papers that were assigned to a cluster lie within its radius.
select cluster_member.scope, cluster_member.paper_id, cluster_member.similarity, cluster.radius
from cluster_member
join cluster on cluster.scope = cluster_member.scope and cluster.number = cluster_member.number
where not cluster_member.founder and cluster_member.similarity < cluster.radius - 1e-5
    and cluster.version = (select max(version) from cluster_set where scope = cluster.scope)
