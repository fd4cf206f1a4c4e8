-- One row per pair of a direction's sub-topics, of a version and of the one before, that share a paper.
-- Params: $direction
select version, old, new, papers
from cluster_overlap
where direction = $direction
order by version, old nulls first, new nulls first
