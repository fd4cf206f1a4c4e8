-- line_place: an empty table for lines that name no paper: place among those that are not blank, number in the file.
create or replace temp table line_place (ordinal bigint, number bigint, broken boolean)
