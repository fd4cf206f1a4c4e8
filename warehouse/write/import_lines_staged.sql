-- incoming: one row per line of arXiv's snapshot, in the warehouse's own terms. The first version's date is the
-- paper's date; `created` reads like "Mon, 2 Apr 2007 19:18:42 GMT".
create or replace temp table incoming as
with typed as (
    select
        row_number,
        object,
        coalesce(place, trim(object ->> '$.id')) as raw_id,
        object ->> '$.title' as title,
        object ->> '$.abstract' as abstract,
        object ->> '$.categories' as categories,
        object ->> '$.comments' as comments,
        object ->> '$.versions[0].created' as created,
        json_array_length(object, '$.versions') as versions,
        object ->> '$.update_date' as update_date,
        coalesce(object ->> '$.authors', '') as authors
    from raw
)
select
    row_number,
    raw_id,
    case
        when regexp_full_match(raw_id, '\d{2}(0[1-9]|1[0-2])\.\d{4,5}(v\d+)?') then regexp_extract(raw_id, '^([^v]+)', 1)
        when regexp_full_match(raw_id, '[a-z-]+(\.[A-Z]{2})?/\d{2}(0[1-9]|1[0-2])\d{3}(v\d+)?')
            then regexp_extract(raw_id, '^([a-z-]+)', 1) || '/' || regexp_extract(raw_id, '/(\d{7})', 1)
    end as id,
    case when versions > 0 then versions::integer end as version,
    nullif(one_line(title), '') as title,
    nullif(one_line(abstract), '') as abstract,
    list_filter(
        string_split_regex(regexp_replace(authors, '\s+', ' ', 'g'), ',? and |, '), lambda one: trim(one) <> ''
    ) as authors,
    case when coalesce(trim(categories), '') = '' then [] else string_split_regex(trim(categories), '\s+') end as categories,
    try_strptime(created, '%a, %-d %b %Y %H:%M:%S GMT')::date as published,
    'submitted' as date_kind,
    null::date as month,
    try_cast(update_date as timestamp) as updated,
    comments,
    case when is_withdrawn(abstract, comments) then 'withdrawn' end as not_counted,
    null::text as text_hash,
    case when object is null then 'broken line' end as drop_reason,
    false as better
from typed
