-- undecided: one row per hit of which no membership rests on what it would rest on now, numbered within its model by
-- the place of its vector, and one per membership of which no hit does (model null: to be dropped). What a membership rests
-- on is hashed with its key, so that one number is compared. A vector of an older text does not count.
-- Params: $directions, $rows (each one's row in the prototypes' matrix), $models, $stamps (of the instrument that judges
-- it), lists of one length
create or replace temp table undecided as
with instrument as (
    select given.direction, given.prototype, given.model, hash(given.direction, given.stamp, vector_file.dtype) as stamp
    from (
        select
            unnest($directions::text[]) as direction, unnest($rows::integer[]) as prototype,
            unnest($models::text[]) as model, unnest($stamps::text[]) as stamp
    ) as given
    join vector_file on vector_file.model = given.model
),
text as materialized (
    select paper.id, vector.model, vector.place, hash(paper.id, paper.text_hash) as stamp
    from paper
    join vector on vector.paper_id = paper.id and vector.text_hash = paper.text_hash
    where paper.not_counted is null
),
decidable as (
    select
        hit.paper_id, hit.direction, instrument.model, instrument.prototype, text.place, hit.mentions, hit.read_share,
        hash(instrument.stamp, text.stamp, hit.mentions, hit.read_share) as rests_on
    from hit
    join instrument on instrument.direction = hit.direction
    join text on text.id = hit.paper_id and text.model = instrument.model
)
select
    row_number() over (partition by decidable.model order by decidable.place, decidable.direction) - 1 as number,
    coalesce(decidable.paper_id, membership.paper_id) as paper_id,
    coalesce(decidable.direction, membership.direction) as direction,
    decidable.model, decidable.prototype, decidable.place, decidable.mentions, decidable.read_share, decidable.rests_on
from decidable
full join membership on membership.rests_on = decidable.rests_on
where decidable.rests_on is null or membership.rests_on is null
order by decidable.model, number
