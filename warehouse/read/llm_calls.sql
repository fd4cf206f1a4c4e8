-- one row per task and model: requests, tokens, cost and time in the ledger. Params: $run_id (null: of every run)
with request as (
    select *, outcome in ('LlmUnavailable', 'LlmRefused') as unanswered  -- a server takes nothing for these
    from llm_call
    where $run_id is null or run_id = $run_id
)
select
    task,
    model,
    count(*) as calls,
    count(*) filter (where outcome = 'answered') as answered,
    sum(tokens_in)::bigint as tokens_in,
    sum(tokens_out)::bigint as tokens_out,
    count(*) filter (where not unanswered and (tokens_in is null or tokens_out is null)) as calls_untold,
    sum(cost_usd) as cost_usd,
    count(*) filter (where not unanswered and cost_usd is null) as calls_unpriced,
    sum(seconds) as seconds
from request
group by task, model
order by task, model
