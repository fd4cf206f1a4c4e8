-- One row: a stamp of the papers, of what is stated of imported months, and of the counts of fields. Hashed twice: once
-- folds the last value in by xor, and changes made in pairs would cancel out.
select
    (
        select (count(*), bit_xor(hash(hash(id, text_hash, categories, published, month, not_counted, in_field))))::text
        from paper
    ) as papers,
    (select (count(*), bit_xor(hash(hash(category, month, status))))::text from coverage) as coverage,
    (select (count(*), bit_xor(hash(hash(category_set, month, papers, status, source))))::text from exposure) as exposures
