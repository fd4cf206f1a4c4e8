-- One row per cluster of the direction.
select number, label, terms, papers, model from cluster where direction = $direction order by number
