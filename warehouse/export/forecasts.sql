-- One row per forecast that was ever made, those in hindsight included, with its outcome by the counts of the last run.
select
    direction, as_of, horizon, model, revision, made_at, run_id, hindsight, base_month, base_papers,
    base_exposure, base_papers / nullif(base_exposure, 0) as base_share, stage, p_rise, p_up, p_fall, growth_low,
    growth_high, added, abstained, rule, query, field, state, why, counted, base_months, base_share_now, later_months,
    later_share, later_share / nullif(base_share_now, 0) as ratio, rose, up, fell, changed
from forecast
order by made_at, direction, as_of, horizon, model, revision
