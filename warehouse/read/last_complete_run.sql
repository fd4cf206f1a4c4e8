-- At most one row: the day as of which the last complete run gave its answers.
select as_of from run where state = 'complete' order by id desc limit 1
