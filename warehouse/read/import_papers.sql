-- One row per staged paper with an id, a title and a date; the first of those with the same id.
select id, title, abstract, authors, categories, published
from incoming
where id is not null and title is not null and published is not null
qualify row_number() over (partition by id order by row_number) = 1
order by id
