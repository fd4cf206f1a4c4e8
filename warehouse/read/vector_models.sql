-- One row per model that has given vectors to papers of the copy of the field: how many, the most first.
select vector.model, count(*) as papers
from vector
join paper on paper.id = vector.paper_id
where paper.in_field
group by vector.model
order by papers desc, vector.model
