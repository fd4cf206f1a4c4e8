-- Gives every membership of a rule the word of its best reader, else what was learned from the judged hits of its
-- direction, else what the rule itself says. A person's word stands; a model's holds for the text and the scope that it
-- read, the newest first.
-- Params: $rule, $core_at, $any_at (thresholds of the rule), $related (related papers are counted too), $slugs, $scopes
-- (directions, and the hash of each one's scope)
update membership
set
    label = said.label,
    decided_by = said.decided_by,
    probability = if(said.decided_by in ('rule', 'learned'), said.core_chance, (said.label = 'core')::integer),
    probability_any = if(said.decided_by in ('rule', 'learned'), said.any_chance, (said.label <> 'out')::integer),
    member = said.label = 'core' or ($related and said.label = 'related')
from (
    select
        own.paper_id, own.direction, own.core_chance, own.any_chance,
        case
            when best.judge = 'person' then 'person'
            when best.judge is not null then 'llm'
            when own.learned then 'learned'
            else 'rule'
        end as decided_by,
        coalesce(
            best.label,
            case
                when own.core_chance >= $core_at then 'core'
                when own.any_chance >= $any_at then 'related'
                else 'out'
            end
        ) as label
    from (
        select
            paper_id, direction, rule,
            learned_probability is not null or learned_probability_any is not null as learned,
            coalesce(learned_probability, rule_probability) as core_chance,
            greatest(
                coalesce(learned_probability, rule_probability), coalesce(learned_probability_any, rule_probability_any)
            ) as any_chance
        from membership
    ) as own
    left join (
        select judgement.paper_id, judgement.direction, judgement.judge, judgement.label
        from judgement
        join paper on paper.id = judgement.paper_id
        left join (select unnest($slugs::text[]) as direction, unnest($scopes::text[]) as hash) as scope
            on scope.direction = judgement.direction
        where judgement.judge = 'person'
           or (judgement.text_hash = paper.text_hash and judgement.scope_hash = scope.hash)
        qualify row_number() over (
            partition by judgement.paper_id, judgement.direction
            order by judgement.judge = 'person' desc, judgement.judged_at desc, judgement.judge
        ) = 1
    ) as best on best.paper_id = own.paper_id and best.direction = own.direction
    where own.rule = $rule
) as said
where membership.paper_id = said.paper_id and membership.direction = said.direction
