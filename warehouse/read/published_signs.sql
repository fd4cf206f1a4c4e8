-- One row per sign of a direction; null: of every direction. Params: $direction
select direction, kind, value, low, high, measured, base, n, coverage, lack, made_with
from sign
where $direction::text is null or direction = $direction
order by direction, kind
