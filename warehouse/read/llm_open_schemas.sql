-- one row per question that the last run left open: its task, and the schema that an answer must fit
select question, task, prompt ->> '$.schema' as schema
from llm_question
