-- one row per task and model: stored answers, those of them that were imported, and their bytes
select
    task,
    model,
    count(*) as answers,
    count(*) filter (where origin <> 'call') as imported,
    sum(strlen(answer))::bigint as bytes
from llm_answer
group by task, model
order by task, model
