-- one row per stored answer to any of these questions, newest first. Params: $questions
select question, model, answer, origin, answered_at
from llm_answer
where question in (select unnest($questions))
order by question, answered_at desc, model
