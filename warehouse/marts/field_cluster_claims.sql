-- One row per cluster of the field: its papers, those of the months from $first to $last, and of these the members of
-- any direction. Params: $first, $last
select
    cluster_member.number,
    count(*) as papers,
    count(*) filter (where paper.month between $first::date and $last::date) as recent,
    count(*) filter (where paper.month between $first::date and $last::date and member.paper_id is not null) as claimed
from cluster_member
join cluster on cluster.scope = '' and cluster.number = cluster_member.number
    and cluster.version = (select max(version) from cluster_set where scope = '')
join paper on paper.id = cluster_member.paper_id
left join (select distinct paper_id from membership where member) as member on member.paper_id = paper.id
where cluster_member.scope = '' and cluster_member.similarity >= cluster.radius and paper.not_counted is null
group by cluster_member.number
order by cluster_member.number
