-- One row per thing that became of sub-topics.
select direction, version, happened_on, event, old, new, papers
from cluster_event
order by direction, version, happened_on, event, old, new
