-- One row per paper of `field_without_hits`: the place of its vector, in the order of the file.
-- Params: $direction, $categories, $model
select paper.id, vector.place
from paper
join vector on vector.paper_id = paper.id and vector.model = $model
anti join (select paper_id from hit where direction = $direction) as own on own.paper_id = paper.id
where paper.in_field and paper.not_counted is null and len(paper.categories) > 0
  and (len($categories::text[]) = 0 or list_has_any(paper.categories, $categories::text[]))
order by vector.place
