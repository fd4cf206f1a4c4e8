-- The sub-topics of these directions without names. Params: $directions
update cluster
set name = null, name_zh = null, named_by = null
where list_contains($directions::text[], direction) and named_by is not null
