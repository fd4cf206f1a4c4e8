-- One row: lines, and lines that are JSON objects with an id.
select count(*), count(raw_id) from line
