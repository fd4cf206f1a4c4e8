-- published.venue_title: one row per direction, venue and year with accepted papers whose title matches its query.
insert into published.venue_title by name
select direction, venue, year, papers from venue_title order by direction, venue, year
