-- One row per direction and month; $direction null: every direction.
select direction, month, papers, members, exposure, status, reason
from trend_point
semi join direction on direction.slug = trend_point.direction
where direction = coalesce($direction::text, direction)
order by direction, month
