-- tex_letters(text): TeX's accents and letters in a clean text as Unicode (NFC), as in author_names of identity.py. A
-- clean text has no control characters, so \x01 and \x02 can stand for what is to be replaced.
create or replace temp macro tex_letters(text_) as case
    when regexp_matches(text_, '[\\{}~]') then nfc_normalize(text_
        .regexp_replace('(\\(?:[`''^~=."]|[urHvdckb][ {]))([ {]*)\\([ij])(?:\{\}| |\b)', '\1\2\3', 'g')
        .regexp_replace('\\(?:([`''^~=."]) *[{]? *|([urHvdckb])(?: +[{]? *|[{] *))([A-Za-z])', e'\\3\x01\\1\\2', 'g')
        .replace(e'\x01`', chr(768)).replace(e'\x01''', chr(769)).replace(e'\x01^', chr(770))
        .replace(e'\x01~', chr(771)).replace(e'\x01=', chr(772)).replace(e'\x01.', chr(775))
        .replace(e'\x01"', chr(776)).replace(e'\x01u', chr(774)).replace(e'\x01r', chr(778))
        .replace(e'\x01H', chr(779)).replace(e'\x01v', chr(780)).replace(e'\x01d', chr(803))
        .replace(e'\x01c', chr(807)).replace(e'\x01k', chr(808)).replace(e'\x01b', chr(817))
        .regexp_replace('\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j|dh|DH|th|TH|dj|DJ|ng|NG)(?:\{\}| |\b)', e'\x01\\1\x02', 'g')
        .replace(e'\x01ss\x02', 'ß').replace(e'\x01ae\x02', 'æ').replace(e'\x01AE\x02', 'Æ')
        .replace(e'\x01oe\x02', 'œ').replace(e'\x01OE\x02', 'Œ').replace(e'\x01aa\x02', 'å')
        .replace(e'\x01AA\x02', 'Å').replace(e'\x01o\x02', 'ø').replace(e'\x01O\x02', 'Ø').replace(e'\x01l\x02', 'ł')
        .replace(e'\x01L\x02', 'Ł').replace(e'\x01i\x02', 'ı').replace(e'\x01j\x02', 'ȷ').replace(e'\x01dh\x02', 'ð')
        .replace(e'\x01DH\x02', 'Ð').replace(e'\x01th\x02', 'þ').replace(e'\x01TH\x02', 'Þ')
        .replace(e'\x01dj\x02', 'đ').replace(e'\x01DJ\x02', 'Đ').replace(e'\x01ng\x02', 'ŋ')
        .replace(e'\x01NG\x02', 'Ŋ')
        .regexp_replace('\\[ ,;:!]|~', ' ', 'g')
        .replace('{', '').replace('}', '')
    )
    when regexp_matches(text_, '[^ -~]') then nfc_normalize(text_)
    else text_
end
