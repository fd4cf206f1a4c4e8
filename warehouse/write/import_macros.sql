-- Macros of the staging statements: a text on one line, and whether a paper says that it has been withdrawn. The rule is
-- that of is_withdrawn in src/littriage/sources/atom.py; \W is spelled out because DuckDB's own knows ASCII letters only.
create or replace temp macro one_line(text_) as trim(regexp_replace(text_, '\s+', ' ', 'g'));

create or replace temp macro says_withdrawn(text_) as
    regexp_matches(text_, '\b(paper|article|manuscript|submission|version|preprint|work|note)\b[^.]{0,40}\bwithdrawn\b', 'i')
    or regexp_matches(text_, '^[^\pL\pN_]*withdrawn\b', 'i');

create or replace temp macro is_withdrawn(abstract_, comments_) as
    coalesce(says_withdrawn(left(one_line(abstract_), 120)), false)
    or coalesce(
        says_withdrawn(one_line(comments_))
        or regexp_matches(one_line(comments_), '\bwithdrawn\s+by\s+(the\s+)?(authors?|arxiv|submitter)\b', 'i'),
        false
    );
