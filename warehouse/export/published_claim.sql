-- published.claim: one row per claim of a document.
insert into published.claim by name
select
    subject, number, document, author, date, first_month, last_month, stance, paraphrase, locator, inferred, repost_of,
    span_start, span_end, paraphrase_zh
from claim
order by subject, number
