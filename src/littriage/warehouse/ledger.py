"""The ledger of requests, where the listing of each OAI set stands, and what both say of the requests to come.

`warehouse.status` reads it for people.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime

from littriage.model import Attempt
from littriage.warehouse.file import Warehouse

ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Listing:
    """Where the listing of an OAI set stands: a row of `oai_list`."""

    set_spec: str
    """cs, stat, physics:astro-ph, ...; empty: the whole of arXiv."""
    since: date | None = None
    """Datestamp from which the listing under way asks; None: from the beginning."""
    token: str | None = None
    """Where it goes on; None: at its beginning, or it is finished."""
    started_on: date | None = None
    """The source's day of its first page."""
    oldest: date | None = None
    """Oldest and newest datestamp received since it began to ask from `since`."""
    newest: date | None = None
    in_order: bool = True
    """The datestamps never went back."""
    pages: int = 0
    records: int = 0
    under_way: bool = False
    base: str | None = None
    """What the copy rests on: `listing`, or the name of an imported file; None: nothing yet."""
    base_to: date | None = None
    """The last day that an imported base is taken to hold."""
    current_to: date | None = None
    """All that had changed before this day is held; None: no listing has finished."""
    finished_at: datetime | None = None

    @property
    def held(self) -> bool:
        """Whether the whole set is held, but for what has changed of late."""
        return self.base is not None


def listings(warehouse: Warehouse) -> dict[str, Listing]:
    """Every set that was listed, or that an imported file is the base of."""
    return {row[0]: Listing(*row) for row in warehouse.rows("read/listings")}


def store_listing(warehouse: Warehouse, listing: Listing) -> None:
    """Keep where a listing stands; part of the caller's transaction."""
    row = asdict(listing)
    warehouse.insert("oai_list", {"set_spec": [row.pop("set_spec")]}, **row)


def store_attempts(
    warehouse: Warehouse,
    attempts: Sequence[Attempt],
    *,
    source: str,
    subject: str,
    first_day: date | None,
    last_day: date | None,
    stored: int | None = None,
) -> None:
    """Add requests to the ledger, oldest first; part of the caller's transaction.

    `stored` is what came of the last of them, where it was answered.
    """
    columns: dict[str, list[object]] = {name: [getattr(one, name) for one in attempts] for name in _COLUMNS}
    columns["dropped"] = [
        json.dumps({drop.reason: drop.rows for drop in one.dropped}, ensure_ascii=False) for one in attempts
    ]
    columns["stored"] = [None] * len(attempts)
    if attempts and attempts[-1].outcome == ANSWERED:
        columns["stored"][-1] = stored
    warehouse.insert(
        "harvest_request",
        columns,
        replace=False,
        source=source,
        subject=subject,
        first_day=first_day,
        last_day=last_day,
    )


_COLUMNS = [field.name for field in fields(Attempt) if field.name != "dropped"]


def records_a_day(warehouse: Warehouse, since: date) -> dict[str, float]:
    """Records that the listings begun from a datestamp since that day gave, for each day that they spanned, by set."""
    return dict(warehouse.rows("read/records_a_day", since=since))


def papers_a_day(warehouse: Warehouse, source: str) -> dict[str, float]:
    """Papers that the windows harvested whole gave, for each of their days, by direction."""
    return dict(warehouse.rows("read/papers_a_day", source=source))


def answer_seconds(warehouse: Warehouse, source: str) -> float | None:
    """Median seconds of the last answers of a source; None where it was never asked."""
    (found,) = warehouse.one("read/answer_seconds", source=source)
    return None if found is None else float(found)
