-- held_back: the ids, as the file writes them, of lines that cannot simply be added, with how many lines have that id:
-- those of papers that the file has twice or the warehouse knows, and those that are no papers.
create or replace temp table held_back as
with usable as (
    select id, count(*) as lines from line where drop_reason is null group by id
),
meeting as (
    select usable.id from usable where usable.lines > 1
    union
    select usable.id from usable join paper using (id)
)
select
    line.raw_id, count(*) as lines, bool_or(line.drop_reason is null) as usable,
    any_value(line.id) filter (where line.drop_reason is null) as id
from line
left join meeting on meeting.id = line.id
where line.raw_id is not null and (line.drop_reason is not null or meeting.id is not null)
group by line.raw_id
