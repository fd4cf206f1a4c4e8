-- One row per member of the direction, the surest first, with how many there are before the limit.
select paper_id, title, authors, published, probability, cluster, count(*) over () as total
from paper
where direction = $direction
order by probability desc, similarity desc, paper_id
limit $limit
