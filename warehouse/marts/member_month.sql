-- One row per direction and month with hits: expected members (the sum of probabilities) and members. Only countable
-- papers whose categories are known enter, because the field that the share is a part of counts only those.
-- Params: $category (null: any), $in_field (true: only papers of the copy of the field)
select
    membership.direction,
    paper.month,
    round(sum(membership.probability::double order by paper.id), 6) as papers,
    count(*) filter (where membership.member) as members
from membership
join paper on paper.id = membership.paper_id
where paper.not_counted is null
  and len(paper.categories) > 0
  and ($category::text is null or list_contains(paper.categories, $category::text))
  and (paper.in_field or not $in_field)
group by membership.direction, paper.month
order by membership.direction, paper.month
