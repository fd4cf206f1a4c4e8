-- One row per countable member of some directions up to a month. Params: $directions, $last
select membership.direction, paper.id
from membership
join paper on paper.id = membership.paper_id
where membership.member and paper.not_counted is null and paper.month <= $last::date
  and membership.direction in (select unnest($directions::text[]))
order by membership.direction, paper.id
