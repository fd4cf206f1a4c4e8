-- author_list(names): the rule of author_list in identity.py, for a list of names.
create or replace temp macro author_list(names_) as coalesce(author_names(array_to_string(
    list_transform(
        names_,
        lambda one: clean_text(one)
            .regexp_replace('^([^,]+), *(?:(Jr\.?|Sr\.?|II|III|IV))? *$', '\1 \2')
            .regexp_replace('^ *(Jr\.?|Sr\.?|II|III|IV) *, *([^,]+)$', '\2 \1')
            .regexp_replace('^([^,]+), *([^,]+), *(Jr\.?|Sr\.?|II|III|IV) *$', '\2 \1 \3')
            .regexp_replace('^([^,]+), *([^,]+)$', '\2 \1')
    ),
    ', '
)), [])
