-- One row per question of a task (null: of all) that was left open or exported: its hash and what it is about.
-- Params: $task
select question, subject from llm_question where $task::text is null or task = $task order by task, place, question
