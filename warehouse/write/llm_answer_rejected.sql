-- drops an answer that the checks have rejected. Params: $key
delete from llm_answer
where key = $key
