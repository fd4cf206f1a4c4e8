-- One row per member of these directions that has no place among its clusters, or whose text has changed since it got
-- one: text and place of its vector; and, without them, per paper that has a place and is no member any more.
-- Params: $scopes, $models: lists of one length
with asked as (
    select unnest($scopes::text[]) as scope, unnest($models::text[]) as model
), member as (
    select asked.scope, asked.model, paper.id, paper.text_hash
    from asked
    join membership on membership.direction = asked.scope
    join paper on paper.id = membership.paper_id
    where membership.member and paper.not_counted is null
), placed as (
    select cluster_member.scope, cluster_member.paper_id as id, cluster_member.text_hash
    from cluster_member
    join asked on asked.scope = cluster_member.scope
), news as (
    select
        coalesce(member.scope, placed.scope) as scope, coalesce(member.id, placed.id) as id, member.model,
        member.text_hash
    from member
    full join placed on placed.scope = member.scope and placed.id = member.id
    where placed.text_hash is distinct from member.text_hash
)
select news.scope, news.id, news.text_hash, vector.place
from news
left join vector on vector.paper_id = news.id and vector.model = news.model
where news.text_hash is null or vector.place is not null
order by news.scope, news.id
