-- paper: those that the source lists as present again wait for what it now says of them. Params: $ids
update paper set not_counted = 'listed again' where id in (select unnest($ids::text[])) and not_counted = 'deleted'
