-- paper: takes in the better rows. The day of the first version never moves later, an abstract is never lost, and an
-- older version never replaces a newer one. Params: $source, $imported
insert into paper by name
select
    incoming.id,
    greatest(incoming.version, known.version) as version,
    if(older, known.title, incoming.title) as title,
    if(older, known.abstract, coalesce(incoming.abstract, known.abstract)) as abstract,
    if(older, known.authors, incoming.authors) as authors,
    if(older or len(incoming.categories) = 0, coalesce(known.categories, incoming.categories), incoming.categories)
        as categories,
    least(incoming.published, known.published) as published,
    if(older, known.date_kind, incoming.date_kind) as date_kind,
    incoming.month,
    if(older, known.updated, incoming.updated) as updated,
    if(older, known.comments, incoming.comments) as comments,
    if(older, known.not_counted, incoming.not_counted) as not_counted,
    if(older, known.text_hash, md5(incoming.title || chr(10) || coalesce(incoming.abstract, known.abstract, '')))
        as text_hash,
    if(older, known.source, $source) as source,
    $imported or coalesce(known.imported, false) as imported,
    if(older, known.matched_with, null) as matched_with
from (
    select
        incoming.*,
        paper.id is not null
            and (
                coalesce(incoming.version, 0) < coalesce(paper.version, 0)
                or (incoming.abstract is null and paper.abstract is not null)
            )
            and not (paper.abstract is null and incoming.abstract is not null) as older
    from incoming
    left join paper on paper.id = incoming.id
    where incoming.better
) as incoming
left join paper as known on known.id = incoming.id
on conflict (id) do update set
    version = excluded.version, title = excluded.title, abstract = excluded.abstract, authors = excluded.authors,
    categories = excluded.categories, published = excluded.published, date_kind = excluded.date_kind,
    month = excluded.month, updated = excluded.updated, comments = excluded.comments,
    not_counted = excluded.not_counted, text_hash = excluded.text_hash, source = excluded.source,
    imported = excluded.imported, matched_with = excluded.matched_with
