-- One row per thing that became of a direction's sub-topics, in the order in which it came to pass. Params: $direction
select version, happened_on, event, old, new, papers
from cluster_event
where direction = $direction
order by
    version, happened_on, list_position(['continues', 'splits', 'merges', 'born', 'dies'], event), old, new
