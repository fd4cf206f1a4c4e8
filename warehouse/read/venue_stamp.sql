-- One row: a stamp of all conference papers as far as they are counted.
select coalesce(bit_xor(hash(hash(id, title, venue, year, status))), 0), count(*) from venue_paper
