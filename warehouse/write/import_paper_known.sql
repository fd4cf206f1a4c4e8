-- incoming: `better` marks the rows that the warehouse lacks or knows less well: an older version, no abstract yet,
-- or another text or state of the same version; or that an imported file holds for the first time. Params: $imported
update incoming set better = true
from (
    select incoming.row_number
    from incoming
    left join paper on paper.id = incoming.id
    where incoming.drop_reason is null
      and (
          paper.id is null
          or ($imported and not paper.imported)
          or (paper.abstract is null and incoming.abstract is not null)
          or (
              coalesce(incoming.version, 0) >= coalesce(paper.version, 0)
              and (incoming.abstract is not null or paper.abstract is null)
              and (
                  coalesce(incoming.version, 0) > coalesce(paper.version, 0)
                  or incoming.text_hash <> paper.text_hash
                  or incoming.published < paper.published
                  or incoming.not_counted is distinct from paper.not_counted
              )
          )
      )
) as improving
where incoming.row_number = improving.row_number
