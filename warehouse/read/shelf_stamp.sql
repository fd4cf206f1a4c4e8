-- One row: a stamp of the papers of read/shelf, and one of what read/shelf_members tells of them. Hashed twice: once
-- folds the last value in by xor, and changes made in pairs would cancel out. Params: $first, $last
with shelf as (
    select *
    from paper
    where in_field and not_counted is null and abstract is not null and month between $first::date and $last::date
)
select
    (select (count(*), bit_xor(hash(hash(id, month, text_hash, authors, categories))))::text from shelf) as papers,
    (
        select (count(*), bit_xor(hash(hash(
            membership.paper_id, membership.direction, membership.probability, membership.probability_any, hit.in_title
        ))))::text
        from membership
        join shelf on shelf.id = membership.paper_id
        left join hit on hit.paper_id = membership.paper_id and hit.direction = membership.direction
    ) as members
