-- One row per paper of a file of JSON lines, with an id, a title and a date; one of those with the same id.
-- Params: $path, $compression
select id, title, abstract, authors, categories, published
from snapshot_papers($path, $compression)
where id is not null and title is not null and published is not null
qualify row_number() over (partition by id order by abstract is null, version desc, text_hash) = 1
order by id
