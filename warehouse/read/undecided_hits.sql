-- One row per staged hit of a model within a range of numbers. Params: $model, $first (number), $end (behind the last)
select place, prototype, mentions, read_share
from undecided
where model = $model and number >= $first and number < $end
order by number
