-- published.trend_point: one row per direction and month, empty months included.
insert into published.trend_point by name
select direction, month, papers, members, exposure, status, reason, undecided from trend_point order by direction, month
