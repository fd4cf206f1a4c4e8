-- arxiv_month(id): first day of the month in a base id.
create or replace temp macro arxiv_month(id_) as case
    when id_ like '%/%' then make_date(
        case when regexp_extract(id_, '/(\d{2})', 1)::integer >= 91 then 1900 else 2000 end
            + regexp_extract(id_, '/(\d{2})', 1)::integer,
        regexp_extract(id_, '/\d{2}(\d{2})', 1)::integer, 1)
    else make_date(2000 + left(id_, 2)::integer, substr(id_, 3, 2)::integer, 1)
end
