-- One row for a model that has given vectors, else none: file, length and type of a row, rows. Params: $model
select file, dim, dtype, rows from vector_file where model = $model
