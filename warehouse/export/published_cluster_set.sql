-- published.cluster_set: one row per direction and version of its sub-topics. How many of its papers are in them, and
-- how many are in none, is known of the one that stands.
insert into published.cluster_set by name
with standing as (
    select scope, max(version) as version from cluster_set group by scope
), placed as (
    select scope, count(number) as assigned, count(*) - count(number) as unassigned from cluster_member group by scope
)
select
    cluster_set.scope as direction, cluster_set.version, cluster_set.made_on, cluster_set.reason, cluster_set.papers,
    cluster_set.model, cluster_set.rule,
    case when standing.version = cluster_set.version then coalesce(placed.assigned, 0) end as assigned,
    case when standing.version = cluster_set.version then coalesce(placed.unassigned, 0) end as unassigned,
    case when standing.version = cluster_set.version then cluster_set.advice end as advice
from cluster_set
join standing on standing.scope = cluster_set.scope
left join placed on placed.scope = cluster_set.scope
where cluster_set.scope in (select slug from direction)
order by direction, cluster_set.version
