-- incoming: why each row cannot be stored, if it cannot; month and text_hash where it can. Of several rows of a paper
-- one is kept: with an abstract before without, then the newest version; with the earliest of their dates, categories
-- where any of them has some, and counted if any of them is. Params: $today
update incoming set
    drop_reason = coalesce(judged.reason, if(judged.place > 1, 'the same paper again in this file', null)),
    published = judged.first_day,
    categories = if(len(incoming.categories) = 0, coalesce(judged.known_categories, []), incoming.categories),
    month = judged.month,
    not_counted = if(judged.listed, nullif(incoming.not_counted, 'popularity sample'), incoming.not_counted),
    text_hash = judged.text_hash
from (
    with dated as (
        select
            *,
            case
                when id like '%/%' then make_date(
                    case when regexp_extract(id, '/(\d{2})', 1)::integer >= 91 then 1900 else 2000 end
                        + regexp_extract(id, '/(\d{2})', 1)::integer,
                    regexp_extract(id, '/\d{2}(\d{2})', 1)::integer, 1)
                else make_date(2000 + left(id, 2)::integer, substr(id, 3, 2)::integer, 1)
            end as id_month,
            md5(title || chr(10) || coalesce(abstract, '')) as hash
        from incoming
    ),
    reasoned as (
        select
            *,
            case
                when drop_reason is not null then drop_reason
                when coalesce(raw_id, '') = '' then 'no id'
                when id is null then 'not an arXiv id'
                when title is null then 'no title'
                when published is null then 'no date'
                when greatest(published, id_month) > $today::date then 'date in the future'
                when published < date '1991-01-01' then 'date before arXiv'
            end as why
        from dated
    )
    select
        row_number, why as reason, id_month as month, hash as text_hash,
        min(published) over same as first_day,
        max(nullif(categories, []::text[])) over same as known_categories,
        bool_or(not_counted is distinct from 'popularity sample') over same as listed,
        row_number() over (same order by abstract is null, version desc nulls last, hash, row_number) as place
    from reasoned
    window same as (partition by id, why is null)
) as judged
where incoming.row_number = judged.row_number
