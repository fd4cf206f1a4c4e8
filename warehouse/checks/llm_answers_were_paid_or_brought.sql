-- an answer was imported, or the ledger has the request that brought it
select question, model, origin
from llm_answer
where origin = 'call'
    and not exists (
        select 1
        from llm_call
        where llm_call.question = llm_answer.question
            and llm_call.model = llm_answer.model
            and llm_call.outcome = 'answered'
    )
