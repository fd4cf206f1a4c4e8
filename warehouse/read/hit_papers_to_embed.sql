-- One row per countable paper that one of the directions' queries matches, without a vector of its present text,
-- oldest paper first. Params: $model, $directions
select paper.id
from paper
left join vector on vector.paper_id = paper.id and vector.model = $model and vector.text_hash = paper.text_hash
where paper.not_counted is null
  and vector.paper_id is null
  and paper.id in (select paper_id from hit where direction in (select unnest($directions::text[])))
order by paper.month, paper.id
