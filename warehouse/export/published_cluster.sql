-- published.cluster: one row per sub-topic of a direction that has a paper.
insert into published.cluster by name
select
    cluster.scope as direction, cluster.number, cluster.label, cluster.terms, count(*) as papers, cluster_set.model,
    cluster.name, cluster.name_zh, cluster.named_by, cluster.born_on
from cluster
join cluster_set on cluster_set.scope = cluster.scope and cluster_set.version = cluster.version
join cluster_member on cluster_member.scope = cluster.scope and cluster_member.number = cluster.number
where cluster.scope <> '' and cluster.version = (select max(version) from cluster_set where scope = cluster.scope)
group by all
order by direction, cluster.number
