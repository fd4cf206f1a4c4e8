-- One row per countable hit of a direction that has a vector: what the rule says of it, what its best reader says
-- (empty: nobody has judged it), and the place of its vector. Params: $direction, $model
select
    membership.paper_id, membership.rule_probability, membership.rule_probability_any,
    if(membership.decided_by in ('llm', 'person'), membership.label, '') as label,
    vector.place
from membership
join paper on paper.id = membership.paper_id
join vector on vector.paper_id = membership.paper_id and vector.model = $model
where membership.direction = $direction and paper.not_counted is null and membership.rule_probability is not null
order by membership.paper_id
