-- One row per direction that was judged.
select
    verdict.direction, direction.theme, direction.name, direction.name_zh, verdict.as_of, verdict.stage,
    verdict.growth, verdict.growth_low, verdict.growth_high, verdict.p_up, verdict.p_down, verdict.p_flat,
    verdict.growth_raw, verdict.growth_raw_se, verdict.months, verdict.papers_12m, verdict.share_12m,
    verdict.exposure_12m, verdict.peak_ratio, verdict.peak_month, verdict.saturation, verdict.first_month,
    verdict.last_month, verdict.reasons::text as reasons, verdict.rule, verdict.membership_rule,
    verdict.flips, verdict.flips_to
from verdict
join direction on direction.slug = verdict.direction
order by verdict.direction
