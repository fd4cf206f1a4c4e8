-- One row: countable papers that a copy of the whole field holds.
select count(*) from paper where in_field and not_counted is null
