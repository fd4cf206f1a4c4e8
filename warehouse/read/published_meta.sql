-- One row per key of the published file's description.
select key, value from meta order by key
