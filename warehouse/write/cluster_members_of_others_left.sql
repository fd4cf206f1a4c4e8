-- cluster_member: of these directions and of the field alone. Params: $directions
delete from cluster_member where scope <> '' and scope not in (select unnest($directions::text[]))
