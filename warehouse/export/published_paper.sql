-- published.paper: one row per direction and member paper that came before the day. Params: $as_of
insert into published.paper by name
with placed as (
    select
        scope, paper_id, number,
        row_number() over (partition by scope, number order by similarity desc, paper_id) as place
    from cluster_member
    where number is not null and scope <> ''
)
select
    membership.direction, paper.id as paper_id, paper.title, paper.authors, paper.published,
    paper.categories[1] as primary_category, membership.probability, membership.similarity, membership.rule,
    placed.number as cluster, placed.place as cluster_place
from membership
join paper on paper.id = membership.paper_id
left join placed on placed.paper_id = membership.paper_id and placed.scope = membership.direction
where membership.member and paper.not_counted is null and paper.published < $as_of::date
order by membership.direction, paper.id
