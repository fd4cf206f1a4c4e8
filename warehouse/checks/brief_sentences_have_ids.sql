-- Every sentence of a brief carries the ids that it rests on.
select direction, lang, place from brief where len(papers) = 0 order by all
