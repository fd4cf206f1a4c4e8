-- One row per source and kind of request. Params: $subjects, $first_day, $last_day, each null for all: ledger_requests
with asked as (
    select *
    from harvest_request
    where ($subjects::text[] is null or kind = 'records' or list_contains($subjects::text[], subject))
      and ($last_day::date is null or first_day is null or first_day <= $last_day)
      and ($first_day::date is null or coalesce(last_day, asked_at::date) >= $first_day)
),
windows as (  -- what came of the API's pages is told by their window
    select source, sum(stored)::bigint as stored
    from harvest_window
    where ($subjects::text[] is null or list_contains($subjects::text[], direction))
      and ($last_day::date is null or first_day <= $last_day)
      and ($first_day::date is null or last_day >= $first_day)
    group by source
)
select
    asked.source,
    kind,
    count(*) as requests,
    count(*) filter (where outcome = 'answered') as answered,
    count(*) filter (where attempt > 1) as repeated,
    count(*) filter (where outcome <> 'answered') as failed,
    sum(received)::bigint as received,
    coalesce(sum(asked.stored)::bigint, case when kind = 'papers' then any_value(windows.stored) end) as stored,
    min(asked_at) as first_asked,
    max(asked_at) as last_asked,
    sum(waited_s) as waited_s,
    sum(seconds) as seconds
from asked
left join windows using (source)
group by asked.source, kind
order by asked.source, kind
