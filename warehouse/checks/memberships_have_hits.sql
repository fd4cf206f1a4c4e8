-- A membership belongs to a hit: only what the query matches can be a member.
select paper_id, direction from membership anti join hit using (paper_id, direction) order by all
