-- published.venue_year: one row per direction and year of proceedings.
insert into published.venue_year by name
select direction, year, papers, total from venue_year order by direction, year
