-- One row per sub-topic of a direction, with its papers up to the last month judged, and those of its last 12 months.
-- Params: $as_of
select
    cluster.direction, cluster.number, cluster.label, cluster.name, cluster.name_zh,
    count(*) filter (where paper.month <= last.month) as papers,
    count(*) filter (where paper.month <= last.month and paper.month > last.month - interval 12 month) as recent
from cluster
join cluster_member
    on cluster_member.direction = cluster.direction and cluster_member.number = cluster.number
join paper on paper.id = cluster_member.paper_id
left join verdict on verdict.direction = cluster.direction
cross join lateral (
    select coalesce(verdict.last_month, date_trunc('month', $as_of::date) - interval 1 month) as month
) as last
group by all
order by cluster.direction, cluster.number
