-- One row for a model that has given vectors, else none: file, length and type of a row, rows, digest of the last ones.
-- Params: $model
select file, dim, dtype, rows, tail from vector_file where model = $model
