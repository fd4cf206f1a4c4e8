-- is_withdrawn(abstract, comments): the rule of is_withdrawn in src/littriage/sources/atom.py. In DuckDB \s, \W and \b
-- know ASCII only, hence \pZ (spaces), \pL and \pN.
create or replace temp macro is_withdrawn(abstract_, comments_) as
    len(list_filter(
        [left(one_line(abstract_), 120), one_line(comments_)],
        lambda said:
            regexp_matches(said, '^[^\pL\pN_]*withdrawn\b', 'i')
            or regexp_matches(
                said,
                '\b(paper|article|manuscript|submission|version|preprint|work|note)\b[^.]{0,40}\bwithdrawn\b',
                'i'
            )
    )) > 0
    or coalesce(
        regexp_matches(
            comments_, '\bwithdrawn[\s\pZ]+by[\s\pZ]+(the[\s\pZ]+)?(authors?|arxiv|submitter)\b', 'i'
        ),
        false
    )
