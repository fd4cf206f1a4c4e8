-- raw: one row per line of a file of JSON lines, with a null object for a line that is no JSON object. Lines that
-- are not UTF-8, or longer than 16 MiB, go to the table `rejects`; import_lines_rejected adds them. Params: $path
create or replace temp table raw as
select
    row_number() over () as row_number,
    null::text as place,
    case when json_valid(line) and json_type(line) = 'OBJECT' then line::json end as object
from read_csv(
    $path, columns = {'line': 'varchar'}, header = false, delim = e'\x01', quote = '', escape = '', auto_detect = false,
    max_line_size = 16777216, null_padding = true, strict_mode = false, skip = 0,
    store_rejects = true, rejects_table = 'rejects', rejects_scan = 'reject_scans'
)
where trim(line) <> ''
