-- One row: sub-topics of directions, and those of them with a name.
select count(*), count(cluster.name)
from cluster
where cluster.scope <> '' and cluster.version = (select max(version) from cluster_set where scope = cluster.scope)
    and (cluster.scope, cluster.number) in (select scope, number from cluster_member)
