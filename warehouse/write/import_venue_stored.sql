-- venue_paper: takes in the better rows. Params: $source
insert or replace into venue_paper by name
select id, title, abstract, authors, venue, year, status, keywords, $source as source
from incoming
where better
