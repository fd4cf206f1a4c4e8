-- cluster: those of directions without members. Params: $directions
delete from cluster where direction not in (select unnest($directions::text[]))
