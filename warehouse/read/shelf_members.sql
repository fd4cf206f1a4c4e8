-- One row per membership of some directions among the papers that read/shelf may show.
-- Params: $directions, $related (true: the probability that the paper is core or related, else that it is core)
select
    membership.paper_id,
    membership.direction,
    if($related::boolean, membership.probability_any, membership.probability::double) as weight,
    coalesce(hit.in_title, false) as in_title
from membership
join paper on paper.id = membership.paper_id
left join hit on hit.paper_id = membership.paper_id and hit.direction = membership.direction
where paper.in_field and paper.not_counted is null and paper.abstract is not null
  and membership.direction in (select unnest($directions::text[]))
order by membership.paper_id, membership.direction
