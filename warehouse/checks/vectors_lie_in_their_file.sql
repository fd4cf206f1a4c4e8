-- A vector's place is one of the committed rows of its model's file, and no other paper's.
select paper_id, vector.model, place
from vector
left join vector_file on vector_file.model = vector.model
where place < 0 or place >= coalesce(rows, 0)
union all
select min(paper_id), model, place from vector group by model, place having count(*) > 1
order by all
