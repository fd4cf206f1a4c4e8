-- One row per direction, with its verdict where it has one.
select
    direction.slug, direction.theme, direction.name, direction.name_zh, direction.scope, direction.category_set, direction.field,
    verdict.as_of, verdict.stage, verdict.growth, verdict.growth_low, verdict.growth_high,
    verdict.p_up, verdict.p_down, verdict.p_flat, verdict.growth_raw, verdict.growth_raw_se, verdict.months,
    verdict.papers_12m, verdict.share_12m, verdict.exposure_12m, verdict.peak_ratio, verdict.peak_month,
    verdict.saturation, verdict.first_month, verdict.last_month, verdict.reasons, verdict.rule,
    verdict.flips, verdict.flips_to, verdict.membership_rule
from direction
left join verdict on verdict.direction = direction.slug
order by direction.slug
