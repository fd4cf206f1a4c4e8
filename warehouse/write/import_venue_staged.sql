-- incoming: one row per row of a Parquet file of conference papers.
create or replace temp table incoming as
select
    row_number, trim(id) as raw_id, trim(id) as id,
    nullif(clean_text(title), '') as title,
    nullif(clean_text(abstract), '') as abstract,
    authors_apart(authors) as authors,
    venue, year, status, keywords, make_date(year, 1, 1) as month, null::text as drop_reason, false as better
from raw
