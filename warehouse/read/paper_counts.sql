-- One row: papers held, countable ones, and countable ones still to match. Params: $matched_with
select
    count(*), count(*) filter (where not_counted is null),
    count(*) filter (where not_counted is null and matched_with is distinct from $matched_with)
from paper
