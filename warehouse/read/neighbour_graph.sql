-- One row for a model whose graph of neighbours is kept, else none: its file. Params: $model, $made_with
select file from neighbour_graph where model = $model and made_with = $made_with
