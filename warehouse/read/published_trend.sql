-- One row per direction and month; $direction null: every direction. `undecided` is null in a file that was published
-- before it was kept.
with point as (
    select null::double as undecided where false
    union all by name
    select * from trend_point
)
select direction, month, papers, members, exposure, status, reason, undecided
from point
semi join direction on direction.slug = point.direction
where direction = coalesce($direction::text, direction)
order by direction, month
