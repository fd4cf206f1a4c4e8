-- One row per direction and horizon: what is expected, as the last run has stored it.
select
    direction, as_of, horizon, p_rise, p_up, p_fall, growth_low, growth_high, added, model, base_month,
    like_cases::text as like_cases, parts::text as parts, abstained
from outlook
order by direction, horizon
