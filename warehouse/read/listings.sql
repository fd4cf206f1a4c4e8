-- One row per OAI set that was listed, or that an imported file is the base of.
select
    set_spec, since, token, started_on, oldest, newest, in_order, pages, records, under_way, base, base_to, current_to,
    finished_at
from oai_list
order by set_spec
