-- The revisions of a forecast are numbered from 0 on without a gap: no row of the ledger was taken away.
select direction, as_of, horizon, model, count(*) as rows, max(revision) as last_revision
from forecast
group by all
having count(*) <> max(revision) + 1 or min(revision) <> 0
order by all
