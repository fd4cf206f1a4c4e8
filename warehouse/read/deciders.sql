-- One row per who decided: how many memberships, and how many of them are members.
select decided_by, count(*) as memberships, count(*) filter (where member) as members
from membership
group by decided_by
order by decided_by
