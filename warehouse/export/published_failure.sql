-- published.failure: what did not work in the last run and did not stop it.
insert into published.failure by name
select stage, subject, reason
from failure
where run_id = (select id from run order by started_at desc, id desc limit 1)
order by stage, subject, reason
