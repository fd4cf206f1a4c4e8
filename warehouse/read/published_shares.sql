-- One row per direction and every $step months back from $last: the share of the 12 months that end there.
-- As `trends.twelve_month_shares`, for all directions at once: no row where that gives none.
with usable as (
    select direction, month, papers, exposure
    from trend_point
    where status in ('complete', 'assumed') and exposure > 0 and month <= $last
),
rolling as (
    select direction, month, sum(papers) over year / sum(exposure) over year as share, count(*) over year as months
    from usable
    window year as (partition by direction order by month range between interval 11 months preceding and current row)
)
select direction, month, share
from rolling
where months >= 9 and datediff('month', month, $last::date) % $step = 0
order by direction, month
