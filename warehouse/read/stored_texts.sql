-- One row per stored paper of these: the hash of its text. Params: $ids
select id, text_hash from paper where id in (select unnest($ids::text[]))
