-- One row per staged paper of a model that is an exemplar: the place of its vector. Params: $model, $ids (of exemplars)
select distinct place, paper_id
from undecided
where model = $model and paper_id in (select unnest($ids::text[]))
order by place
