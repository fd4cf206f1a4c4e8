-- One row per hit that a rule leaves undecided, and that no reader has judged and no model been asked about as it now
-- reads: what to ask about.
-- Params: $rule, $low, $high (of the rule's probability), $version (of the question), $slugs, $scopes (directions, and the hash of
-- each one's scope)
with scope as (select unnest($slugs::text[]) as direction, unnest($scopes::text[]) as hash)
select membership.direction, membership.paper_id, membership.rule_probability
from membership
join paper on paper.id = membership.paper_id
where membership.rule = $rule
  and membership.rule_probability >= $low and membership.rule_probability < $high
  and paper.not_counted is null
  and not exists (
      from judgement
      left join scope on scope.direction = judgement.direction
      where judgement.paper_id = membership.paper_id and judgement.direction = membership.direction
        and (
            judgement.judge = 'person'
            or (
                judgement.text_hash = paper.text_hash and judgement.note = $version
                and judgement.scope_hash = scope.hash
            )
        )
  )
  and not exists (
      from unlabelled
      join scope on scope.direction = unlabelled.direction and scope.hash = unlabelled.scope_hash
      where unlabelled.paper_id = membership.paper_id and unlabelled.direction = membership.direction
        and unlabelled.text_hash = paper.text_hash and unlabelled.version = $version
  )
order by membership.direction, paper.id
