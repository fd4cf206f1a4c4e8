-- One row per cluster of the direction, the largest first. A file that an older littriage published has no names.
select columns('^(number|label|terms|papers|model|name|name_zh|named_by|born_on)$')
from cluster
where direction = $direction
order by papers desc, number
