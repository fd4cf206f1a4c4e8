-- One row per paper of those that the rule takes most surely for members of a direction: its vector.
-- Params: $direction, $model, $limit
select vector.place
from membership
join paper on paper.id = membership.paper_id
join vector on vector.paper_id = paper.id and vector.model = $model
where membership.direction = $direction and membership.member and paper.not_counted is null
order by coalesce(membership.rule_probability, membership.probability) desc, paper.id
limit $limit
