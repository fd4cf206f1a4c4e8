-- One row per stored sign.
select direction, kind, value, low, high, measured, base, n, coverage, lack, raw, se, made_with
from sign
order by direction, kind
