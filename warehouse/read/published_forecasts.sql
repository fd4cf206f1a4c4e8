-- One row per forecast with its outcome, in the order in which they were made.
select
    direction, as_of, horizon, model, revision, made_at, run_id, hindsight, base_month, base_papers, base_exposure, stage,
    p_rise, p_up, p_fall, growth_low, growth_high, added, abstained, rule, query, field,
    state, why, counted, base_months, base_share_now, later_months, later_share, rose, up, fell, changed
from forecast
order by made_at, direction, as_of, horizon, model, revision
