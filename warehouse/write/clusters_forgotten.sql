-- cluster: those of one direction.
delete from cluster where direction = $direction
