-- author_names(line): the rule of author_names in identity.py; plain names take a shorter way. What the longer way
-- works on is written once: DuckDB would compute what is written twice for every row.
create or replace temp macro author_names(line_) as list_filter(
    case
        when not regexp_matches(
            clean_text(line_), '[^ -~]|[\\(){}~&:]| ,|,[^ ]|,$|(^| )and( and|,|$)|^and |[Cc]ollaboration|[JS]r|I[IV]'
        )
            then string_split(replace(replace(clean_text(line_), ', and ', ', '), ' and ', ', '), ', ')
        else list_transform(
            string_split_regex(
                trim(regexp_replace(trim(regexp_replace(tex_letters(clean_text(line_)), ' +', ' ', 'g'))
                    .regexp_replace('\((?:[Ff]or |[Oo]n behalf of )?(?:[Tt]he )?([^(),:]*[Cc]ollaboration) *\)', ', \1, ', 'g')
                    .regexp_replace('\([^()]*\)', ' ', 'g')
                    .regexp_replace('\([^()]*\)', ' ', 'g')
                    .regexp_replace('\([^()]*\)', ' ', 'g')
                    .regexp_replace('\([^()]*\)', ' ', 'g')
                    .regexp_replace('[()]', ' ', 'g')
                    .regexp_replace('(^|[ ,:])(?:[Ff]or|[Oo]n behalf of) (?:[Tt]he )?([^,:]*[Cc]ollaboration)', '\1, \2', 'g')
                    .regexp_replace('(^|[,:] *| and )[Tt]he ([^,:]*[Cc]ollaboration)', '\1\2', 'g')
                    .regexp_replace(' *, *(Jr\.?|Sr\.?|II|III|IV) *(,|:|$| and )', ' \1\2', 'g')
                    , ' +', ' ', 'g')),
                '[,:]| and | & '
            ),
            lambda name: regexp_replace(trim(name, ' '), '^(?:and(?: |$))+|(?: and)+$', '', 'g')
        )
    end,
    lambda name: name <> ''
)
