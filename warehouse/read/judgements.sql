-- One row per judgement, the oldest first, with whether the paper still has the text that was read (null: the paper is
-- no longer stored), and its title. Params: $direction (null: every direction)
select
    judgement.paper_id, judgement.direction, judgement.label, judgement.judge, judgement.note,
    judgement.text_hash, judgement.scope_hash, judgement.judged_at,
    judgement.text_hash = paper.text_hash as same_text, paper.title,
    exists (
        from hit where hit.paper_id = judgement.paper_id and hit.direction = judgement.direction
    ) as is_hit
from judgement
left join paper on paper.id = judgement.paper_id
where $direction::text is null or judgement.direction = $direction::text
order by judgement.judged_at, judgement.direction, judgement.paper_id, judgement.judge
