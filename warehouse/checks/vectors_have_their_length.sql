-- A vector is as long as its model's dimension says.
select paper_id, model from vector where octet_length(value) <> 4 * dim order by all
