-- A listing that is not under way, and has brought a page, has come to its end and says up to which day.
select set_spec, pages, current_to, token
from oai_list
where not under_way and pages > 0 and (current_to is null or token is not null)
order by all
