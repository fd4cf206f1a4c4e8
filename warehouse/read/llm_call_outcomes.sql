-- one row per task, model and outcome of the requests that gave no answer. Params: $run_id (null: of every run)
select task, model, outcome, count(*) as calls, arg_max(reason, number) as last_reason
from llm_call
where outcome <> 'answered' and ($run_id is null or run_id = $run_id)
group by task, model, outcome
order by task, model, outcome
