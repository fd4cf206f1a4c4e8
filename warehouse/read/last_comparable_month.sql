-- One row: the last month in which any direction can be compared.
select max(month) from trend_point where status in ('complete', 'assumed')
