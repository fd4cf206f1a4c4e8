-- vector_file: the one of a model that is lost. Params: $model
delete from vector_file where model = $model
