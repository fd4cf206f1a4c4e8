-- One row per request, the last $count, oldest first, each with why the one before it failed. Params: $count,
-- $subjects (null: all; an OAI listing belongs to every subject), $first_day and $last_day (null: all; else requests for
-- any day between the two)
with asked as (
    select *, lag(outcome) over same as outcome_before, lag(reason) over same as reason_before
    from harvest_request
    window same as (partition by source, kind, subject, first_day, last_day, place order by number)
),
chosen as (
    select *
    from asked
    where ($subjects::text[] is null or kind = 'records' or list_contains($subjects::text[], subject))
      and ($last_day::date is null or first_day is null or first_day <= $last_day)
      and ($first_day::date is null or coalesce(last_day, asked_at::date) >= $first_day)
    order by number desc
    limit $count
)
select
    number, source, kind, subject, first_day, last_day, place, attempt, asked_at, waited_s, seconds, outcome, reason,
    expected, received, stored, dropped::map(varchar, bigint) as dropped, outcome_before, reason_before
from chosen
order by number
