-- published.sign: one row per direction and kind of sign.
insert into published.sign by name
select direction, kind, last_month, value, low, high, measured, base, n, coverage, lack, made_with
from sign
order by direction, kind
