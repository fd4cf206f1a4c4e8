"""Monthly counts of many topics as arrays: what every estimate of a state or an outlook is made from.

A panel ends with the month that an estimate speaks of. `until` cuts it there, so that nothing later can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from littriage.errors import LittriageError
from littriage.model import TrendPoint
from littriage.trends import month_after, month_span, months_between, usable

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Panel:
    """Counts of topics by month. Rows are topics, columns consecutive months, the last one the newest."""

    topics: tuple[str, ...]
    first: date
    """First day of the month of the first column."""
    papers: Floats
    """Shape (topics, months): expected members of the topic; 0 where the month is not usable."""
    exposure: Floats
    """Shape (topics, months): papers of its field; 0 where the month is not usable."""
    usable: Bools
    """Shape (topics, months): whether an estimate may use the month. An unusable month is unknown, never a zero."""

    def __post_init__(self) -> None:
        shape = (len(self.topics), self.papers.shape[1] if self.papers.ndim == 2 else -1)
        if not self.papers.shape == self.exposure.shape == self.usable.shape == shape:
            raise LittriageError(
                f"{len(self.topics)} topics, papers {self.papers.shape}, exposure {self.exposure.shape} and usable "
                f"{self.usable.shape}: the shapes of a panel must be equal"
            )

    @property
    def months(self) -> tuple[date, ...]:
        """The month of each column."""
        return tuple(month_after(self.first, column) for column in range(self.papers.shape[1]))

    @property
    def last(self) -> date:
        """The month of the last column."""
        return month_after(self.first, self.papers.shape[1] - 1)

    def column(self, month: date) -> int:
        """Place of a month; negative, or beyond the last column, where the panel does not hold it."""
        return months_between(self.first, month)

    def until(self, month: date) -> Panel:
        """The panel as it ends with `month`; an estimate made from it cannot know more.

        Where the panel ends earlier, the months up to `month` are added as unusable.
        """
        columns = max(0, self.column(month) + 1)
        lacking = max(0, columns - self.papers.shape[1])
        return Panel(
            self.topics,
            self.first,
            np.pad(self.papers[:, :columns], ((0, 0), (0, lacking))),
            np.pad(self.exposure[:, :columns], ((0, 0), (0, lacking))),
            np.pad(self.usable[:, :columns], ((0, 0), (0, lacking))),
        )

    def rows(self, chosen: Sequence[int] | Ints | Bools) -> Panel:
        """The panel of some topics, by place or by a mask."""
        places = np.flatnonzero(chosen) if np.asarray(chosen).dtype == np.bool_ else np.asarray(chosen, dtype=np.int64)
        topics = tuple(self.topics[int(place)] for place in places)
        return Panel(topics, self.first, self.papers[places], self.exposure[places], self.usable[places])

    def windows(self, months: int) -> tuple[Floats, Floats, Ints]:
        """Papers, exposure and number of usable months in the `months` that end with each column.

        Shape (topics, months) each; early columns hold what there is.
        """
        return (
            _moving(np.where(self.usable, self.papers, 0.0), months),
            _moving(np.where(self.usable, self.exposure, 0.0), months),
            np.rint(_moving(self.usable.astype(np.float64), months)).astype(np.int64),
        )


def _moving(values: Floats, months: int) -> Floats:
    """Sums over the `months` that end with each column, oldest first: no difference of long sums, so a 0 stays 0."""
    total = np.zeros_like(values)
    for back in reversed(range(min(months, values.shape[1]))):
        total[:, back:] += values[:, : values.shape[1] - back]
    return total


def panel_of(points: Mapping[str, Sequence[TrendPoint]], last: date) -> Panel:
    """The panel of directions from their points, sorted by slug, that ends with the month `last`.

    A month without a point is unusable, and so is one whose status is not comparable or whose field is empty.
    """
    topics = tuple(sorted(points))
    first = min((point.month for own in points.values() for point in own if point.month <= last), default=last)
    columns = len(month_span(first, last))
    papers, exposure = np.zeros((len(topics), columns)), np.zeros((len(topics), columns))
    known = np.zeros((len(topics), columns), dtype=np.bool_)
    for row, topic in enumerate(topics):
        for point in points[topic]:
            if point.month <= last and usable(point):
                column = months_between(first, point.month)
                papers[row, column], exposure[row, column], known[row, column] = point.papers, point.exposure, True
    return Panel(topics, first, papers, exposure, known)
