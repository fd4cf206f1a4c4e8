-- One row per vector of a model, in the order of its file: whose it is, and its place. Params: $model
select paper_id as id, place from vector where model = $model order by place
