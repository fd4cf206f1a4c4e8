-- raw: one more row per line that could not be read as text; `place` says where in the file it is.
insert into raw
select (select count(*) from raw) + row_number() over (order by line), 'line ' || line, null
from (select distinct line from rejects)
