-- One row per line that names no paper: its place among the lines that are not blank, from 0, and whether it is broken.
-- The ids of the rows that a transaction has written, and not committed, do not begin with 0.
select rowid - (select min(rowid) from line) as ordinal, drop_reason = 'broken line' from line where coalesce(raw_id, '') = '' order by rowid
