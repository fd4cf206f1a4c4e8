-- One row per countable paper and direction, of these directions, whose query matches. Params: $directions
select
    hit.paper_id, hit.direction, hit.in_title, hit.title_groups, hit.phrases, hit.mentions, hit.read_share
from hit
join paper on paper.id = hit.paper_id
where paper.not_counted is null and hit.direction in (select unnest($directions::text[]))
order by hit.paper_id, hit.direction
