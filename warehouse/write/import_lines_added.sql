-- paper: takes in the lines of papers that nobody knows yet. Params: $path, $compression, $source, $today
insert into paper by name
select
    found.id, found.version, found.title, found.abstract, found.authors, found.categories, found.published,
    found.date_kind, arxiv_month(found.id) as month, found.updated, found.comments, found.not_counted, found.text_hash,
    $source as source, true as in_field, $today::date as first_seen
from snapshot_papers($path, $compression) as found
where found.raw_id is not null and found.raw_id not in (select raw_id from held_back)
