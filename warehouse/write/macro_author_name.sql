-- author_name(text): the rule of author_name in identity.py.
create or replace temp macro author_name(text_) as
    trim(regexp_replace(tex_letters(clean_text(text_)), ' +', ' ', 'g'))
