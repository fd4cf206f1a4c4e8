-- One row per countable paper of the copy with an abstract, in the order of months: authors and categories.
-- Params: $first, $last
select id, month, authors, categories
from paper
where in_field and not_counted is null and abstract is not null and month between $first::date and $last::date
order by month, id
