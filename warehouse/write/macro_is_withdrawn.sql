-- is_withdrawn(abstract, comments): the rule of is_withdrawn in identity.py, for clean texts. In DuckDB \W and \b know
-- ASCII only, hence \pL and \pN.
create or replace temp macro is_withdrawn(abstract_, comments_) as case
    when coalesce(contains(lower(left(abstract_, 120)), 'withdrawn'), false)
        or coalesce(contains(lower(comments_), 'withdrawn'), false)
        then len(list_filter(
            [left(abstract_, 120), comments_],
            lambda said:
                regexp_matches(said, '^[^\pL\pN_]*withdrawn([^\pL\pN_]|$)', 'i')
                or regexp_matches(
                    said,
                    '(^|[^\pL\pN_])(paper|article|manuscript|submission|version|preprint|work|note)'
                    || '([^\pL\pN_.]|[^\pL\pN_.][^.]{0,38}[^\pL\pN_.])withdrawn([^\pL\pN_]|$)',
                    'i'
                )
        )) > 0
        or coalesce(regexp_matches(
            comments_, '(^|[^\pL\pN_])withdrawn +by +(the +)?(authors?|arxiv|submitter)([^\pL\pN_]|$)', 'i'
        ), false)
    else false
end
