-- One row per direction with hits: countable papers that its query matches.
select hit.direction, count(*)
from hit
join paper on paper.id = hit.paper_id
where paper.not_counted is null
group by hit.direction
order by hit.direction
