-- One row per theme.
select slug, name, name_zh from theme order by slug
