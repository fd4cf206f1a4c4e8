-- the key of a stored answer is that of its model and its question
select key, model, question
from llm_answer
where key <> sha256(model || chr(10) || question)
