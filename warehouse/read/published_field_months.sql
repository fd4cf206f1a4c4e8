-- One row per month of a set of categories, oldest first. Params: $category_set (null: every set)
select category_set, month, held, reported, late, growth, growth_low, growth_high, lost, status, reason, source
from field_month
where category_set = coalesce($category_set::text, category_set)
order by category_set, month
