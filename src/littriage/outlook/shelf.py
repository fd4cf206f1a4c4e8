"""All papers of a record as arrays: what a topic's neighbours, authors and categories are read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from littriage.panel import Bools, Floats, Ints, Panel
from littriage.phrases import Phrases, monthly

if TYPE_CHECKING:
    from datetime import date

    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class Shelf:
    """Papers in the order of their months, and one field of which they are, or are not, a part."""

    ids: tuple[str, ...]
    first: date
    """The month that is number 0."""
    phrases: Phrases
    """Over all papers; `phrases.month` is each paper's month."""
    authors: csr_matrix
    """Shape (papers, authors), 1 where one wrote the paper; an empty row where nobody knows the authors."""
    categories: csr_matrix
    """Shape (papers, categories)."""
    inside: Bools
    """Shape (papers,): whether the paper is of the field."""
    usable: Bools
    """Shape (months,): whether the field's month may be compared."""

    @property
    def month(self) -> Ints:
        """Shape (papers,): number of the month, not falling."""
        return self.phrases.month

    @property
    def months(self) -> int:
        return len(self.usable)

    def between(self, first: int, last: int) -> slice:
        """The papers of the months from one to another, both included."""
        ends = np.searchsorted(self.month, [first, last + 1], side="left")
        return slice(int(ends[0]), int(ends[1]))

    def sizes(self, *, inside: bool = True) -> Floats:
        """Papers of the field by month, or of all others; shape (months,)."""
        of = self.month[self.inside == inside]
        return np.bincount(of, minlength=self.months)[: self.months].astype(np.float64)

    def panel(self, topics: csr_matrix, names: tuple[str, ...]) -> Panel:
        """The counts of topics in the field; `topics` has shape (papers, topics), weights of membership, 0 to 1."""
        papers = monthly(topics[self.inside], self.month[self.inside], self.months)
        usable = np.broadcast_to(self.usable, papers.shape)
        exposure = np.broadcast_to(self.sizes(), papers.shape)
        return Panel(names, self.first, np.where(usable, papers, 0.0), np.where(usable, exposure, 0.0), usable.copy())

    def until(self, month: int) -> Shelf:
        """The shelf as it stood at the end of that month."""
        papers = self.between(0, month)
        return self._with(papers, self.ids[papers], self.usable[: month + 1])

    def half(self, chosen: Bools) -> Shelf:
        """The shelf with those of its papers alone; shape (papers,)."""
        places = np.flatnonzero(chosen)
        return self._with(places, tuple(self.ids[place] for place in places), self.usable)

    def _with(self, papers: slice | Ints, ids: tuple[str, ...], usable: Bools) -> Shelf:
        return Shelf(
            ids,
            self.first,
            self.phrases.of(papers),
            self.authors[papers],
            self.categories[papers],
            self.inside[papers],
            usable,
        )

    def topics_of_field(self, month: int) -> Ints:
        """Places of the phrases that are topics of the field, with the papers up to `month`."""
        return self.phrases.of(np.flatnonzero(self.inside)).topics(month)
