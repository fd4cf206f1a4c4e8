-- One row per reason for which rows of an earlier import were not stored. Params: $source, $imported_at
select reason, rows, examples from import_drop
where source = $source and imported_at = $imported_at
order by rows desc, reason
