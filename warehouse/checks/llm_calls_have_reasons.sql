-- a request to a language model that brought no answer says why, and no tokens or cost are below zero
select number, task, outcome, reason, tokens_in, tokens_out, cost_usd
from llm_call
where (outcome <> 'answered' and reason = '') or tokens_in < 0 or tokens_out < 0 or cost_usd < 0
