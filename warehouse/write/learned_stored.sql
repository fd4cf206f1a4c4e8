-- What was learned of hits of a direction, in place of what was learned of them before; null where the rule stands.
-- Params: $direction, and lists of one length
update membership
set learned_probability = given.core, learned_probability_any = given.core_or_related
from (
    select
        unnest($papers::text[]) as paper_id, unnest($core::double[]) as core,
        unnest($core_or_related::double[]) as core_or_related
) as given
where membership.direction = $direction and membership.paper_id = given.paper_id
