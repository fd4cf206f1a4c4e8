-- At most one row: what a stage was last computed from.
select stamp from derived where stage = $stage and subject = $subject
