-- Names of sub-topics, by direction and number. Params: lists of one length
update cluster
set name = given.name, name_zh = given.name_zh, named_by = given.named_by
from (
    select
        unnest($directions::text[]) as direction, unnest($numbers::integer[]) as number,
        unnest($names::text[]) as name, unnest($names_zh::text[]) as name_zh, unnest($models::text[]) as named_by
) as given
where cluster.direction = given.direction and cluster.number = given.number
