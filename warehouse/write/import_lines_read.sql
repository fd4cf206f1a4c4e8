-- line: one row per line of a file of JSON lines, in the file's order: what decides what becomes of it, without its
-- texts. Params: $path, $compression, $today
create or replace temp table line as
select
    raw_id, id, published, if(id is null, null, arxiv_month(id)) as month,
    greatest(published, if(changed <= $today::date, changed, null)) as newest,
    if(unread, 'broken line', paper_fault(raw_id, id, title, published, $today::date)) as drop_reason
from snapshot_papers($path, $compression)
