-- One row: the first month of the papers of read/shelf; null where there are none.
select min(month) from paper where in_field and not_counted is null and abstract is not null
