-- One row per countable paper that was not matched with the present rule and catalogue.
select id, title, abstract, categories
from paper
where not_counted is null and matched_with is distinct from $matched_with
order by id
