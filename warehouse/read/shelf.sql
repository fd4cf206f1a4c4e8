-- One row per countable paper of the copy with an abstract, in the order of months: authors and categories.
-- Params: $first (null: from the oldest), $last
select id, month, authors, categories
from paper
where in_field and not_counted is null and abstract is not null
  and month <= $last::date and ($first::date is null or month >= $first::date)
order by month, id
