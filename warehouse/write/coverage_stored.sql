-- coverage: takes in the staged statements; the last word on a month counts. Params: $source
insert or replace into coverage
select category, month, last(status order by row_number), last(recall order by row_number), $source
from incoming
group by category, month
