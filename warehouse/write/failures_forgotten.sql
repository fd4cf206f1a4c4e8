-- failure: those of one run, before they are written anew.
delete from failure where run_id = $run_id
