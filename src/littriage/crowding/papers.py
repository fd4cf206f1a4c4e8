"""Papers as the signs see them: months as numbers, vectors, authors as numbers, in an order that means nothing.

The order is that of a hash of the id: the first k papers are a random sample, and the same one however they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from littriage.trends import YEAR_NEEDS_MONTHS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

MEAN_NEEDS = 50
"""Papers that a month's mean vector is taken over; where a month has fewer, the months before it help."""


def month_number(month: date) -> int:
    """Months since year 0."""
    return month.year * 12 + month.month - 1


@dataclass(frozen=True, slots=True)
class Span:
    """The months that a sign speaks of."""

    last: int
    """Number of the last month that was settled on the day; nothing later is read."""
    usable: frozenset[int]
    """Months of the direction whose papers are known to be all there."""

    def start(self, back: int = 0) -> int:
        """First month of the year that ends so many years before the last month."""
        return self.last - 12 * back - 11

    def year(self, back: int = 0) -> frozenset[int]:
        """The usable months of that year."""
        first = self.start(back)
        return frozenset(range(first, first + 12)) & self.usable

    def whole(self, *backs: int) -> bool:
        """Whether each of these years has enough usable months."""
        return all(len(self.year(back)) >= YEAR_NEEDS_MONTHS for back in backs)


def hash_order(ids: Sequence[str]) -> Ints:
    """Places of the ids in the order of their MD5."""
    keys = [hashlib.md5(one.encode(), usedforsecurity=False).digest() for one in ids]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Papers:
    """Papers with vectors, in hash order."""

    ids: NDArray[np.object_]
    months: Ints
    vectors: Vectors
    """Shape (papers, dim)."""

    @classmethod
    def of(cls, ids: Sequence[str], months: Sequence[int] | Ints, vectors: Vectors) -> Papers:
        """The same papers in whatever order they come. Raises ValueError where the lengths differ."""
        if not len(ids) == len(months) == len(vectors):
            raise ValueError(f"{len(ids)} papers came with {len(months)} months and {len(vectors)} vectors")
        order = hash_order(ids)
        return cls(np.array(ids, dtype=object)[order], np.asarray(months, np.int64)[order], vectors[order])

    def until(self, last: int) -> Papers:
        """Those of the months up to `last`."""
        return self.take(np.flatnonzero(self.months <= last))

    def take(self, places: Ints) -> Papers:
        """Those at some places, ascending."""
        return Papers(self.ids[places], self.months[places], self.vectors[places])


def places_in(months: Ints, chosen: Collection[int]) -> Ints:
    """Places of the papers of these months."""
    return np.flatnonzero(np.isin(months, np.fromiter(chosen, np.int64, len(chosen))))


@dataclass(frozen=True, slots=True)
class Reference:
    """A sample of the papers of a field, and the mean vector of each of its months."""

    papers: Papers
    _means: dict[int, Vectors | None] = field(default_factory=dict)

    def mean(self, month: int) -> Vectors | None:
        """Mean vector of the field in a month, with those before it until there are 50 papers; None: there are not.

        Cosines are taken of what is left when it is subtracted: what all papers of a month share, be it a habit of
        wording or of the encoder, is no likeness (Mu and Viswanath 2018, arXiv:1702.01417, month by month).
        """
        if month not in self._means:
            places = np.flatnonzero(self.papers.months == month)
            if len(places) < MEAN_NEEDS:
                before = np.flatnonzero(self.papers.months <= month)
                newest = before[np.argsort(-self.papers.months[before], kind="stable")][: max(len(places), MEAN_NEEDS)]
                places = newest if len(newest) >= MEAN_NEEDS else places[:0]
            found = (
                self.papers.vectors[places].mean(axis=0, dtype=np.float64).astype(np.float32) if len(places) else None
            )
            self._means[month] = found
        return self._means[month]

    def centred(self, papers: Papers) -> Papers:
        """The papers without the mean of their month, as unit rows; those of months without a mean are left out."""
        found = {month: self.mean(month) for month in np.unique(papers.months).tolist()}
        means = {month: mean for month, mean in found.items() if mean is not None}
        known = papers.take(places_in(papers.months, means))
        if not len(known.ids):
            return known
        rows = known.vectors - np.stack([means[month] for month in known.months.tolist()])
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        return Papers(known.ids, known.months, np.asarray(rows / np.where(length > 0, length, 1.0), np.float32))

    def like(self, months: Ints, times: int) -> Papers:
        """Papers of the field by the months of others: `times` as many in each month, or all that there are."""
        order = np.argsort(self.papers.months, kind="stable")
        ordered = self.papers.months[order]
        chosen = [
            order[first : min(first + times * count, end)]
            for month, count in zip(*np.unique(months, return_counts=True), strict=True)
            for first, end in [np.searchsorted(ordered, [month, month + 1])]
        ]
        return self.papers.take(np.sort(np.concatenate(chosen)) if chosen else np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class Authored:
    """Papers whose authors are known, in hash order, and how many papers there are in all."""

    months: Ints
    starts: Ints
    """Shape (papers + 1,): where each paper's authors begin in `authors`."""
    authors: Ints
    """Numbers of authors, paper by paper."""
    papers: Mapping[int, int]
    """By month, with or without known authors."""
    _found: dict[str | int, Ints] = field(default_factory=dict, compare=False, repr=False)
    """What was once computed of these papers: a field is asked the same for each of its directions."""

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        months: Sequence[int] | Ints,
        authors: Sequence[Sequence[int]],
        papers: Mapping[int, int],
    ) -> Authored:
        """The same papers in whatever order they come."""
        order = hash_order(ids)
        own = [list(dict.fromkeys(authors[place])) for place in order]
        starts = np.cumsum([0, *map(len, own)])
        flat = np.fromiter((one for each in own for one in each), np.int64, int(starts[-1]))
        return cls(np.asarray(months, np.int64)[order] if len(ids) else np.empty(0, np.int64), starts, flat, papers)

    @property
    def teams(self) -> Ints:
        """Authors of each paper."""
        return np.diff(self.starts)

    def take(self, places: Ints) -> Authored:
        """The papers at some places, with repetitions as they come."""
        teams = self.teams[places]
        starts = np.concatenate([[0], np.cumsum(teams)]).astype(np.int64)
        flat = np.repeat(self.starts[places] - starts[:-1], teams) + np.arange(starts[-1])
        return Authored(self.months[places], starts, self.authors[flat], self.papers)

    def during(self, months: Collection[int]) -> Authored:
        """The papers of these months."""
        return self.take(places_in(self.months, months))

    def before(self, month: int) -> Authored:
        """The papers of the months before."""
        return self.take(np.flatnonzero(self.months < month))

    def authors_before(self, month: int) -> Ints:
        """The authors of the papers of the months before, each once, ascending."""
        if month not in self._found:
            self._found[month] = np.unique(self.authors[np.repeat(self.months < month, self.teams)])
        return self._found[month]

    @property
    def by_month(self) -> Ints:
        """Places of the papers in the order of months, those of a month as they come."""
        if "order" not in self._found:
            self._found["order"] = np.argsort(self.months, kind="stable")
        return self._found["order"]

    @property
    def ordered_months(self) -> Ints:
        """The month of each paper in that order."""
        if "months" not in self._found:
            self._found["months"] = self.months[self.by_month]
        return self._found["months"]

    def coverage(self, months: Collection[int]) -> float | None:
        """Part of the papers of these months whose authors are known; None where there are no papers."""
        total = sum(self.papers.get(month, 0) for month in months)
        chosen = np.fromiter(months, np.int64, len(months))
        known = np.searchsorted(self.ordered_months, chosen + 1) - np.searchsorted(self.ordered_months, chosen)
        return int(known.sum()) / total if total else None
