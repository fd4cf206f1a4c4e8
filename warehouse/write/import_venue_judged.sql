-- incoming: why each row cannot be stored, if it cannot. Params: $today
update incoming set drop_reason = case
    when incoming.raw_id is null or incoming.raw_id = '' then 'no id'
    when incoming.title is null then 'no title'
    when incoming.venue is null then 'no venue'
    when incoming.year is null then 'no year'
    when incoming.year > year($today::date) then 'date in the future'
    when judged.place > 1 then 'the same paper again in this file'
end
from (
    select row_number, row_number() over (partition by id order by title is null, row_number) as place from incoming
) as judged
where incoming.row_number = judged.row_number
