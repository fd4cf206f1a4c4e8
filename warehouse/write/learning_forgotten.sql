-- Forgets the record of learning of these directions. Params: $directions
delete from learning where direction in (select unnest($directions::text[]))
