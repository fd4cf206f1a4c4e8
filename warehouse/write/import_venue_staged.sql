-- incoming: one row per row of a Parquet file of conference papers.
create or replace temp table incoming as
select
    row_number, trim(id) as raw_id, trim(id) as id,
    nullif(one_line(title), '') as title,
    nullif(one_line(abstract), '') as abstract,
    list_filter(string_split(coalesce(authors, ''), '; '), lambda one: one <> '') as authors,
    venue, year, status, keywords, make_date(year, 1, 1) as month, null::text as drop_reason, false as better
from raw
