-- One row per direction and paper that its brief may name: the surest members of the last 12 months, and the newest.
-- Params: $as_of, and $each: how many of either kind.
with member as (
    select
        membership.direction, paper.id, paper.title, paper.authors, paper.published, cluster_member.number as topic,
        membership.probability, membership.similarity,
        paper.month > coalesce(verdict.last_month, date_trunc('month', $as_of::date)) - interval 12 month as recent
    from membership
    join paper on paper.id = membership.paper_id
    left join verdict on verdict.direction = membership.direction
    left join cluster_member
        on cluster_member.paper_id = membership.paper_id and cluster_member.scope = membership.direction
    where membership.member and paper.not_counted is null and paper.published < $as_of::date
), placed as (
    select
        *,
        row_number() over (
            partition by direction, recent order by probability desc, similarity desc, id
        ) as central_place,
        row_number() over (partition by direction order by published desc, probability desc, id) as newest_place
    from member
)
select
    direction, id, title, coalesce(authors[1], '') as first_author, len(authors) as authors, published, topic,
    recent and central_place <= $each as central
from placed
where (recent and central_place <= $each) or newest_place <= $each
order by direction, central desc, published desc, id
