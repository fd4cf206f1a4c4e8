"""All papers of a record as arrays, read from the warehouse: who wrote them, where they lie and what they speak of."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from littriage.crowding.people import folded_name
from littriage.identity import canonical_categories
from littriage.outlook.shelf import Shelf
from littriage.panel import Ints
from littriage.phrases import Phrases, phrases_of
from littriage.trends import month_span, months_between

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from littriage.warehouse.file import Warehouse

LEAST_PAPERS = 20
"""Papers that must have a phrase for the shelf to know it."""
LEAST_TITLES = 3
"""Of those, papers that have it in the title."""
_MONTHS_AT_ONCE = 12
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Stock:
    """The papers of a copy as arrays, read once for all fields: only what is inside differs from field to field."""

    ids: tuple[str, ...]
    first: date
    """The month that is number 0."""
    last: date
    phrases: Phrases
    authors: csr_matrix
    """Shape (papers, authors), as in Shelf."""
    categories: csr_matrix
    """Shape (papers, categories)."""
    category_names: tuple[str, ...]
    """Of the columns, under the names that arXiv keeps."""

    def shelf(self, field: str, usable: Collection[date]) -> Shelf:
        """The shelf of one field, up to the last of its months that may be compared, or the stock's last.

        `field` holds categories, joined by a space; empty: every category. A paper without known categories is in none.
        """
        wanted = set(canonical_categories(field.split()))
        columns = [place for place, name in enumerate(self.category_names) if not wanted or name in wanted]
        inside = np.asarray(self.categories[:, columns].sum(axis=1)).ravel() > 0
        months = month_span(self.first, self.last)
        known = np.array([month in usable for month in months], dtype=np.bool_)
        whole = Shelf(self.ids, self.first, self.phrases, self.authors, self.categories, inside, known)
        return whole.until(int(np.flatnonzero(known)[-1])) if known.any() and not known[-1] else whole


def stock(warehouse: Warehouse, last: date, first: date | None = None) -> Stock:
    """All countable papers of the copy with an abstract, from month `first`, or the oldest, to `last`, both included.

    In the order of months and ids. Papers that no copy of a whole field holds are left out: they are there because a
    query asked for them, and nothing can be said of what is common.
    """
    ids: list[str] = []
    month = array("q")
    authors, categories = _Rows(), _Rows()
    (oldest,) = warehouse.one("read/shelf_oldest")
    begin = first or min(oldest or last, last)
    for id_, of_month, names, places in _rows(warehouse, "read/shelf", begin, last):
        ids.append(id_)
        month.append(months_between(begin, of_month))
        authors.add(form for name in names if (form := folded_name(name)))
        categories.add(canonical_categories(places))
    texts = _rows(warehouse, "read/shelf_texts", begin, last)
    phrases = phrases_of(texts, _numbers(month), papers=LEAST_PAPERS, titles=LEAST_TITLES)
    return Stock(tuple(ids), begin, last, phrases, authors.matrix(), categories.matrix(), categories.names)


def load(warehouse: Warehouse, field: str, last: date, usable: Collection[date], first: date | None = None) -> Shelf:
    """The shelf of one field alone: see `stock` and Stock.shelf."""
    return stock(warehouse, last, first).shelf(field, usable)


def membership_matrix(
    warehouse: Warehouse, ids: Sequence[str], directions: Iterable[str], *, related: bool = False
) -> tuple[tuple[str, ...], csr_matrix, csr_matrix]:
    """Directions, sorted; probability that each paper is theirs, shape (papers, directions); the same in titles.

    `ids` are the papers, in the order of the rows. The last matrix holds the probability where the title shows the
    direction, else nothing. `related`: that the paper is core or related, else that it is core.
    """
    from scipy.sparse import csr_matrix as matrix

    names = tuple(sorted(set(directions)))
    columns = warehouse.columns("read/shelf_members", directions=list(names), related=related)
    row_of, column_of = _places(ids), _places(names)
    rows = np.array([row_of.get(id_, -1) for id_ in columns["paper_id"].tolist()], dtype=np.int64)
    found = np.array([column_of[slug] for slug in columns["direction"].tolist()], dtype=np.int64)
    weight, in_title = np.asarray(columns["weight"], np.float64), np.asarray(columns["in_title"], np.bool_)
    shape = (len(ids), len(names))
    on_shelf = (rows >= 0) & (weight > 0)
    titled = on_shelf & in_title
    papers, titles = (matrix((weight[some], (rows[some], found[some])), shape=shape) for some in (on_shelf, titled))
    return names, papers, titles


def content_stamp(warehouse: Warehouse, first: date, last: date) -> tuple[str, str]:
    """A stamp of the papers from one month to another, both included, and one of their memberships."""
    papers, members = warehouse.one("read/shelf_stamp", first=first, last=last)
    return papers, members


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _rows(warehouse: Warehouse, name: str, first: date, last: date) -> Iterator[Any]:
    """The rows of a statement, some months after the others, so that DuckDB sorts the texts of no more at a time."""
    months = month_span(first, last)
    for place in range(0, len(months), _MONTHS_AT_ONCE):
        some = months[place : place + _MONTHS_AT_ONCE]
        for batch in warehouse.batches(name, _AT_ONCE, first=some[0], last=some[-1]):
            yield from batch


class _Rows:
    """Rows of names, as they are added, to become a matrix of ones."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._columns, self._ends = array("i"), array("q", [0])

    def add(self, names: Iterable[str]) -> None:
        number = self._number
        self._columns.extend({number.setdefault(name, len(number)): None for name in names})
        self._ends.append(len(self._columns))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._number)

    def matrix(self) -> csr_matrix:
        """Shape (rows, names), 1 where a row has the name; float32."""
        from scipy.sparse import csr_matrix as matrix

        columns, ends = np.array(self._columns, dtype=np.int32), _numbers(self._ends)
        ones = np.ones(len(columns), dtype=np.float32)
        found = matrix((ones, columns, ends), shape=(len(ends) - 1, len(self._number)))
        found.sort_indices()
        return found


def _numbers(values: array[int]) -> Ints:
    return np.array(values, dtype=np.int64)
