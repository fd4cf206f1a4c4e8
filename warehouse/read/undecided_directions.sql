-- One row per direction of which a staged hit is decided, or a membership dropped.
select distinct direction from undecided order by direction
