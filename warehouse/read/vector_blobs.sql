-- One row per vector of a model that an older littriage kept in the database, a few at a time. Params: $model, $limit
select paper_id, text_hash, value from vector_blob where model = $model order by paper_id limit $limit
