-- paper: those that the source has deleted are counted no longer. One row per paper that this changes. Params: $ids
update paper set not_counted = 'deleted'
where id in (select unnest($ids::text[])) and not_counted is distinct from 'deleted'
returning id
