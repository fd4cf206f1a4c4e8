-- One row per direction that has a brief in the language, its sentences in order; $direction null: every direction.
select
    brief.direction, list(brief.sentence order by brief.place) as sentences, list(brief.papers order by brief.place) as ids,
    any_value(brief.worded_by) as worded_by, any_value(brief_check.dropped) as dropped
from brief
left join brief_check on brief_check.direction = brief.direction and brief_check.lang = brief.lang
where brief.lang = $lang and ($direction::text is null or brief.direction = $direction)
group by brief.direction
order by brief.direction
