"""Holes in the run of arXiv's identifiers that chance does not explain: papers that a copy of the field lacks.

Identifiers run in sequence within a month, from 0001 or 00001 on (since 2007-04), before that within a month of each
archive (https://info.arxiv.org/help/arxiv_identifier.html). A copy of some archives holds part of the numbers, here
more and there fewer. A run of missing numbers is a hole where so long a run would hardly come up anywhere in the month.
Figures on real months: docs/method.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

NEEDS_PAPERS = 20
"""Papers of a sequence below which nothing can be said."""
DENSE = 0.97
"""Part of the numbers up to the highest from which a copy has been measured by them."""

_DENSE_NEEDS_PAPERS = 100

_EXPECTED = 1e-3
"""Runs so long that a month would hold fewer than this many of them by chance are holes."""
_MARGIN = 0.8
"""Papers are taken to come at this part of the rate that is seen: it changes over the day and the week."""
_QUANTILE = 0.9
"""The rate is read from the long runs: a volume of proceedings, handed in at once, makes many short ones."""
_DENSEST = 0.9
"""Density beyond which a copy is not trusted to be denser: a few numbers in a row are never given to any paper."""
_FOLLOWED_BY = 5
"""Papers that must lie beyond a hole: a mistaken number far beyond the last is no hole of thousands."""
_NEIGHBOURS = 100
"""Runs on each side of a hole that tell the rate there."""
_ROUNDS = 3

_Runs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sequence:
    """The numbers that a copy holds of one month, or of one month of an archive."""

    month: date
    archive: str
    """Empty since 2007-04."""
    numbers: NDArray[np.int32]
    """Ascending, each once, from 1 on."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Numbers that are missing and should not all be."""

    first: str
    """Identifiers: 2403.04100, hep-th/9901002."""
    last: str
    expected_lost: float
    """Papers that the copy would hold of so many numbers."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What the identifiers of a month say. What lacks after its highest one cannot be seen from them."""

    month: date
    held: int
    """Papers of the copy, the withdrawn ones included."""
    numbers: int
    """Identifiers up to the highest one held, over all archives."""
    holes: tuple[Hole, ...]
    resolution: int | None
    """The shortest hole that can be seen, in identifiers; None: too few papers to see any."""

    @property
    def lost(self) -> float:
        """Papers that the holes suggest are lacking."""
        return sum(hole.expected_lost for hole in self.holes)

    @property
    def lost_share(self) -> float:
        """`lost` as a part of the papers that there should be, 0 to 1."""
        return self.lost / (self.held + self.lost) if self.lost else 0.0

    @property
    def dense(self) -> bool:
        """Whether the numbers themselves show that nearly all papers are held."""
        return self.held >= max(DENSE * self.numbers, _DENSE_NEEDS_PAPERS) and not self.holes

    @property
    def reason(self) -> str:
        """The holes in words, the largest first; empty where there is none."""
        if not self.holes:
            return ""
        largest, *others = sorted(self.holes, key=lambda hole: -hole.expected_lost)
        more = f" and {len(others)} more runs" if len(others) > 1 else " and one more run" if others else ""
        whole = self.held + self.lost
        return f"ids {largest.first} to {largest.last}{more} are missing: about {self.lost:,.0f} papers of {whole:,.0f}"


def audits(sequences: Iterable[Sequence]) -> tuple[Audit, ...]:
    """What the identifiers of each month say, oldest first."""
    months: dict[date, list[Sequence]] = {}
    for one in sequences:
        months.setdefault(one.month, []).append(one)
    return tuple(_audit(month, sorted(months[month], key=lambda one: one.archive)) for month in sorted(months))


def _audit(month: date, sequences: list[Sequence]) -> Audit:
    found = [(one, *_holes(one.numbers)) for one in sequences if len(one.numbers)]
    largest = max(found, key=lambda one: len(one[0].numbers), default=None)
    return Audit(
        month=month,
        held=sum(len(one.numbers) for one in sequences),
        numbers=sum(int(one.numbers[-1]) for one in sequences if len(one.numbers)),
        holes=tuple(_hole(one, *hole) for one, holes, _ in found for hole in holes),
        resolution=largest[2] if largest else None,
    )


def _hole(sequence: Sequence, first: int, last: int, lost: float) -> Hole:
    month = f"{sequence.month:%y%m}"
    if sequence.archive:
        start, width = f"{sequence.archive}/{month}", 3
    else:
        start, width = f"{month}.", 5 if sequence.month.year >= 2015 else 4
    return Hole(f"{start}{first:0{width}}", f"{start}{last:0{width}}", lost)


def _holes(numbers: NDArray[np.int32]) -> tuple[list[tuple[int, int, float]], int | None]:
    """Holes as (first, last, papers lost), and the length of the shortest that could have been seen."""
    held = len(numbers)
    if held < NEEDS_PAPERS:
        return [], None
    # Run i lies before paper i; the first begins at number 1.
    runs = np.diff(np.concatenate([[0], numbers])) - 1
    surprise = log(held / _EXPECTED)
    hole = np.zeros(held, bool)
    rate = 0.0
    for _ in range(_ROUNDS):  # a hole found tells more of the rate around the next one
        usual = np.flatnonzero(~hole)
        rate = _rate(runs[usual])
        doubted = usual[(runs[usual] * rate * _MARGIN > surprise) & (usual <= held - _FOLLOWED_BY)]
        places = np.searchsorted(usual, doubted)
        new = [
            run
            for run, place in zip(doubted, places, strict=True)
            if runs[run] * _MARGIN * min(_rate(side) for side in _sides(runs[usual], place)) > surprise
        ]
        if not new:
            break
        hole[new] = True
    usual = np.flatnonzero(~hole)
    found = []
    for run in np.flatnonzero(hole):
        around = np.concatenate(_sides(runs[usual], int(np.searchsorted(usual, run)), include=True))
        density = len(around) / (len(around) + int(around.sum()))
        last = int(numbers[run]) - 1
        found.append((last - int(runs[run]) + 1, last, float(runs[run] * density)))
    return found, max(1, ceil(surprise / (rate * _MARGIN)))


def _sides(runs: _Runs, place: int, *, include: bool = False) -> list[_Runs]:
    """The runs before and after the one at `place` (`include`: it is no longer among them), where there are enough."""
    sides = [runs[max(0, place - _NEIGHBOURS) : place], runs[place if include else place + 1 :][:_NEIGHBOURS]]
    enough = min(_NEIGHBOURS, len(runs) // 4)
    return [side for side in sides if len(side) >= enough] or [runs]


def _rate(runs: _Runs) -> float:
    """Papers a number, as the rate of an exponential: by the long runs, and at most what all papers together give."""
    long = float(np.quantile(runs, _QUANTILE))
    density = len(runs) / (len(runs) + int(runs.sum()))
    by_all = -log(1 - min(density, _DENSEST))
    by_long = log(1 / (1 - _QUANTILE)) / long if long else by_all
    return min(by_long, by_all)
