-- One row per member with an abstract and a vector, up to a month. Params: $directions, $model, $last
select
    membership.direction,
    paper.id,
    (year(paper.month) * 12 + month(paper.month) - 1)::bigint as month,
    vector.place
from membership
join paper on paper.id = membership.paper_id
join vector on vector.paper_id = paper.id and vector.model = $model
where membership.member and paper.not_counted is null and paper.abstract is not null and paper.month <= $last::date
  and membership.direction in (select unnest($directions::text[]))
order by membership.direction, paper.id
