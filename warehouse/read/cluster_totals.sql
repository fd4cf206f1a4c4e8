-- One row: papers of directions that are in no cluster of theirs, and directions whose clusters should be made anew.
select
    (select count(*) from cluster_member where number is null and scope <> ''),
    (select count(*) from (select arg_max(advice, version) as advice from cluster_set where scope <> '' group by scope)
        where advice <> '')
