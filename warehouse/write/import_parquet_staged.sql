-- incoming: one row per row of a Parquet file of papers, in the warehouse's own terms; drop_reason says why not.
create or replace temp table incoming as
select
    row_number,
    trim(id) as raw_id,
    case
        when regexp_full_match(trim(id), '\d{2}(0[1-9]|1[0-2])\.\d{4,5}(v\d+)?')
            then regexp_extract(trim(id), '^([^v]+)', 1)
        when regexp_full_match(trim(id), '[a-z-]+(\.[A-Z]{2})?/\d{2}(0[1-9]|1[0-2])\d{3}(v\d+)?')
            then regexp_extract(trim(id), '^([a-z-]+)', 1) || '/' || regexp_extract(trim(id), '/(\d{7})', 1)
    end as id,
    coalesce(version, try_cast(nullif(regexp_extract(trim(id), 'v(\d+)$', 1), '') as integer)) as version,
    nullif(one_line(title), '') as title,
    nullif(one_line(abstract), '') as abstract,
    list_filter(string_split(coalesce(authors, ''), '; '), lambda one: one <> '') as authors,
    case
        when coalesce(trim(categories), '') = '' then case when primary_category is null then [] else [primary_category] end
        else string_split(trim(categories), ' ')
    end as categories,
    published,
    coalesce(date_kind, 'submitted') as date_kind,
    null::date as month,
    updated,
    comments,
    case
        when is_withdrawn(abstract, comments) then 'withdrawn'
        when popularity_sample then 'popularity sample'
    end as not_counted,
    null::text as text_hash,
    null::text as drop_reason,
    false as better
from raw
