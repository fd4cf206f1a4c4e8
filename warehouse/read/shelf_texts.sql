-- One row per paper of read/shelf, in the same order: its texts. Params: $first, $last
select title, abstract
from paper
where in_field and not_counted is null and abstract is not null and month between $first::date and $last::date
order by month, id
