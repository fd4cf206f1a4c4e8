-- One row per cluster of the field and category that at least half of its papers are in, or else the most common one;
-- the most common first. A paper counts where it reaches the cluster's radius, founder or not: one rule for all months.
with placed as (
    select cluster.number, paper.categories
    from cluster_member
    join cluster on cluster.scope = '' and cluster.number = cluster_member.number
        and cluster.version = (select max(version) from cluster_set where scope = '')
    join paper on paper.id = cluster_member.paper_id
    where cluster_member.scope = '' and cluster_member.similarity >= cluster.radius
      and paper.not_counted is null and len(paper.categories) > 0
),
total as (
    select number, count(*) as papers from placed group by number
),
part as (
    select number, category, count(*) as papers
    from (select number, unnest(categories) as category from placed)
    group by number, category
)
select part.number, part.category
from part
join total on total.number = part.number
qualify 2 * part.papers >= total.papers
     or row_number() over (partition by part.number order by part.papers desc, part.category) = 1
order by part.number, part.papers desc, part.category
