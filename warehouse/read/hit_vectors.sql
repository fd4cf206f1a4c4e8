-- One row per countable paper that one of these directions' queries matches: the place of its vector.
-- Params: $model, $directions
select vector.paper_id, vector.place
from vector
join paper on paper.id = vector.paper_id
where vector.model = $model and paper.not_counted is null
  and vector.paper_id in (select paper_id from hit where direction in (select unnest($directions::text[])))
order by vector.paper_id
