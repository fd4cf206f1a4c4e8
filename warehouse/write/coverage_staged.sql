-- incoming: the columns of a coverage file that matter here.
create or replace temp table incoming as
select
    row_number, month as raw_month, try_strptime(month, '%Y-%m')::date as month, trim(category) as category,
    upper(trim(status)) as status, coalesce(recall, '') as recall
from raw
