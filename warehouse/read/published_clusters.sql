-- One row per cluster of the direction. A file that an older littriage published has no names.
select columns('^(number|label|terms|papers|model|name|name_zh|named_by)$')
from cluster
where direction = $direction
order by number
