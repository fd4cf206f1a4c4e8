-- harvest_drop: a window that is asked again says anew what it dropped.
delete from harvest_drop
where source = $source and direction = $direction and first_day = $first_day and last_day = $last_day
