"""What a harvest has come to, as the ledger tells it: requests, directions, months. `ledger` has the copy of the field.

Light: no numpy, and nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from littriage.completeness import Asked, merged, unmended
from littriage.harvest import month_window
from littriage.model import FieldMonth, Window, field_months_by_set

if TYPE_CHECKING:
    from littriage.warehouse.file import Warehouse


@dataclass(frozen=True, slots=True)
class Channel:
    """All requests of one kind to one source."""

    source: str
    kind: str
    """papers, count or records."""
    requests: int
    answered: int
    repeated: int
    """Of `requests`, those that asked the same again."""
    failed: int
    received: int | None
    """Entries; None where no answer had any to tell of."""
    stored: int | None
    """New or better known papers."""
    first_asked: datetime
    last_asked: datetime
    waited_s: float
    seconds: float
    dropped: Mapping[str, int]
    """Reason -> entries that were not stored."""


@dataclass(frozen=True, slots=True)
class AskedWindow:
    """The last answer to a window of days of a direction."""

    source: str
    window: Window
    expected: int | None
    received: int
    stored: int
    requests: int
    failure: str | None
    """None: the window is complete."""
    asked_at: datetime
    dropped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DirectionStatus:
    """How far a direction has been harvested from one source, by its latest query."""

    slug: str
    source: str
    windows: tuple[AskedWindow, ...]
    """By their first day."""

    @property
    def done(self) -> int:
        """Windows that are complete."""
        return sum(one.failure is None for one in self.windows)

    @property
    def failed(self) -> tuple[tuple[Window, str], ...]:
        """Windows that failed and that no later answer has made up for, with the reason."""
        return unmended([(one.window, one.failure) for one in self.windows if one.failure], self._asked())

    @property
    def settled_to(self) -> date | None:
        """The last day up to which everything is held and can grow no more; None where there is none."""
        settled = merged([settled for one in self._asked() if (settled := one.settled)])
        begun = min(one.window.start for one in self.windows)
        return settled[0].end if settled and settled[0].start == begun else None

    def _asked(self) -> list[Asked]:
        return [Asked(one.window, one.asked_at.date()) for one in self.windows if one.failure is None]


@dataclass(frozen=True, slots=True)
class Request:
    """One row of the ledger."""

    number: int
    source: str
    kind: str
    subject: str
    first_day: date | None
    last_day: date | None
    place: str
    attempt: int
    asked_at: datetime
    waited_s: float
    seconds: float
    outcome: str
    reason: str
    expected: int | None
    received: int | None
    stored: int | None
    dropped: Mapping[str, int]
    outcome_before: str | None
    """Of the last request for the same; None where there was none."""
    reason_before: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the ledger that is asked for."""

    subjects: tuple[str, ...] | None = None
    """Directions and category sets; None: all of them. An OAI listing belongs to every subject."""
    month: date | None = None
    """Only requests for any day of this month; None: all of them."""


def subjects(warehouse: Warehouse, direction: str | None, category_set: str | None) -> tuple[str, ...] | None:
    """What requests about a direction, or about a set of categories and its directions, are called in the ledger.

    None where neither is given: all of them.
    """
    if category_set is None:
        return None
    if direction is not None:
        return (direction, category_set)
    return (category_set, *(slug for (slug,) in warehouse.rows("read/ledger_directions", category_set=category_set)))


def channels(warehouse: Warehouse, part: Part) -> tuple[Channel, ...]:
    """What was asked and what came of it, by source and kind of request."""
    parameters = _parameters(part)
    dropped: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for source, kind, reason, entries in warehouse.rows("read/ledger_drops", **parameters):
        dropped[source, kind][reason] = entries
    return tuple(
        Channel(*(*row, dropped.get(row[:2], {}))) for row in warehouse.rows("read/ledger_channels", **parameters)
    )


def requests(warehouse: Warehouse, part: Part, count: int) -> tuple[Request, ...]:
    """The last `count` rows of the ledger, oldest first."""
    return tuple(Request(*row) for row in warehouse.rows("read/ledger_requests", count=count, **_parameters(part)))


def direction_statuses(warehouse: Warehouse, part: Part) -> tuple[DirectionStatus, ...]:
    """The directions that were harvested, by slug and source, with all their windows."""
    windows: dict[tuple[str, str], list[AskedWindow]] = defaultdict(list)
    directions = _parameters(part)["subjects"]
    for slug, source, first, last, *rest in warehouse.rows("read/ledger_windows", directions=directions):
        windows[slug, source].append(AskedWindow(source, Window(first, last), *rest))
    return tuple(DirectionStatus(slug, source, tuple(found)) for (slug, source), found in windows.items())


def field_months(
    warehouse: Warehouse, category_set: str | None = None, month: date | None = None
) -> dict[str, tuple[FieldMonth, ...]]:
    """The months of each set of categories, oldest first."""
    return field_months_by_set(warehouse.rows("read/ledger_months", category_set=category_set, month=month))


def _parameters(part: Part) -> dict[str, object]:
    days = month_window(part.month) if part.month else None
    return {
        "subjects": None if part.subjects is None else list(part.subjects),
        "first_day": days and days.start,
        "last_day": days and days.end,
    }
