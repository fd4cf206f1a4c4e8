-- hit: drops what these papers had. Params: $ids
delete from hit where paper_id in (select unnest($ids::text[]))
