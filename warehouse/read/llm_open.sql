-- one row per open question that no import has answered since, in asking order. Params: $task (null: all), $count
select question, task, subject, prompt, reason
from llm_question
where ($task is null or task = $task)
    and not exists (
        select 1
        from llm_answer
        where llm_answer.question = llm_question.question and llm_answer.origin <> 'call'
    )
order by task, run_id, place, question
limit $count
