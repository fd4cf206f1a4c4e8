-- One row per month of the copy of the field, before 2007-04 per archive too: the numbers of its ids, ascending.
-- Papers that are there only because somebody listed a popular one say nothing of what is held.
with numbered as (
    select
        month,
        if(contains(id, '/'), split_part(id, '/', 1), '') as archive,
        if(contains(id, '/'), right(id, 3), split_part(id, '.', 2))::integer as number
    from paper
    where in_field and not_counted is distinct from 'popularity sample'
)
select month, archive, list(number order by number) as numbers
from numbered
group by month, archive
order by month, archive
