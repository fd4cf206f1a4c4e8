-- One row per countable paper that a direction's query matches, in an order that chance has fixed: what the rule says
-- of it, what it counts, and whether it is a member, both as if no person had judged it, so that a person's word can show
-- what was missed (null: not decided yet). The cut is read from what nobody judged. Params: $direction, $seed
with own as (
    select
        paper.id, paper.published, membership.member, membership.decided_by, membership.probability::double as probability,
        case
            when membership.decided_by = 'rule' then coalesce(membership.rule_probability, membership.probability::double)
            else membership.rule_probability
        end as rule_probability,
        membership.learned_probability
    from hit
    join paper on paper.id = hit.paper_id
    left join membership on membership.paper_id = hit.paper_id and membership.direction = hit.direction
    where hit.direction = $direction and paper.not_counted is null
),
cut as (
    select min(coalesce(learned_probability, rule_probability)) as lowest
    from own
    where decided_by in ('rule', 'learned') and member
),
screened as (
    select paper_id, label
    from judgement
    where direction = $direction and judge <> 'person'
    qualify row_number() over (partition by paper_id order by judged_at desc, judge) = 1
)
select
    own.id, own.published, own.rule_probability,
    case
        when own.decided_by <> 'person' then own.probability
        when screened.label is not null then (screened.label = 'core')::integer::double
        else coalesce(own.learned_probability, own.rule_probability)
    end as counted,
    case
        when own.decided_by is null then null
        when own.decided_by <> 'person' then own.member
        when screened.label is not null then screened.label = 'core'
        else coalesce(coalesce(own.learned_probability, own.rule_probability) >= cut.lowest, false)
    end as above
from own
cross join cut
left join screened on screened.paper_id = own.id
order by md5(concat_ws(' ', $seed::text, $direction, own.id)), own.id
