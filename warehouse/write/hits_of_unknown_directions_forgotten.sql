-- hit: those of directions that the catalogue no longer has. Params: $directions
delete from hit where direction not in (select unnest($directions::text[]))
