-- Papers in clusters are in one that the version that stands has.
select scope, paper_id, number
from cluster_member
where number is not null
    and (scope, number) not in (
        select cluster.scope, cluster.number
        from cluster
        where cluster.version = (select max(version) from cluster_set where scope = cluster.scope)
    )
