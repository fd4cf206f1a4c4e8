-- one row per task and reason of the open questions that no imported answer has closed since
select task, reason, count(*) as questions, min_by(subject, place) as first_subject
from llm_question
where not exists (
    select 1
    from llm_answer
    where llm_answer.question = llm_question.question and llm_answer.origin <> 'call'
)
group by task, reason
order by task, questions desc, reason
