-- paper: takes in the lines of papers that nobody knows yet, where many lines are held back. Params: $path,
-- $compression, $source, $today
insert into paper by name
select * exclude (raw_id)
from snapshot_additions($path, $compression, $source, $today)
where raw_id not in (select raw_id from held_back)
