-- published.paper: one row per direction and member paper that came before the day. Params: $as_of
insert into published.paper by name
select
    membership.direction, paper.id as paper_id, paper.title, paper.authors, paper.published,
    paper.categories[1] as primary_category, membership.probability, membership.similarity, membership.rule,
    cluster_member.number as cluster, cluster_member.place as cluster_place
from membership
join paper on paper.id = membership.paper_id
left join cluster_member
    on cluster_member.paper_id = membership.paper_id and cluster_member.direction = membership.direction
where membership.member and paper.not_counted is null and paper.published < $as_of::date
order by membership.direction, paper.id
