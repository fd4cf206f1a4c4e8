-- vector: those of a model whose file is lost. Params: $model
delete from vector where model = $model
