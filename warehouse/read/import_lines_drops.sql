-- One row per reason for which lines were not stored, with up to three examples.
with dropped as (
    select
        line.drop_reason,
        coalesce(nullif(line.raw_id, ''), 'line ' || line_place.number) as example,
        line.rowid as place
    from line
    left join line_place on line_place.ordinal = line.rowid - (select min(rowid) from line)
    left join held_back on held_back.raw_id = line.raw_id
    where line.drop_reason is not null and held_back.usable is distinct from true
    union all
    select drop_reason, raw_id, row_number from incoming where drop_reason is not null
)
select drop_reason, count(*), list_slice(list(example order by place), 1, 3)
from dropped
group by drop_reason
order by count(*) desc, drop_reason
