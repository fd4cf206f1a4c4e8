-- One row per direction with members: a stamp of its members and their texts, and the rule that decided. Hashed twice:
-- once folds the last value in by xor, and changes made in pairs would cancel out.
select
    membership.direction, bit_xor(hash(hash(paper.id, paper.text_hash))), count(*), any_value(membership.rule order by paper.id)
from membership
join paper on paper.id = membership.paper_id
where membership.member and paper.not_counted is null
group by membership.direction
order by membership.direction
