-- An imported file's rows are stored, unchanged or dropped for a reason.
select import_file.source, import_file.imported_at, import_file.rows, stored, unchanged, coalesce(sum(import_drop.rows), 0)
from import_file
left join import_drop using (source, imported_at)
group by all
having import_file.rows <> stored + unchanged + coalesce(sum(import_drop.rows), 0)
order by all
