-- One row per direction with hits: countable papers that its query matches.
select direction, count(*)
from hit
where paper_id not in (select id from paper where not_counted is not null)
group by direction
order by direction
