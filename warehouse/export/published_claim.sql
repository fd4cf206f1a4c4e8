-- published.claim: one row per claim of a document.
insert into published.claim by name
select
    subject, number, document, author, date, first_month, last_month, stance, paraphrase, locator, inferred, repost_of
from claim
order by subject, number
