-- published.theme: one row per theme.
insert into published.theme by name select slug, name, name_zh from theme order by slug
