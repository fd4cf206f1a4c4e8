-- One row per claim, its copies with it, oldest first.
select
    subject, document, author, date, stance, inferred, paraphrase, paraphrase_zh, locator, copies, as_of, predicts,
    stage_then, stage_now, share_then, share_now, horizon, ratio_24m, ratio_24m_low, ratio_24m_high,
    since_month, ratio_since, ratio_since_low, ratio_since_high, outcome, why_not_measurable, base
from claim_outcome
order by number
