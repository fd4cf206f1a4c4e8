-- One row per direction and category that at least half of its expected members before a day are in, the most common
-- first. Params: $as_of
with weighed as (
    select membership.direction, paper.categories, membership.probability::double as probability, paper.id
    from membership
    join paper on paper.id = membership.paper_id
    where paper.not_counted is null and len(paper.categories) > 0 and paper.published < $as_of::date
),
total as (
    select direction, sum(probability order by id) as papers from weighed group by direction
),
part as (
    select direction, unnest(categories) as category, probability, id from weighed
)
select part.direction, part.category
from part
join total on total.direction = part.direction
group by part.direction, part.category, total.papers
having sum(part.probability order by part.id) >= total.papers / 2
order by part.direction, sum(part.probability order by part.id) desc, part.category
