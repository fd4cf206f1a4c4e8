-- One row: papers that a model has given vectors to. Params: $model
select count(*) from vector where model = $model
