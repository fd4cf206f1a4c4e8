-- One row: lines, and lines that are JSON objects with an id.
select count(*), count(*) filter (where object is not null and json_exists(object, '$.id')) from raw
