-- In a month that can be compared a direction has no more papers than its field.
select direction, month, papers, exposure
from trend_point
where status in ('complete', 'assumed') and (papers > exposure + 0.001 or members > exposure)
order by all
