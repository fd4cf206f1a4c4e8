-- Takes what was learned from judged hits from the memberships of these directions. Params: $directions
update membership
set learned_probability = null, learned_probability_any = null
where (learned_probability is not null or learned_probability_any is not null)
  and direction in (select unnest($directions::text[]))
