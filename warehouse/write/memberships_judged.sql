-- Gives every membership of a rule the word of its best reader, else what was learned from the judged hits of its
-- direction, else what the rule itself says. A person's word stands; a model's holds for the text and the scope that it
-- read, the newest first. Rows that say so already are left alone.
-- Params: $rule, $core_at, $any_at (thresholds of the rule), $related (related papers are counted too), $slugs, $scopes
-- (directions, and the hash of each one's scope)
update membership
set
    label = said.label, decided_by = said.decided_by, probability = said.probability,
    probability_any = said.probability_any, member = said.member
from (
    with best as (
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
    ),
    own as (
        select
            membership.*,
            coalesce(learned_probability, rule_probability) as core_chance,
            greatest(
                coalesce(learned_probability, rule_probability), coalesce(learned_probability_any, rule_probability_any)
            ) as any_chance,
            best.judge, best.label as judged_label
        from membership
        left join best on best.paper_id = membership.paper_id and best.direction = membership.direction
        where membership.rule = $rule
    ),
    weighed as (
        select
            own.* exclude (label, decided_by, probability, probability_any, member),
            own.label as old_label, own.decided_by as old_decided_by, own.probability as old_probability,
            own.probability_any as old_probability_any, own.member as old_member,
            coalesce(
                judged_label,
                case when core_chance >= $core_at then 'core' when any_chance >= $any_at then 'related' else 'out' end
            ) as label,
            case
                when judge = 'person' then 'person'
                when judge is not null then 'llm'
                when learned_probability is not null or learned_probability_any is not null then 'learned'
                else 'rule'
            end as decided_by
        from own
    ),
    told as (
        select
            paper_id, direction, label, decided_by, old_label, old_decided_by, old_probability, old_probability_any,
            old_member,
            if(judge is null, core_chance, (label = 'core')::integer)::float as probability,
            if(judge is null, any_chance, (label <> 'out')::integer) as probability_any,
            label = 'core' or ($related and label = 'related') as member
        from weighed
    )
    select paper_id, direction, label, decided_by, probability, probability_any, member
    from told
    where label is distinct from old_label or decided_by is distinct from old_decided_by
       or probability is distinct from old_probability or probability_any is distinct from old_probability_any
       or member is distinct from old_member
) as said
where membership.paper_id = said.paper_id and membership.direction = said.direction
