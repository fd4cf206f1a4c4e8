-- One row per paper and direction that somebody has judged: a person's word, else the newest of the models'.
-- Params: $direction (null: every direction)
select paper_id, direction, label, judge, note
from judgement
where $direction::text is null or direction = $direction::text
qualify row_number() over (
    partition by paper_id, direction order by judge = 'person' desc, judged_at desc, judge
) = 1
order by direction, paper_id
