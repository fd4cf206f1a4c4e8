-- published.completeness: one row per category set and month, with the field as the trends used it.
insert into published.completeness by name
select
    category_set, month, papers, status, split_part(reason, ': ', 1) as source,
    substr(reason, length(split_part(reason, ': ', 1)) + 3) as reason
from exposure
where source = 'used'
order by category_set, month
