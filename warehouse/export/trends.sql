-- One row per direction and month, empty months included. share_low and share_high: 80% interval of the share from
-- undecided memberships alone, as model.TrendPoint.share_interval; null where their variance was not kept.
with point as (
    select null::double as undecided where false
    union all by name
    select * from trend_point
)
select
    direction, month, papers, members, exposure,
    papers / nullif(exposure, 0) as share,
    if(undecided is null, null, greatest(papers - 1.2816 * sqrt(undecided), 0)) / nullif(exposure, 0) as share_low,
    (papers + 1.2816 * sqrt(undecided)) / nullif(exposure, 0) as share_high,
    status, reason
from point
order by direction, month
