-- One row per OAI set: records a day, over the listings from a datestamp not older than $since.
with listed as (
    select subject, first_day, sum(received) as records, datediff('day', first_day, max(asked_at)::date) + 1 as days
    from harvest_request
    where kind = 'records' and outcome = 'answered' and first_day >= $since
    group by subject, first_day
)
select subject, sum(records)::double / sum(days) as records_a_day
from listed
group by subject
order by subject
