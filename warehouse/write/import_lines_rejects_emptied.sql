-- rejects, reject_scans: gone, so that a file's own lines alone are in them after import_lines_raw.
drop table if exists rejects;
drop table if exists reject_scans;
