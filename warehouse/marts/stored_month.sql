-- One row per month of a category set: countable papers that are stored, whatever brought them.
-- Params: $categories (empty: every category)
select month, count(*) as papers
from paper
where not_counted is null and len(categories) > 0
  and (len($categories::text[]) = 0 or list_has_any(categories, $categories::text[]))
group by month
order by month
