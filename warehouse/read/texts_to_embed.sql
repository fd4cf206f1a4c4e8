-- One row per asked paper, in the order asked. Params: $ids
select paper.id, paper.title, paper.abstract, paper.text_hash
from (select unnest($ids::text[]) as id, generate_subscripts($ids::text[], 1) as number) as asked
join paper on paper.id = asked.id
order by asked.number
