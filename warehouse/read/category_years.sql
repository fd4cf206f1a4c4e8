-- One row per direction and category of its field: papers of two years. Params: $slugs, $fields, $last (month)
with asked as (
    select slug, field, unnest(string_split(field, ' ')) as category
    from (select unnest($slugs) as slug, unnest($fields) as field)
),
recent as (
    select id, categories, month > $last::date - interval 12 month as is_now
    from paper
    where not_counted is null and month > $last::date - interval 24 month and month <= $last::date
),
sized as (
    select category, count(*) filter (not is_now) as size_before, count(*) filter (is_now) as size_now
    from (select unnest(categories) as category, is_now from recent)
    where category in (select category from asked)
    group by category
),
held as (
    select
        m.direction, r.is_now, m.probability,
        list_filter(r.categories, lambda one: list_contains(string_split(a.field, ' '), one)) as own
    from membership as m
    inner join (select distinct slug, field from asked) as a on a.slug = m.direction
    inner join recent as r on r.id = m.paper_id
),
parts as (
    select direction, unnest(own) as category, is_now, probability / len(own) as papers
    from held
    where len(own) > 0
)
select
    a.slug, a.category,
    coalesce(sum(p.papers) filter (not p.is_now), 0) as papers_before,
    coalesce(sum(p.papers) filter (p.is_now), 0) as papers_now,
    any_value(s.size_before) as size_before, any_value(s.size_now) as size_now
from asked as a
inner join sized as s on s.category = a.category
left join parts as p on p.direction = a.slug and p.category = a.category
group by a.slug, a.category
order by a.slug, a.category
