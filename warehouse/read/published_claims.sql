-- One row per claim about a direction or a theme, oldest first.
select
    subject, document, author, date, first_month, last_month, stance, paraphrase, locator, inferred, repost_of
from claim
where subject in ($direction, $theme)
order by first_month, last_month, document, number
