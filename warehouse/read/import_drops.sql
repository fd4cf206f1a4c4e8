-- One row per reason for which rows were not stored, with up to three examples.
select
    drop_reason, count(*),
    list_slice(list(coalesce(nullif(raw_id, ''), 'row ' || row_number) order by row_number), 1, 3)
from incoming
where drop_reason is not null
group by drop_reason
order by count(*) desc, drop_reason
