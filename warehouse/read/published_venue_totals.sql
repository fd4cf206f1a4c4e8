-- One row per venue and year: its accepted papers.
select venue, year, papers from venue_total order by venue, year
