-- One row per id that is held back, up to $count of them. Params: $count
select raw_id from held_back order by raw_id limit $count
