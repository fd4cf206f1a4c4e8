-- snapshot_papers(path, compression): one row per line of arXiv's snapshot, in the warehouse's own terms, in the file's
-- order; all null for a line that is no JSON object. The paper's date is that of its first version. Fields are wrapped
-- by a line end and two blanks.
create or replace temp macro snapshot_papers(path_, compression_) as table
with line as (
    select
        *,
        trim(id) as raw_id,
        arxiv_id(trim(id)) as base_id,
        versions_in_order(versions) as in_order,
        nullif(clean_text(replace(title, e'\n  ', ' ')), '') as clean_title,
        nullif(clean_text(abstract), '') as clean_abstract,
        nullif(clean_text(replace(comments, e'\n  ', ' ')), '') as clean_comments
    from read_json(
        path_,
        columns = {
            id: 'varchar', title: 'varchar', abstract: 'varchar', authors: 'varchar', categories: 'varchar',
            comments: 'varchar', versions: 'struct(version varchar, created varchar)[]', update_date: 'varchar'
        },
        format = 'newline_delimited', compression = compression_, ignore_errors = true,
        maximum_object_size = 33554432
    )
)
select
    raw_id,
    base_id as id,
    in_order[-1].number as version,
    clean_title as title,
    clean_abstract as abstract,
    case
        when authors is null then []
        when starts_with(authors, '[') then author_list(try_cast(authors as text[]))
        else author_names(replace(authors, e'\n  ', ' '))
    end as authors,
    canonical_categories(list_filter(
        case
            when categories is null then []
            when starts_with(categories, '[') then coalesce(try_cast(categories as text[]), [])
            when regexp_matches(categories, '^[!-~]+( [!-~]+)*$') then string_split(categories, ' ')
            else string_split(clean_text(categories), ' ')
        end,
        lambda one: one <> ''
    )) as categories,
    snapshot_time(in_order[1].created)::date as published,
    'submitted' as date_kind,
    coalesce(snapshot_time(in_order[-1].created), try_cast(update_date as timestamp)) as updated,
    coalesce(try_cast(update_date as date), snapshot_time(in_order[-1].created)::date) as changed,
    clean_comments as comments,
    if(is_withdrawn(clean_abstract, clean_comments), 'withdrawn', null) as not_counted,
    md5(clean_title || chr(10) || coalesce(clean_abstract, '')) as text_hash,
    coalesce(id, title, update_date) is null as unread
from line
