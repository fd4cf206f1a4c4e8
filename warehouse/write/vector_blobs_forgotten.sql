-- vector_blob: those that lie in a model's file now. Params: $model, $ids
delete from vector_blob where model = $model and paper_id in (select unnest($ids::text[]))
