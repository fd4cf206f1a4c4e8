-- One row per month of a category set from one source.
select month, papers, status, reason
from exposure
where category_set = $category_set and source = $source
order by month
