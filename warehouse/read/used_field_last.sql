-- One row: the last month that is comparable in any field.
select max(month) from exposure where source = 'used' and status in ('complete', 'assumed')
