-- incoming: the lines of papers that the file has twice, or that the warehouse knows otherwise than the line tells.
-- Params: $path, $compression
create or replace temp table incoming as
with waiting as (
    select raw_id, lines, known.* exclude (id)
    from held_back
    left join (
        select id, version, text_hash, categories, published, not_counted, in_field, len(authors) as people from paper
    ) as known on known.id = held_back.id
    where usable
)
select
    0::bigint as row_number, found.raw_id, found.id, found.version, found.title, found.abstract, found.authors,
    found.categories, found.published, found.date_kind, null::date as month, found.updated, found.comments,
    found.not_counted, found.text_hash, null::text as drop_reason, false as better
from snapshot_papers($path, $compression) as found
join waiting on waiting.raw_id = found.raw_id
where waiting.lines > 1
    or waiting.in_field is distinct from true
    or found.published is null
    or found.published < waiting.published
    or (found.version, found.text_hash, found.categories, found.not_counted, len(found.authors))
        is distinct from (waiting.version, waiting.text_hash, waiting.categories, waiting.not_counted, waiting.people)
