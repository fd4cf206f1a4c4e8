-- One row: the last day on which a staged paper was changed, as far as the file tells. Params: $today
select max(greatest(if(updated::date <= $today::date, updated::date, null), published)) from incoming where drop_reason is null
