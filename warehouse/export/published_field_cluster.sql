-- published.field_cluster: one row per cluster of the whole field that has papers.
insert into published.field_cluster by name
with titled as (
    select named.number, list(paper.title order by named.place) as central_titles
    from (select number, unnest(central) as id, generate_subscripts(central, 1) as place from field_cluster) as named
    join paper on paper.id = named.id
    group by named.number
)
select
    field_cluster.*, cluster.label, cluster.terms, cluster.name, cluster.name_zh,
    coalesce(titled.central_titles, []) as central_titles
from field_cluster
join cluster on cluster.scope = '' and cluster.number = field_cluster.number
    and cluster.version = (select max(version) from cluster_set where scope = '')
left join titled on titled.number = field_cluster.number
order by field_cluster.number
