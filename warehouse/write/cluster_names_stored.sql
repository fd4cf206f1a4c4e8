-- cluster: names of those that had none, by scope and number, in the version that stands. Params: lists of one length
update cluster
set name = given.name, name_zh = given.name_zh, named_by = given.named_by
from (
    select
        unnest($directions::text[]) as scope, unnest($numbers::integer[]) as number,
        unnest($names::text[]) as name, unnest($names_zh::text[]) as name_zh, unnest($models::text[]) as named_by
) as given
join (select scope, max(version) as version from cluster_set group by scope) as standing on standing.scope = given.scope
where cluster.scope = given.scope and cluster.version = standing.version and cluster.number = given.number
    and cluster.named_by is null
