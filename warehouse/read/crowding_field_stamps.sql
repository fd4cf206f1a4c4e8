-- One row per named set of categories: a stamp of the papers of the copy of the field up to a month.
-- Params: $sets (names), $categories (a list each; empty: every category), $last
with part as (
    select categories, bit_xor(hash(hash(id, text_hash, authors, month))) as stamp
    from paper
    where in_field and not_counted is null and len(categories) > 0 and month <= $last::date
    group by categories
),
asked as (
    select unnest($sets::text[]) as category_set, unnest($categories::text[][]) as wanted
)
select asked.category_set, bit_xor(part.stamp)
from part
join asked on len(asked.wanted) = 0 or list_has_any(part.categories, asked.wanted)
group by asked.category_set
order by asked.category_set
