-- One row: how many papers are held of copies of the whole field.
select count(*) from paper where in_field
