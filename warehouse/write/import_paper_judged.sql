-- incoming: why each row cannot be stored, if it cannot; month and text_hash where it can. Params: $today
update incoming set
    drop_reason = coalesce(
        incoming.drop_reason,
        case
            when incoming.raw_id is null or incoming.raw_id = '' then 'no id'
            when incoming.id is null then 'not an arXiv id'
            when incoming.title is null then 'no title'
            when incoming.published is null then 'no date'
            when incoming.published > $today::date then 'date in the future'
            when incoming.published < date '1991-01-01' then 'date before arXiv'
            when judged.place > 1 then 'the same paper again in this file'
        end
    ),
    month = judged.month,
    text_hash = md5(incoming.title || chr(10) || coalesce(incoming.abstract, ''))
from (
    select
        row_number,
        case
            when id like '%/%' then make_date(
                case when regexp_extract(id, '/(\d{2})', 1)::integer >= 91 then 1900 else 2000 end
                    + regexp_extract(id, '/(\d{2})', 1)::integer,
                regexp_extract(id, '/\d{2}(\d{2})', 1)::integer, 1)
            else make_date(2000 + left(id, 2)::integer, substr(id, 3, 2)::integer, 1)
        end as month,
        row_number() over (
            partition by id
            order by
                (title is null or published is null or published > $today::date or drop_reason is not null),
                version desc nulls last, abstract is null, row_number
        ) as place
    from incoming
    where id is not null
) as judged
right join (select row_number from incoming) as every on every.row_number = judged.row_number
where incoming.row_number = every.row_number
