-- raw: the rows of a coverage file as text. Params: $path
create or replace temp table raw as select row_number() over () as row_number, * from read_csv($path, header = true, all_varchar = true)
