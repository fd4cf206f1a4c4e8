-- one row per question that any model has answered
select distinct question
from llm_answer
