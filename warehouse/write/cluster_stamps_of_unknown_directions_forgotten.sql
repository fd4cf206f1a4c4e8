-- derived: the cluster stamps of directions without members. Params: $directions
delete from derived where stage = 'cluster' and subject not in (select unnest($directions::text[]))
