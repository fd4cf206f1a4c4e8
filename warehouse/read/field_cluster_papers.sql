-- One row per paper before a day of some clusters of the field, cluster by cluster, the nearest to its centroid first.
-- Params: $numbers, $before
select cluster_member.number, paper.id, paper.title, paper.abstract, paper.month, paper.published
from cluster_member
join cluster on cluster.scope = '' and cluster.number = cluster_member.number
    and cluster.version = (select max(version) from cluster_set where scope = '')
join paper on paper.id = cluster_member.paper_id
where cluster_member.scope = '' and cluster_member.number in (select unnest($numbers::integer[]))
  and cluster_member.similarity >= cluster.radius
  and paper.not_counted is null and paper.published < $before::date
order by cluster_member.number, cluster_member.similarity desc, paper.id
