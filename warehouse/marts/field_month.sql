-- One row per month of the copy of a category set: countable papers, how many of them have an abstract, and the day of
-- the newest. Params: $categories (empty: every category)
select month, count(*), count(abstract), max(published)
from paper
where in_field and not_counted is null and len(categories) > 0
  and (len($categories::text[]) = 0 or list_has_any(categories, $categories::text[]))
group by month
order by month
