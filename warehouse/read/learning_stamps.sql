-- One row per direction with judged hits: the rule that weighed its hits, how many readers have judged, how many of
-- those are core, and core or related, and a stamp of the hits, of what the rule says of them, and of what readers say.
select
    membership.direction,
    any_value(membership.rule order by paper.id) as rule,
    count(*) filter (where membership.decided_by in ('llm', 'person')) as judged,
    count(*) filter (where membership.decided_by in ('llm', 'person') and membership.label = 'core') as core,
    count(*) filter (where membership.decided_by in ('llm', 'person') and membership.label <> 'out') as core_or_related,
    bit_xor(
        hash(hash(  -- twice: once folds the last value in by xor, and labels that are changed in pairs would cancel out
            paper.id, paper.text_hash, membership.rule_probability, membership.rule_probability_any,
            if(membership.decided_by in ('llm', 'person'), membership.label, null)
        ))
    ) as stamp
from membership
join paper on paper.id = membership.paper_id
where paper.not_counted is null and membership.rule_probability is not null
  and membership.direction in (select direction from membership where decided_by in ('llm', 'person'))
group by membership.direction
having judged > 0
order by membership.direction
