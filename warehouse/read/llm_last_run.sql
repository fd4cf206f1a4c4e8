-- one row: the id of the newest run, recorded or known by its requests alone; null where there was none
select max(id) as run_id
from (
    select id from run
    union all
    select run_id as id from llm_call
)
