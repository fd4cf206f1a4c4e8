-- One row per model whose vectors an older littriage kept in the database: how many.
select model, count(*) from vector_blob group by model order by model
