-- One row: a paper as a judge sees it, and what the rule and the newest model say of it. Params: $direction, $id
select
    paper.title, paper.abstract, paper.authors, paper.month, paper.text_hash,
    case
        when membership.decided_by = 'rule' then coalesce(membership.rule_probability, membership.probability::double)
        else membership.rule_probability
    end as rule_probability,
    (
        select arg_max(label, (judged_at, judge))
        from judgement
        where judgement.paper_id = paper.id and judgement.direction = $direction and judgement.judge <> 'person'
    ) as model_label
from paper
left join membership on membership.paper_id = paper.id and membership.direction = $direction
where paper.id = $id
