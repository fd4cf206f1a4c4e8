"""When two records speak of the same: texts, names and categories in one form, whatever channel they came by.

Everything here is a rule that every channel follows, so that the same paper is equal field by field from a file, from
the query API and from OAI-PMH. The SQL macros in warehouse/write/macro_*.sql are the same rules for files;
tests/test_identity.py compares the two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
"""Control characters (C0, DEL, C1) that are not white space."""

_WITHDRAWN_WORK = re.compile(
    r"\b(paper|article|manuscript|submission|version|preprint|work|note)\b[^.]{0,40}\bwithdrawn\b", re.IGNORECASE
)
_WITHDRAWN_BY = re.compile(r"^\W*withdrawn\b|\bwithdrawn\s+by\s+(the\s+)?(authors?|arxiv|submitter)\b", re.IGNORECASE)
_WITHDRAWN_OPENING = 120
"""Characters of an abstract in which its withdrawal would be said; further on it may be about withdrawals."""

ALIASES = {
    "cs.NA": "math.NA",
    "cs.SY": "eess.SY",
    "math.IT": "cs.IT",
    "math.MP": "math-ph",
    "q-fin.EC": "econ.GN",
    "stat.TH": "math.ST",
    "acc-phys": "physics.acc-ph",
    "adap-org": "nlin.AO",
    "alg-geom": "math.AG",
    "ao-sci": "physics.ao-ph",
    "atom-ph": "physics.atom-ph",
    "bayes-an": "physics.data-an",
    "chao-dyn": "nlin.CD",
    "chem-ph": "physics.chem-ph",
    "cmp-lg": "cs.CL",
    "comp-gas": "nlin.CG",
    "dg-ga": "math.DG",
    "funct-an": "math.FA",
    "mtrl-th": "cond-mat.mtrl-sci",
    "patt-sol": "nlin.PS",
    "plasm-ph": "physics.plasm-ph",
    "q-alg": "math.QA",
    "solv-int": "nlin.SI",
    "supr-con": "cond-mat.supr-con",
}
"""Categories with two names, and archives that became a category: name -> the name that arXiv keeps
(https://github.com/arXiv/arxiv-base/blob/develop/arxiv/taxonomy/definitions.py)."""


def clean_text(text: str) -> str:
    """The text on one line, without white space around it and without control characters."""
    return " ".join(_NO_TEXT.sub("", text).split())


# --- categories -------------------------------------------------------------------------------------------------


def canonical_categories(categories: Iterable[str]) -> tuple[str, ...]:
    """The categories under the names that are kept, each once, in their order."""
    return tuple(dict.fromkeys(ALIASES.get(category, category) for category in categories))


def category_names(category: str) -> tuple[str, ...]:
    """All names of a category: the one that is kept, then its other ones, sorted."""
    kept = ALIASES.get(category, category)
    return (kept, *sorted(other for other, name in ALIASES.items() if name == kept))


# --- names ------------------------------------------------------------------------------------------------------

_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307", '"': "\u0308",
    "u": "\u0306", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323", "c": "\u0327", "k": "\u0328",
    "b": "\u0331",
}  # fmt: skip
r"""TeX's accents, as they follow a backslash, and the same ones of Unicode, as they follow a letter."""

_LETTERS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø", "O": "Ø", "l": "ł",
    "L": "Ł", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ",
    "NG": "Ŋ",
}  # fmt: skip
"""TeX's letters, as they follow a backslash."""

_DOTLESS = re.compile(r"""(\\(?:[`'^~=."]|[urHvdckb][ {]))([ {]*)\\([ij])(?:\{\}| |\b)""", re.ASCII)
r"""A dotless i under an accent is an i with that accent: \'\i and \'{\i}."""
_ACCENT = re.compile(r"""\\(?:([`'^~=."]) *[{]? *|([urHvdckb])(?: +[{]? *|[{] *))([A-Za-z])""")
r"""\'e and \'{e}, but \v s and \v{s}."""
_LETTER = re.compile(rf"\\({'|'.join(_LETTERS)})(?:\{{\}}| |\b)", re.ASCII)
_TEX_SPACE = re.compile(r"\\[ ,;:!]|~")

_LINE_STEPS = (
    # (for the ATLAS Collaboration) is an author; whatever else stands in parentheses is where authors work.
    (
        re.compile(r"\((?:[Ff]or |[Oo]n behalf of )?(?:[Tt]he )?([^(),:]*[Cc]ollaboration) *\)"),
        r", \1, ",
    ),
    *((re.compile(r"\([^()]*\)"), " "),) * 4,
    (re.compile(r"[()]"), " "),
    (re.compile(r"(^|[ ,:])(?:[Ff]or|[Oo]n behalf of) (?:[Tt]he )?([^,:]*[Cc]ollaboration)"), r"\1, \2"),
    (re.compile(r"(^|[,:] *| and )[Tt]he ([^,:]*[Cc]ollaboration)"), r"\1\2"),
    (re.compile(r" *, *(Jr\.?|Sr\.?|II|III|IV) *(,|:|$| and )"), r" \1\2"),
)
_BETWEEN = re.compile(r"[,:]| and | & ")
_LOOSE_AND = re.compile(r"^(?:and(?: |$))+|(?: and)+$")
_SUFFIX = r"(Jr\.?|Sr\.?|II|III|IV)"
_IN_ORDER_STEPS = (
    (re.compile(rf"^([^,]+), *(?:{_SUFFIX})? *$"), r"\1 \2"),
    (re.compile(rf"^ *{_SUFFIX} *, *([^,]+)$"), r"\2 \1"),
    (re.compile(rf"^([^,]+), *([^,]+), *{_SUFFIX} *$"), r"\2 \1 \3"),
    (re.compile(r"^([^,]+), *([^,]+)$"), r"\2 \1"),
)
"""Family name first, or a suffix first: the given name comes first, the suffix last."""


def author_list(names: Iterable[str]) -> tuple[str, ...]:
    """The authors of names that come apart, as from the query API, in order: `Lovelace, Ada` is `Ada Lovelace`.

    What a name holds besides is read as in a line of authors.
    """
    return author_names(", ".join(_in_order(name) for name in names))


def _in_order(name: str) -> str:
    name = clean_text(name)
    for pattern, replacement in _IN_ORDER_STEPS:
        name = pattern.sub(replacement, name)
    return name


def author_names(text: str) -> tuple[str, ...]:
    r"""The authors of a line such as `Ada Lovelace (1), Bal\'azs Nagy, Jr. and Bob ((1) Cambridge)`, in order.

    TeX's accents become letters (NFC), those that arXiv takes (https://info.arxiv.org/help/prep.html#author).
    Affiliations in parentheses are left out, a suffix stays with its name, a collaboration is one author. Names are
    separated as in arXiv's own reading of such a line: by comma, colon, `and` or `&`
    (https://github.com/arXiv/arxiv-base/blob/develop/arxiv/authors/__init__.py).
    """
    line = clean_text(_tex_letters(clean_text(text)))
    for pattern, replacement in _LINE_STEPS:
        line = pattern.sub(replacement, line)
    return tuple(name for part in _BETWEEN.split(clean_text(line)) if (name := _LOOSE_AND.sub("", part.strip(" "))))


def _tex_letters(text: str) -> str:
    text = _DOTLESS.sub(r"\1\2\3", text)
    text = _ACCENT.sub(lambda found: found[3] + _ACCENTS[found[1] or found[2]], text)
    text = _LETTER.sub(lambda found: _LETTERS[found[1]], text)
    text = _TEX_SPACE.sub(" ", text).replace("{", "").replace("}", "")
    return unicodedata.normalize("NFC", text)


# --- withdrawals ------------------------------------------------------------------------------------------------


def is_withdrawn(abstract: str, comments: str) -> bool:
    """Whether the comments, or the opening of the abstract, say that the paper has been withdrawn."""
    return bool(
        _WITHDRAWN_WORK.search(comments)
        or _WITHDRAWN_BY.search(comments)
        or _WITHDRAWN_WORK.search(abstract[:_WITHDRAWN_OPENING])
        or _WITHDRAWN_BY.match(abstract[:_WITHDRAWN_OPENING])
    )


def all_names(categories: str) -> list[str]:
    """The categories under each of their names: files of other days have them under the old one."""
    return [name for category in categories.split() for name in category_names(category)]
