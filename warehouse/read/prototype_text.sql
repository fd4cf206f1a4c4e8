-- One row at most: the catalogue's texts as a model has read them, if they are the same texts. Params: $model, $stamp
select dim, value from prototype_text where model = $model and stamp = $stamp
