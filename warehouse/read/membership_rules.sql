-- One row per direction with memberships: the rule that decided them.
select direction, any_value(rule order by paper_id) from membership group by direction order by direction
