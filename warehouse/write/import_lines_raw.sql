-- raw: one row per line of a file of JSON lines; a line that is no JSON has a null object.
create or replace temp table raw as
select
    row_number() over () as row_number,
    line,
    case when json_valid(line) and json_type(line) = 'OBJECT' then line::json end as object
from read_csv(
    $path, columns = {'line': 'varchar'}, header = false, delim = e'\x01', quote = '', escape = '', auto_detect = false,
    max_line_size = 16777216, null_padding = true, strict_mode = false, skip = 0
)
where trim(line) <> ''
