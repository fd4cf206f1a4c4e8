-- published.direction: one row per direction.
insert into published.direction by name
select slug, theme, name, name_zh, scope, category_set, field, query from direction order by slug
