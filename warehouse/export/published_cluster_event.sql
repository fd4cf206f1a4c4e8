-- published.cluster_event: one row per thing that became of sub-topics.
insert into published.cluster_event by name
select scope as direction, version, happened_on, event, old, new, papers
from cluster_event
where scope in (select slug from direction)
order by direction, version, happened_on, event, old, new
