-- published.forecast: one row per forecast that was made for the day or before, with its outcome. Params: $as_of
insert into published.forecast by name
select
    forecast.direction, forecast.as_of, forecast.horizon, forecast.model, forecast.revision, forecast.made_at,
    forecast.run_id, forecast.hindsight, forecast.base_month, forecast.base_papers, forecast.base_exposure,
    forecast.stage, forecast.p_rise, forecast.p_up, forecast.p_fall, forecast.growth_low, forecast.growth_high,
    forecast.added, forecast.abstained, forecast.rule, forecast.query, forecast.field,
    outcome.state, outcome.why, outcome.counted, outcome.base_months, outcome.base_share as base_share_now,
    outcome.later_months, outcome.later_share, outcome.rose, outcome.up, outcome.fell, outcome.changed
from forecast
join forecast_outcome as outcome using (direction, as_of, horizon, model, revision)
where forecast.as_of <= $as_of::date
order by forecast.made_at, forecast.direction, forecast.as_of, forecast.horizon, forecast.model, forecast.revision
