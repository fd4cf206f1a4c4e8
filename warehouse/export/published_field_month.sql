-- published.field_month: one row per set of categories that a direction is measured in, and month.
insert into published.field_month by name
select category_set, month, held, reported, late, growth, growth_low, growth_high, lost, status, reason, source
from field_month
order by category_set, month
