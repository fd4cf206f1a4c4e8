-- A version shares at most the papers that it was made of with the one before.
select cluster_set.scope, cluster_set.version, cluster_set.papers, sum(cluster_overlap.papers)
from cluster_overlap
join cluster_set on cluster_set.scope = cluster_overlap.scope and cluster_set.version = cluster_overlap.version
group by all
having sum(cluster_overlap.papers) > cluster_set.papers
