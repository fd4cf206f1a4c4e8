-- snapshot_additions(path, compression, source, today): one row per line of the snapshot, as a row of the table paper.
create or replace temp macro snapshot_additions(path_, compression_, source_, today_) as table
select
    found.raw_id, found.id, found.version, found.title, found.abstract, found.authors, found.categories,
    found.published, found.date_kind, arxiv_month(found.id) as month, found.updated, found.comments, found.not_counted,
    found.text_hash, source_ as source, true as in_field, today_::date as first_seen
from snapshot_papers(path_, compression_) as found
where found.raw_id is not null
