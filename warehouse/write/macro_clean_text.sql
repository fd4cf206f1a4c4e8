-- clean_text(text): the rule of clean_text in identity.py. Most texts only have line ends and white space around them:
-- those need no regular expression to put them right, one to see that nothing else is wrong.
create or replace temp macro clean_text(text_) as case
    when regexp_matches(
        ltrim(replace(if(ends_with(text_, e'\n'), left(text_, -1), text_), e'\n', ' ')),
        '^ | $|  |[\x00-\x1f\x7f-\xa0\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]'
    )
        then trim(regexp_replace(
            regexp_replace(text_, '[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]', '', 'g'),
            '[\x09-\x0d\x1c-\x20\x85\xa0\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+', ' ', 'g'
        ))
    else ltrim(replace(if(ends_with(text_, e'\n'), left(text_, -1), text_), e'\n', ' '))
end
