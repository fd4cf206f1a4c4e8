"""When two records speak of the same: texts, names and categories in one form, whatever channel they came by.

Everything here is a rule that every channel follows, so that the same paper is equal field by field from a file, from
the query API and from OAI-PMH. The SQL macros in warehouse/write/macro_*.sql are the same rules for files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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
    "cmp-lg": "cs.CL",
}
"""Categories with two names, and archives that became a category: name -> the name that arXiv keeps
(https://arxiv.org/category_taxonomy)."""


def clean_text(text: str) -> str:
    """The text on one line, without white space around it and without control characters."""
    return " ".join(text.split())


def canonical_categories(categories: Iterable[str]) -> tuple[str, ...]:
    """The categories under the names that are kept, each once, in their order."""
    return tuple(dict.fromkeys(ALIASES.get(category, category) for category in categories))


def author_names(text: str) -> tuple[str, ...]:
    """The authors of a line such as `Ada Lovelace, Charles Babbage and Bob (1) ((1) Cambridge)`, in order."""
    parts = re.split(r",? and |, ", clean_text(text))
    return tuple(part for part in parts if part)


def is_withdrawn(abstract: str, comments: str) -> bool:
    """Whether the comments, or the opening of the abstract, say that the paper has been withdrawn."""
    return bool(
        _WITHDRAWN_WORK.search(comments)
        or _WITHDRAWN_BY.search(comments)
        or _WITHDRAWN_WORK.search(abstract[:_WITHDRAWN_OPENING])
        or _WITHDRAWN_BY.match(abstract)
    )
