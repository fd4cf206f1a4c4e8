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
    with reasoned as (
        select
            *,
            if(id is null, null, arxiv_month(id)) as id_month,
            coalesce(text_hash, md5(title || chr(10) || coalesce(abstract, ''))) as hash,
            coalesce(drop_reason, paper_fault(raw_id, id, title, published, $today::date)) as why
        from incoming
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
