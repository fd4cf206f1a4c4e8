-- One row: rows, stored, unchanged, first and last month stored or known.
select
    count(*), count(*) filter (where better), count(*) filter (where drop_reason is null and not better),
    min(month) filter (where drop_reason is null), max(month) filter (where drop_reason is null)
from incoming
