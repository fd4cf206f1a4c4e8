-- merged: what the warehouse is to hold of each usable row of `incoming`, and whether that is more than it holds now.
-- What a source does not tell, such as comments, does not replace what another told of the same version. The text comes
-- from the row with an abstract, then from the newer version, then from the later import. The day of the first version
-- never moves later; a withdrawal or deletion stands until a newer version lifts it; a paper that any source lists,
-- other than as a sample, is counted. Params: $source, $in_field, $today
create or replace temp table merged as
with paired as (
    select
        incoming.row_number,
        known.id is not null
            and (incoming.abstract is not null, coalesce(incoming.version, 0))
                < (known.abstract is not null, coalesce(known.version, 0)) as older,
        incoming.id,
        if(older, known.version, incoming.version) as version,
        if(older, known.title, incoming.title) as title,
        if(older, known.abstract, incoming.abstract) as abstract,
        coalesce(
            nullif(if(older, known.authors, incoming.authors), []::text[]),
            if(older, incoming.authors, known.authors), []::text[]
        ) as authors,
        coalesce(
            nullif(if(older, known.categories, incoming.categories), []::text[]),
            if(older, incoming.categories, known.categories), []::text[]
        ) as categories,
        least(incoming.published, known.published) as published,
        if(older, known.date_kind, incoming.date_kind) as date_kind,
        incoming.month,
        if(older, known.updated, coalesce(incoming.updated, known.updated)) as updated,
        case
            when older then known.comments
            when coalesce(incoming.version, 0) > coalesce(known.version, 0) then incoming.comments
            else coalesce(incoming.comments, known.comments)
        end as comments,
        case
            when (incoming.not_counted = 'withdrawn' and coalesce(incoming.version, 0) >= coalesce(known.version, 0))
                or (known.not_counted = 'withdrawn' and coalesce(known.version, 0) >= coalesce(incoming.version, 0))
                then 'withdrawn'
            when known.not_counted = 'deleted' and coalesce(known.version, 0) >= coalesce(incoming.version, 0)
                then 'deleted'
            when incoming.not_counted = 'popularity sample'
                and (known.id is null or known.not_counted = 'popularity sample')
                then 'popularity sample'
        end as not_counted,
        if(older, known.text_hash, incoming.text_hash) as text_hash,
        if(older, known.source, $source) as source,
        if(known.id is null, $today::date, known.first_seen) as first_seen,
        $in_field or coalesce(known.in_field, false) as in_field,
        known as before
    from incoming
    left join paper as known on known.id = incoming.id
    where incoming.drop_reason is null
)
select
    * exclude (before),
    if(text_hash = before.text_hash and categories = before.categories, before.matched_with, null) as matched_with,
    before.id is not null as known,
    not known
        or (version, text_hash, authors, categories, published, updated, comments, not_counted, in_field)
            is distinct from (
                before.version, before.text_hash, before.authors, before.categories, before.published, before.updated,
                before.comments, before.not_counted, before.in_field
            ) as better
from paired
