-- One row: first and last month of the papers of a file of JSON lines, and the last day on which one of them was
-- changed. Params: $path, $compression, $today
select
    min(arxiv_month(id)), max(arxiv_month(id)),
    max(greatest(published, if(changed <= $today::date, changed, null)))
from snapshot_papers($path, $compression)
where not unread and paper_fault(raw_id, id, title, published, $today::date) is null
