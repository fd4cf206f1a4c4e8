-- cluster_member: those of directions without members. Params: $directions
delete from cluster_member where direction not in (select unnest($directions::text[]))
