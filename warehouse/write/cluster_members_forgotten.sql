-- cluster_member: those of one direction.
delete from cluster_member where direction = $direction
