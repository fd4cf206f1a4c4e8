-- published.verdict: one row per direction.
insert into published.verdict by name select * from verdict order by direction
