-- published.completeness: one row per category set and month, with the field as the trends used it.
insert into published.completeness by name
select category_set, month, papers, status, source, reason
from exposure
where source = 'used'
order by category_set, month
