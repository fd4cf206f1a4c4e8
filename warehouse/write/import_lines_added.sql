-- paper: takes in the lines of papers that nobody knows yet, in the file's order, where few lines are held back.
-- Without a join DuckDB writes whole row groups as it goes, and none again at the end. Params: $path, $compression,
-- $source, $today, $held_back (ids as the file writes them)
insert into paper by name
select * exclude (raw_id)
from snapshot_additions($path, $compression, $source, $today)
where not list_contains($held_back::text[], raw_id)
