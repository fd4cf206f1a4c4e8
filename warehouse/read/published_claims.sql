-- One row per claim, oldest first; $subjects null: of every direction and theme, else of these.
-- A file that an older littriage published lacks the last three columns.
select columns(
    '^(subject|document|author|date|first_month|last_month|stance|paraphrase|locator|inferred|repost_of'
    || '|span_start|span_end|paraphrase_zh)$'
)
from claim
where $subjects::text[] is null or list_contains($subjects::text[], subject)
order by first_month, last_month, document, subject, number
