-- run: those that were running when their process ended; only the holder of the file's lock can be running now.
-- Params: $run_id
update run set state = 'interrupted' where state = 'running' and id <> $run_id
