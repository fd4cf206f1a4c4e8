-- One row per vector of a model: its place, and a number for the paper and the text that it was made from, which stays
-- where the place may change. Params: $model
select place, md5_number_lower(paper_id || ' ' || text_hash) as key from vector where model = $model
