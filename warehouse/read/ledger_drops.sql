-- One row per source, kind and reason for which entries were not stored. Params: as in ledger_channels
with asked as (
    select source, kind, unnest(map_entries(dropped::map(varchar, bigint))) as entry
    from harvest_request
    where ($subjects::text[] is null or kind = 'records' or list_contains($subjects::text[], subject))
      and ($last_day::date is null or first_day is null or first_day <= $last_day)
      and ($first_day::date is null or coalesce(last_day, asked_at::date) >= $first_day)
)
select source, kind, entry.key as reason, sum(entry.value)::bigint as dropped
from asked
group by source, kind, reason
order by source, kind, reason
