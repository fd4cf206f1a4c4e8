-- One row per cluster of the field and month with papers in the category that it is measured in. A paper counts where
-- it reaches the cluster's radius, founder or not, and the copy of the field holds it.
-- Params: $numbers, $categories (of each of them, in the same order)
with asked as (
    select unnest($numbers::integer[]) as number, unnest($categories::text[]) as category
)
select asked.number, paper.month, count(*) as papers
from asked
join cluster on cluster.scope = '' and cluster.number = asked.number
    and cluster.version = (select max(version) from cluster_set where scope = '')
join cluster_member on cluster_member.scope = '' and cluster_member.number = asked.number
    and cluster_member.similarity >= cluster.radius
join paper on paper.id = cluster_member.paper_id
where paper.in_field and paper.not_counted is null and list_contains(paper.categories, asked.category)
group by asked.number, paper.month
order by asked.number, paper.month
