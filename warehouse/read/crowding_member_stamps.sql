-- One row per direction with members up to a month: a stamp of them. Params: $last
select membership.direction, bit_xor(hash(hash(paper.id, paper.text_hash, paper.authors, paper.month)))
from membership
join paper on paper.id = membership.paper_id
where membership.member and paper.not_counted is null and paper.month <= $last::date
group by membership.direction
order by membership.direction
