-- Forgets what these directions were learned from. Params: $directions
delete from derived where stage = 'learn' and subject in (select unnest($directions::text[]))
