-- one_line(text): the text on one line, without white space around it.
create or replace temp macro one_line(text_) as trim(regexp_replace(text_, '\s+', ' ', 'g'))
