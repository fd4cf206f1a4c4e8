-- published.cluster: one row per sub-topic of a direction.
insert into published.cluster by name
select direction, number, label, terms, papers, model, name, name_zh, named_by from cluster order by direction, number
