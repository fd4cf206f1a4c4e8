-- One row per window that was asked with a direction's latest query. Params: $directions (null: all)
select
    direction, source, first_day, last_day, expected, received, stored, requests, failure, asked_at,
    (
        select coalesce(map_from_entries(list((reason, rows) order by reason)), map {})
        from (
            select reason, sum(rows)::bigint as rows
            from harvest_drop
            where harvest_drop.source = harvest_window.source and harvest_drop.direction = harvest_window.direction
              and harvest_drop.first_day = harvest_window.first_day
              and harvest_drop.last_day = harvest_window.last_day
            group by reason
        )
    ) as dropped
from harvest_window
where $directions::text[] is null or list_contains($directions::text[], direction)
qualify query = arg_max(query, asked_at) over (partition by source, direction)
order by direction, source, first_day, last_day
