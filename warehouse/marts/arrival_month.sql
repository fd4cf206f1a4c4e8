-- One row per month of the copy of a category set, from a month on, and day on which papers were first stored.
-- Params: $categories (empty: every category), $since
select month, first_seen, count(*) as papers
from paper
where in_field and not_counted is null and len(categories) > 0 and month >= $since::date
  and (len($categories::text[]) = 0 or list_has_any(categories, $categories::text[]))
group by month, first_seen
order by month, first_seen
