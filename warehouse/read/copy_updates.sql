-- One row per OAI set and day on which a copy that stood already was brought up to date: a listing asked from a day
-- when the set was already being listed, and not from one in the past that was still to be caught up with.
with listed as (
    select subject, first_day, asked_at::date as day, min(asked_at::date) over (partition by subject) as first_contact
    from harvest_request
    where source = 'oai-pmh' and kind = 'records' and outcome = 'answered'
)
select distinct subject, day
from listed
where first_day >= first_contact - 3
order by subject, day
