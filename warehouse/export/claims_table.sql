-- A passing table: one row per claim, beside the record. Outcomes are computed, not stored: a rule may change.
create or replace temp table claim_outcome (
    number integer, subject text, document text, author text, date text, stance text, inferred boolean,
    paraphrase text, paraphrase_zh text, locator text, copies text[],
    as_of date, predicts text, stage_then text, stage_now text, share_then double, share_now double,
    horizon date, ratio_24m double, ratio_24m_low double, ratio_24m_high double,
    since_month date, ratio_since double, ratio_since_low double, ratio_since_high double,
    outcome text, why_not_measurable text, base double
)
