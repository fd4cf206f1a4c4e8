-- incoming: one row per row of a Parquet file of papers, in the warehouse's own terms; drop_reason says why not.
create or replace temp table incoming as
with row as (
    select
        *,
        nullif(clean_text(title), '') as clean_title,
        nullif(clean_text(abstract), '') as clean_abstract,
        nullif(clean_text(comments), '') as clean_comments
    from raw
)
select
    row_number,
    trim(id) as raw_id,
    arxiv_id(trim(id)) as id,
    coalesce(version, try_cast(nullif(regexp_extract(trim(id), 'v(\d+)$', 1), '') as integer)) as version,
    clean_title as title,
    clean_abstract as abstract,
    authors_apart(authors) as authors,
    canonical_categories(list_filter(
        string_split(clean_text(coalesce(nullif(trim(categories), ''), primary_category, '')), ' '), lambda one: one <> ''
    )) as categories,
    published,
    coalesce(date_kind, 'submitted') as date_kind,
    null::date as month,
    updated,
    clean_comments as comments,
    case
        when is_withdrawn(clean_abstract, clean_comments) then 'withdrawn'
        when popularity_sample then 'popularity sample'
    end as not_counted,
    null::text as text_hash,
    null::text as drop_reason,
    false as better
from row
