-- One row per countable paper without a vector of its present text, oldest paper first. Params: $model
select paper.id
from paper
left join vector on vector.paper_id = paper.id and vector.model = $model and vector.text_hash = paper.text_hash
where paper.not_counted is null and vector.paper_id is null
order by paper.month, paper.id
