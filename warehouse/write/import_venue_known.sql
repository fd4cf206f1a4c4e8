-- incoming: `better` marks the rows that the warehouse lacks or knows without an abstract.
update incoming set better = true
from (
    select incoming.row_number
    from incoming
    left join venue_paper as known on known.id = incoming.id
    where incoming.drop_reason is null
      and (known.id is null or (known.abstract is null and incoming.abstract is not null))
) as improving
where incoming.row_number = improving.row_number
