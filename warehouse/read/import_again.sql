-- The last import of the same content by the same rule, if there was one: its name, its time, its rows.
-- Params: $fingerprint
select source, imported_at, rows from import_file where fingerprint = $fingerprint order by imported_at desc limit 1
