-- incoming: an empty table in the form that import_paper_known and import_paper_added take.
create or replace temp table incoming (
    row_number bigint, raw_id text, id text, version integer, title text, abstract text, authors text[], categories text[],
    published date, date_kind text, month date, updated timestamp, comments text, not_counted text, text_hash text,
    drop_reason text, better boolean
)
