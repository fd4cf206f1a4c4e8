-- One row per countable paper that has no place among the clusters of the field, or whose text has changed since it got
-- one: text and place of its vector; and, without them, per paper that has a place and is not counted any more.
-- Params: $scopes, $models: lists of one
with countable as (
    select id, text_hash from paper where not_counted is null
), placed as (
    select paper_id as id, text_hash from cluster_member where scope = ($scopes::text[])[1]
), news as (
    select coalesce(countable.id, placed.id) as id, countable.text_hash
    from countable
    full join placed on placed.id = countable.id
    where placed.text_hash is distinct from countable.text_hash
)
select ($scopes::text[])[1] as scope, news.id, news.text_hash, vector.place
from news
left join vector on vector.paper_id = news.id and vector.model = ($models::text[])[1]
where news.text_hash is null or vector.place is not null
order by news.id
