-- authors_apart(text): the authors of names with "; " between them, as author_list has them; plain ones go a short way.
create or replace temp macro authors_apart(text_) as case
    when contains(text_, ',') then author_list(string_split(text_, '; '))
    else coalesce(author_names(replace(text_, '; ', ', ')), [])
end
