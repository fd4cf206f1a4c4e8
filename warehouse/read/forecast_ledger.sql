-- One row per forecast in the ledger, in the order in which they were made. Params: $days, as-of days, or null for all
select
    direction, as_of, horizon, model, revision, made_at, run_id, hindsight, base_month, base_papers, base_exposure, stage,
    p_rise, p_up, p_fall, growth_low, growth_high, added, abstained, rule, query, field
from forecast
where $days::date[] is null or as_of in (select unnest($days::date[]))
order by made_at, direction, as_of, horizon, model, revision
