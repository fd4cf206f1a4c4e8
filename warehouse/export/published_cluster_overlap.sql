-- published.cluster_overlap: one row per pair of sub-topics of two versions that share a paper.
insert into published.cluster_overlap by name
select scope as direction, version, old, new, papers
from cluster_overlap
where scope in (select slug from direction)
order by direction, version, old, new
