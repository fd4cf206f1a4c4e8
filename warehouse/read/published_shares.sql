-- One row per direction and every $step months back from $last: the share of the 12 months that end there.
-- Only comparable months count, and at least 6 of the 12 must be; else there is no row.
with rolling as (
    select
        direction, month,
        sum(papers) filter (status in ('complete', 'assumed')) over year as papers,
        sum(exposure) filter (status in ('complete', 'assumed')) over year as exposure,
        count(*) filter (status in ('complete', 'assumed')) over year as months
    from trend_point
    where month <= $last
    window year as (partition by direction order by month range between interval 11 months preceding and current row)
)
select direction, month, papers / exposure as share
from rolling
where months >= 6 and exposure > 0 and datediff('month', month, $last::date) % $step = 0
order by direction, month
