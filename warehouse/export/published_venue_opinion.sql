-- published.venue_opinion: one row per direction.
insert into published.venue_opinion by name
select direction, as_of, last_year, sign, reason, papers, rule from venue_opinion order by direction
