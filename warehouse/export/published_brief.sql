-- published.brief: one row per direction, language and sentence.
insert into published.brief by name
select direction, lang, place, sentence, papers, worded_by from brief order by direction, lang, place
