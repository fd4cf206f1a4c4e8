-- published.brief_check: one row per direction and language.
insert into published.brief_check by name
select direction, lang, kept, dropped from brief_check order by direction, lang
