-- One row per direction, venue and year: accepted papers whose title matches the direction's query.
select direction, venue, year, papers from venue_title order by direction, venue, year
