-- line: an object without anything that is read is no broken line, it lacks an id.
update line set drop_reason = 'no id' where rowid - (select min(rowid) from line) in (select ordinal from line_place where not broken)
