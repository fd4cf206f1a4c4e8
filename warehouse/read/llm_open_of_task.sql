-- one row per stored open question of a task, whatever was imported since. Params: $task
select question, run_id, place
from llm_question
where task = $task
