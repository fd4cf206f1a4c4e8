-- One row: papers that a copy of the whole field holds, and those of them that are counted.
select count(*), count(*) filter (where not_counted is null) from paper where in_field
