-- One row per category set and month of the copy of the field: countable papers, how many of them have an abstract, and
-- the day of the newest. One scan for all sets. Params: $sets (names), $categories (a list each; empty: every category)
with part as (
    select month, categories, count(*) as papers, count(abstract) as abstracts, max(published) as newest
    from paper
    where in_field and not_counted is null and len(categories) > 0
    group by month, categories
),
asked as (
    select unnest($sets::text[]) as category_set, unnest($categories::text[][]) as wanted
)
select asked.category_set, part.month, sum(part.papers)::bigint, sum(part.abstracts)::bigint, max(part.newest)
from part
join asked on len(asked.wanted) = 0 or list_has_any(part.categories, asked.wanted)
group by asked.category_set, part.month
order by asked.category_set, part.month
