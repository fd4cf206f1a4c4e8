-- published.outlook: one row per direction and horizon.
insert into published.outlook by name
select
    direction, as_of, horizon, p_rise, p_up, p_fall, growth_low, growth_high, added, model, base_month, like_cases, parts,
    abstained
from outlook
order by direction, horizon
