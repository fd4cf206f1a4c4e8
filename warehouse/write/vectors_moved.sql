-- vector: each vector of a model moves to its rank among them, as in the rewritten file. Params: $model
update vector
set place = ranked.place
from (
    select paper_id, row_number() over (order by place) - 1 as place
    from vector
    where model = $model
) as ranked
where vector.model = $model and vector.paper_id = ranked.paper_id
