-- One row per direction whose query has these categories. Params: $category_set
select slug
from direction
where category_set = $category_set
order by slug
