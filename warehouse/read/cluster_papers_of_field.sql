-- One row per countable paper: text and place of its vector. Params: $model
select paper.id, paper.text_hash, vector.place
from paper
join vector on vector.paper_id = paper.id and vector.model = $model
where paper.not_counted is null
order by paper.id
