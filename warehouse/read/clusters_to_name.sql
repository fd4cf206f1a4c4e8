-- One row per sub-topic of a direction of which one has no name: its names, and the ids and titles of the papers that
-- it was made of, the nearest to its centroid first. Params: $central
with founder as (
    select
        scope, number, paper_id, similarity,
        row_number() over (partition by scope, number order by similarity desc, paper_id) as place
    from cluster_member
    where founder and number is not null and scope <> ''
), shown as (
    select
        cluster.scope, cluster.number, cluster.label, cluster.terms, cluster.name, cluster.name_zh,
        list(founder.paper_id order by founder.place) as ids,
        list(founder.similarity order by founder.place) as similarities,
        list(paper.title order by founder.place) as titles
    from cluster
    join founder on founder.scope = cluster.scope and founder.number = cluster.number
    join paper on paper.id = founder.paper_id
    where founder.place <= $central
        and cluster.version = (select max(version) from cluster_set where scope = cluster.scope)
    group by all
)
select scope, number, label, terms, name, name_zh, ids, similarities, titles
from shown
where scope in (select scope from shown where name is null)
order by scope, number
