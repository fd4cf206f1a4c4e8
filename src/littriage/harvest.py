"""Harvesting by windows of days: small enough for the source, each either complete or with the reason why not.

A planner and a loop over a PaperSource; storing is the caller's. A window is done when its note has no failure, so a
harvest that was killed goes on by asking for the windows that are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

from littriage.errors import HarvestRefused, LittriageError, MalformedFeed, SourceUnavailable
from littriage.model import Attempt, Drop, Exposure, HarvestNote, MonthStatus, Paper, Query, Window
from littriage.ports import Page, PaperSource

WINDOW_LIMIT = 1_000
"""Papers above which arXiv asks for a narrower query (user manual, section 3.1.1.2)."""
SOURCE_LIMIT = 30_000
"""Papers that arXiv gives for one query at all."""
_EXAMPLES = 3


class ExposureSource(Protocol):
    """A source that counts whole fields. Raises SourceUnavailable, MalformedFeed or HarvestRefused."""

    name: str

    def exposure_count(self, categories: Sequence[str], window: Window) -> int:
        """How many papers of any of these categories, or of all where there are none, the window holds."""
        ...

    def attempts(self) -> tuple[Attempt, ...]:
        """Every request since the last call, the failed ones included, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Harvested:
    """What came of one window. After a failure the papers are those received until then."""

    note: HarvestNote
    papers: tuple[Paper, ...]
    attempts: tuple[tuple[Window, Attempt], ...] = ()
    """The requests made, each with the days that it asked for: before a window is halved it is asked for as a whole."""

    @property
    def complete(self) -> bool:
        return self.note.failure is None


# --- windows ----------------------------------------------------------------------------------------------------


def harvest_windows(first: date, last: date) -> tuple[Window, ...]:
    """Calendar years from `first` to `last`, oldest first, cut off at both ends; none where first > last."""
    years = range(first.year, last.year + 1)
    return tuple(Window(max(first, date(year, 1, 1)), min(last, date(year, 12, 31))) for year in years if first <= last)


def halves(window: Window) -> tuple[Window, Window]:
    """A window of two days or more in two, the earlier half first."""
    middle = window.start + (window.end - window.start) // 2
    return Window(window.start, middle), Window(middle + timedelta(days=1), window.end)


def month_window(month: date) -> Window:
    """All days of a month, which is given by its first."""
    next_month = (month + timedelta(days=31)).replace(day=1)
    return Window(month, next_month - timedelta(days=1))


# --- papers -----------------------------------------------------------------------------------------------------


def harvest_direction(
    source: PaperSource, direction_slug: str, query: Query, window: Window, limit: int = WINDOW_LIMIT
) -> Iterator[Harvested]:
    """The papers of a direction in a window, as one or more windows that cover it, oldest first.

    A window whose total is above `limit` is halved, down to single days. The first page tells the total, so that a
    window below the limit costs no request of its own for the count. Source errors end a window, never the harvest:
    they stand in its note, and the next window is tried. A caller who would rather stop than try just stops iterating.
    """
    yield from _harvested_windows(source, direction_slug, query, window, min(limit, SOURCE_LIMIT), ())


def _harvested_windows(
    source: PaperSource,
    slug: str,
    query: Query,
    window: Window,
    limit: int,
    before: tuple[tuple[Window, Attempt], ...],
) -> Iterator[Harvested]:
    """As `harvest_direction`; `before` are requests for a wider window, which count as the first one's."""
    failure: str | None = None
    pages: list[Page] = []
    try:
        for page in source.pages(query, window):
            pages.append(page)
            if page.total > limit and window.start < window.end:
                break
            if page.total > SOURCE_LIMIT:
                failure = f"{page.total} papers in one day, {SOURCE_LIMIT} can be had: narrow the query"
                break
    except (SourceUnavailable, MalformedFeed, HarvestRefused) as error:
        failure = reason_of(error)
    attempts = (*before, *((window, attempt) for attempt in source.attempts()))
    if failure is None and pages and pages[-1].total > limit and window.start < window.end:
        for half in halves(window):
            yield from _harvested_windows(source, slug, query, half, limit, attempts)
            attempts = ()
        return
    note = HarvestNote(
        source=source.name,
        direction=slug,
        window=window,
        expected=pages[0].total if pages else None,
        received=sum(page.received for page in pages),
        dropped=merged_drops(drop for page in pages for drop in page.dropped),
        requests=len(attempts),
        failure=failure,
    )
    yield Harvested(note, tuple(paper for page in pages for paper in page.papers), attempts)


def merged_drops(drops: Iterable[Drop]) -> tuple[Drop, ...]:
    """One drop for each reason, in the order of first appearance, with at most three examples."""
    merged: dict[str, Drop] = {}
    for drop in drops:
        known = merged.get(drop.reason, Drop(drop.reason, 0))
        examples = (known.examples + drop.examples)[:_EXAMPLES]
        merged[drop.reason] = replace(known, rows=known.rows + drop.rows, examples=examples)
    return tuple(merged.values())


def reason_of(error: LittriageError) -> str:
    """An error as a note's failure: its name and its message."""
    return f"{type(error).__name__}: {error}"


# --- exposure ---------------------------------------------------------------------------------------------------


def exposure_months(
    source: ExposureSource,
    categories: Sequence[str],
    months: Iterable[date],
    *,
    today: date,
    reporting_delay: timedelta,
) -> Iterator[Exposure]:
    """The field of a set of categories, month by month, one request each.

    A month is open until all of it is older than the reporting delay. A month that could not be counted is missing,
    with the reason: its 0 papers are no count.
    """
    category_set = " ".join(sorted(set(categories)))
    settled = today - reporting_delay
    for month in months:
        window = month_window(month)
        try:
            papers = source.exposure_count(categories, window)
        except (SourceUnavailable, MalformedFeed, HarvestRefused) as error:
            yield Exposure(category_set, month, 0, MonthStatus.MISSING, source.name, reason_of(error))
            continue
        if window.end < settled:
            yield Exposure(category_set, month, papers, MonthStatus.COMPLETE, source.name)
        else:
            reason = f"papers may still arrive: {window.end} is not {reporting_delay.days} days past"
            yield Exposure(category_set, month, papers, MonthStatus.OPEN, source.name, reason)
