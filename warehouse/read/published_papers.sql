-- One row per member of the direction, newest first, with how many there are before the limit.
select paper_id, title, authors, published, probability, cluster, count(*) over () as total
from paper
where direction = $direction
    and published >= coalesce($since::date, published)
    and ($cluster::integer is null or cluster = $cluster)
order by published desc, paper_id desc
limit $limit
