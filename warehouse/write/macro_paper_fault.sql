-- paper_fault(...): why a row is no paper that can be stored; null where it is one.
create or replace temp macro paper_fault(raw_id_, id_, title_, published_, today_) as case
    when coalesce(raw_id_, '') = '' then 'no id'
    when id_ is null then 'not an arXiv id'
    when title_ is null then 'no title'
    when published_ is null then 'no date'
    when greatest(published_, arxiv_month(id_)) > today_ then 'date in the future'
    when published_ < date '1991-01-01' then 'date before arXiv'
end
