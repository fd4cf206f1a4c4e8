-- A file of vectors is told from another one of its name: the last committed rows must be those that were written.

alter table vector_file add column tail text default '';  -- digest of the last rows; empty: none was kept yet
