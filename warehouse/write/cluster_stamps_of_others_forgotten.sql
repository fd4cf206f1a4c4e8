-- derived: the cluster stamps of these directions and of the field alone. Params: $directions
delete from derived where stage = 'cluster' and subject <> '' and subject not in (select unnest($directions::text[]))
