-- notes why questions that had been open before are open still. Params: $run_id, lists $questions, $subjects, ...
update llm_question
set subject = again.subject, reason = again.reason, run_id = $run_id, place = again.place
from (
    select
        unnest($questions::text[]) as question,
        unnest($subjects::text[]) as subject,
        unnest($reasons::text[]) as reason,
        unnest($places::integer[]) as place
) as again
where llm_question.question = again.question
