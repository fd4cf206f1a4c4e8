-- arxiv_id(text): the base id in an identifier such as 2103.00112v2 or math.GT/0309136; null where it is none.
create or replace temp macro arxiv_id(text_) as case
    when regexp_full_match(text_, '\d{2}(0[1-9]|1[0-2])\.\d{4,5}') then text_
    when regexp_full_match(text_, '\d{2}(0[1-9]|1[0-2])\.\d{4,5}v\d+') then regexp_extract(text_, '^([^v]+)', 1)
    when regexp_full_match(text_, '[a-z-]+(\.[A-Z]{2})?/\d{2}(0[1-9]|1[0-2])\d{3}(v\d+)?')
        then regexp_extract(text_, '^([a-z-]+)', 1) || '/' || regexp_extract(text_, '/(\d{7})', 1)
end
