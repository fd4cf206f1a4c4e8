-- One row per cluster of a direction.
select direction, number, label, terms, papers, model
from cluster
order by direction, number
