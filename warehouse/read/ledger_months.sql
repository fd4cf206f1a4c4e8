-- One row per category set and month, with what it is worth. Params: $category_set, $month, each null for all
select category_set, month, held, reported, late, growth, growth_low, growth_high, lost, status, reason, source
from field_month
where ($category_set::text is null or category_set = $category_set) and ($month::date is null or month = $month)
order by category_set, month
