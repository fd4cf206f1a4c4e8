-- derived: the stamps of signs of directions that are no longer there. Params: $directions
delete from derived where stage = 'gauge' and subject not in (select unnest($directions::text[]))
