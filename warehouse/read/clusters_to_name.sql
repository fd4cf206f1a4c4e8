-- One row per sub-topic, with the ids, places and titles of its most central papers. Params: $central
select
    cluster.direction, cluster.number, cluster.label, cluster.terms,
    list(cluster_member.paper_id order by cluster_member.place) as ids,
    list(cluster_member.similarity order by cluster_member.place) as similarities,
    list(paper.title order by cluster_member.place) as titles
from cluster
join cluster_member
    on cluster_member.direction = cluster.direction and cluster_member.number = cluster.number
join paper on paper.id = cluster_member.paper_id
where cluster_member.place <= $central
group by all
order by cluster.direction, cluster.number
