-- A graph of neighbours has rows, and each of them neighbours; its method says how they were found.
select model, rows, k, method
from neighbour_graph
where rows < 1 or k < 1 or method = ''
order by all
