-- forgets these open questions. Params: $questions
delete from llm_question
where question in (select unnest($questions))
