-- A forecast gives a probability and the month that it starts from, or says why it gives none.
select direction, as_of, horizon, model, revision
from forecast
where (coalesce(p_rise, p_up, p_fall) is null and abstained = '')
    or (coalesce(p_rise, p_up, p_fall) is not null and base_month is null)
order by all
