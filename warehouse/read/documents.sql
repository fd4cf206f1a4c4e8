-- One row per document that was read, by name; of one name the last one read comes last.
select name, sha256, content, day
from document
order by name, read_at, sha256
