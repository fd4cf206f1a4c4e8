-- One row per way: the directions whose unjudged hits it speaks for. Params: $target (core, any)
select way, count(*) as directions
from learning
where target = $target
group by way
order by way
