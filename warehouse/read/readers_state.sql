-- One row: a stamp of what readers have said, and of the answers of language models. Hashed twice, as in read/state.
select
    (select (count(*), bit_xor(hash(hash(paper_id, direction, judge, label, text_hash, scope_hash))))::text from judgement)
        as judgements,
    (select (count(*), bit_xor(hash(hash(key, answer::text))))::text from llm_answer) as answers
