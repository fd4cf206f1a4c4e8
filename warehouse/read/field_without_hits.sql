-- One row per countable paper of the copy of a field that a direction's query does not match, in an order that chance
-- has fixed. Params: $direction, $categories (empty: every category), $seed
select paper.id
from paper
anti join (select paper_id from hit where direction = $direction) as own on own.paper_id = paper.id
where paper.in_field and paper.not_counted is null and len(paper.categories) > 0
  and (len($categories::text[]) = 0 or list_has_any(paper.categories, $categories::text[]))
order by md5(concat_ws(' ', $seed::text, $direction, paper.id)), paper.id
