-- One row per direction and month with hits: expected members (the sum of probabilities), members, and the variance of
-- the former: the sum of p (1 - p) over papers that no reader has judged, as if each were a throw of its own. Only
-- countable papers whose categories are known enter, because the field that the share is a part of counts only those.
-- Params: $category (null: any), $in_field (true: only papers of the copy of the field), $related (true: the probability
-- that the paper is core or related counts, else that it is core)
with counted as (
    select
        membership.direction,
        paper.month,
        paper.id,
        membership.member,
        membership.decided_by in ('rule', 'learned') as undecided,
        if($related::boolean, membership.probability_any, membership.probability::double) as probability
    from membership
    join paper on paper.id = membership.paper_id
    where paper.not_counted is null
      and len(paper.categories) > 0
      and ($category::text is null or list_contains(paper.categories, $category::text))
      and (paper.in_field or not $in_field)
)
select
    direction,
    month,
    round(sum(probability order by id), 6) as papers,
    count(*) filter (where member) as members,
    round(coalesce(sum(probability * (1 - probability) order by id) filter (where undecided), 0), 6) as undecided
from counted
group by direction, month
order by direction, month
