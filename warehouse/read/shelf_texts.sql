-- One row per paper of read/shelf, in the same order: its texts. Params: $first (null: from the oldest), $last
select title, abstract
from paper
where in_field and not_counted is null and abstract is not null
  and month <= $last::date and ($first::date is null or month >= $first::date)
order by month, id
