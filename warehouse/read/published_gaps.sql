-- One row per run of months, not comparable for the same reason, of a direction. Params: $direction
with marked as (
    select
        month, status, reason,
        datediff('month', date '1900-01-01', month)
            - row_number() over (partition by status, reason order by month) as run
    from trend_point
    where direction = $direction and status not in ('complete', 'assumed')
)
select min(month) as first_month, max(month) as last_month, status, reason
from marked
group by status, reason, run
order by first_month, status, reason
