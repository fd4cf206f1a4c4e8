-- A request that was not answered says why.
select number, source, subject, outcome
from harvest_request
where outcome <> 'answered' and reason = ''
order by all
