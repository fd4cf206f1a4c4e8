-- One row: a stamp of the papers, of what is stated of imported months, and of the counts of fields.
select
    (
        select (count(*), bit_xor(hash(id, text_hash, categories, published, month, not_counted, in_field)))::text
        from paper
    ) as papers,
    (select (count(*), bit_xor(hash(category, month, status)))::text from coverage) as coverage,
    (select (count(*), bit_xor(hash(category_set, month, papers, status, source)))::text from exposure) as exposures
