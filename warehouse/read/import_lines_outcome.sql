-- One row: first and last month stored or known, and the last day on which one of these papers was changed.
select min(month), max(month), max(newest) from line where drop_reason is null
