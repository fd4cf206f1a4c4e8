-- One row per paper of a sample of the copy of the field up to a month: of each month the first ones by their MD5.
-- Params: $model, $last, $each (papers a month)
with sampled as (
    select id, month, categories
    from paper
    where in_field and not_counted is null and abstract is not null and len(categories) > 0 and month <= $last::date
    qualify row_number() over (partition by month order by md5(id), id) <= $each
)
select
    sampled.id,
    (year(sampled.month) * 12 + month(sampled.month) - 1)::bigint as month,
    array_to_string(sampled.categories, ' ') as categories,
    vector.place
from sampled
join vector on vector.paper_id = sampled.id and vector.model = $model
order by sampled.id
