-- membership: what a rule says of staged hits of a model, before anyone has judged.
-- `judged` is given by the caller: number, similarity, core, either.
-- Params: $model, $first (number), $end (behind the last), $rule, $core_at, $any_at (the rule's name and thresholds)
insert into membership by name
select
    undecided.paper_id, undecided.direction, undecided.rests_on,
    judged.similarity, judged.core as probability, judged.either as probability_any,
    judged.core as rule_probability, judged.either as rule_probability_any,
    judged.core >= $core_at as member,
    case when judged.core >= $core_at then 'core' when judged.either >= $any_at then 'related' else 'out' end as label,
    'rule' as decided_by, $rule as rule
from undecided
join judged on judged.number = undecided.number
where undecided.model = $model and undecided.number >= $first and undecided.number < $end
order by undecided.number
