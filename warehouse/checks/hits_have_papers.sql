-- A hit belongs to a stored paper.
select paper_id, direction from hit where paper_id not in (select id from paper) order by all
