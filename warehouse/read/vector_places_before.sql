-- One row per countable paper published before a day with a vector, in the order of the file. Params: $model, $day
select paper.id, vector.place
from vector
join paper on paper.id = vector.paper_id
where vector.model = $model and paper.not_counted is null and paper.published < $day::date
order by vector.place
