"""What holds for the entries of every channel: which of them cannot be a paper and why, and whose categories count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from littriage.identity import canonical_categories
from littriage.model import ArxivId, Drop

_CATEGORY = re.compile(r"[a-z-]+(\.[A-Za-z-]+)?")
_FIRST_DAY = date(1991, 1, 1)
_EXAMPLES = 3


class Drops:
    """Entries that were not taken, counted by reason, with a few examples of each."""

    def __init__(self) -> None:
        self._counted: dict[str, tuple[int, tuple[str, ...]]] = {}

    def add(self, reason: str, example: str) -> None:
        rows, examples = self._counted.get(reason, (0, ()))
        self._counted[reason] = rows + 1, examples if len(examples) == _EXAMPLES else (*examples, example)

    def summed(self) -> tuple[Drop, ...]:
        """One for each reason, in the order of first appearance."""
        return tuple(Drop(reason, rows, examples) for reason, (rows, examples) in self._counted.items())


def date_fault(name: ArxivId, published: date, today: date) -> str | None:
    """Why a paper cannot have been published then; None where it can. A service may be a day ahead of `today`."""
    if published < _FIRST_DAY:
        return "date before arXiv"
    return "date in the future" if max(published, name.month) > today + timedelta(days=1) else None


def arxiv_categories(names: Iterable[str]) -> tuple[str, ...]:
    """arXiv's own among the categories, under the names that are kept: ACM and MSC classes stand among them."""
    return canonical_categories(name for name in names if _CATEGORY.fullmatch(name))
