-- One row per direction and horizon. Params: $direction, or null for all
select
    direction, as_of, horizon, p_rise, p_up, p_fall, growth_low, growth_high, added, model, base_month,
    like_cases::text as like_cases, parts::text as parts, abstained
from outlook
where $direction::text is null or direction = $direction::text
order by direction, horizon
