-- One row per version of a direction's sub-topics, or of those of all. Params: $direction
select direction, version, made_on, reason, papers, model, rule, assigned, unassigned, advice
from cluster_set
where direction = coalesce($direction::text, direction)
order by direction, version
