-- One row per sub-topic of a direction, with its papers up to the last month judged, and those of its last 12 months.
-- Params: $as_of
select
    cluster.scope, cluster.number, cluster.label, cluster.name, cluster.name_zh,
    count(*) filter (where paper.month <= last.month) as papers,
    count(*) filter (where paper.month <= last.month and paper.month > last.month - interval 12 month) as recent
from cluster
join cluster_member on cluster_member.scope = cluster.scope and cluster_member.number = cluster.number
join paper on paper.id = cluster_member.paper_id
left join verdict on verdict.direction = cluster.scope
cross join lateral (
    select coalesce(verdict.last_month, date_trunc('month', $as_of::date) - interval 1 month) as month
) as last
where cluster.scope <> '' and cluster.version = (select max(version) from cluster_set where scope = cluster.scope)
group by all
order by cluster.scope, count(*) desc, cluster.number
