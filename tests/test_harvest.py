"""Windows of days, and the loop that fills them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.errors import HarvestRefused, LittriageError, MalformedFeed, SourceUnavailable, TotalChanged
from littriage.harvest import (
    Harvested,
    exposure_months,
    halves,
    harvest_direction,
    harvest_windows,
    merged_drops,
    month_window,
)
from littriage.model import Attempt, Drop, Exposure, MonthStatus, Paper, Query, Window
from littriage.ports import Page
from littriage.replica import Replica
from littriage.replica.faults import Fault, Request, refused
from littriage.sources.arxiv_api import ArxivApi, Patience

QUERY = Query((("transformer",),), (), ("cs.LG",))
DAYS = st.dates(date(1991, 1, 1), date(2030, 12, 31))


def day(number: int) -> date:
    """A day of 2021, 0 for the first."""
    return date(2021, 1, 1) + timedelta(days=number)


def paper(number: int, published: date) -> Paper:
    return Paper(f"2101.{number:05d}", "Transformer", "Text.", ("A",), ("cs.LG",), published)


# --- windows ----------------------------------------------------------------------------------------------------


def test_windows_are_calendar_years() -> None:
    """Whole years between a first and a last part of one, so that a finished year is never asked for again."""
    assert harvest_windows(date(2019, 5, 6), date(2021, 2, 3)) == (
        Window(date(2019, 5, 6), date(2019, 12, 31)),
        Window(date(2020, 1, 1), date(2020, 12, 31)),
        Window(date(2021, 1, 1), date(2021, 2, 3)),
    )
    assert harvest_windows(day(3), day(3)) == (Window(day(3), day(3)),)
    assert harvest_windows(day(4), day(3)) == ()


@given(DAYS, DAYS)
def test_windows_cover_every_day_once(first: date, last: date) -> None:
    """No gap, no overlap, nothing outside."""
    windows = harvest_windows(first, last)

    assert sum((w.end - w.start).days + 1 for w in windows) == max(0, (last - first).days + 1)
    assert all(earlier.end + timedelta(days=1) == later.start for earlier, later in pairwise(windows))
    assert all(first <= w.start <= w.end <= last for w in windows)


@given(DAYS, st.integers(1, 4_000))
def test_halves_cover_their_window(start: date, length: int) -> None:
    """Each half is a window of at least a day and they meet without a gap."""
    window = Window(start, start + timedelta(days=length))
    early, late = halves(window)

    assert (early.start, late.end) == (window.start, window.end)
    assert early.start <= early.end
    assert early.end + timedelta(days=1) == late.start <= late.end


@pytest.mark.parametrize(
    ("month", "end"),
    [
        (date(2020, 2, 1), date(2020, 2, 29)),
        (date(2021, 12, 1), date(2021, 12, 31)),
        (date(2021, 4, 1), date(2021, 4, 30)),
    ],
)
def test_a_month_is_all_of_its_days(month: date, end: date) -> None:
    """Leap years and year ends included."""
    assert month_window(month) == Window(month, end)


# --- papers -----------------------------------------------------------------------------------------------------


class Scripted:
    """A source that answers a window with what it was given: pages, or an error after them."""

    name = "scripted"

    def __init__(self, *answers: Page | LittriageError) -> None:
        self.answers = answers
        self.asked: list[Window] = []
        self.made: list[Attempt] = []

    def count(self, query: Query, window: Window) -> int:
        raise AssertionError("no request for the count alone")

    def pages(self, query: Query, window: Window) -> Iterator[Page]:
        self.asked.append(window)
        for answer in self.answers:
            failed = isinstance(answer, LittriageError)
            outcome = type(answer).__name__ if failed else "answered"
            self.made.append(Attempt("papers", "", 1, datetime(2026, 1, 1), 0.0, 0.0, outcome))
            if isinstance(answer, LittriageError):
                raise answer
            yield answer

    def attempts(self) -> tuple[Attempt, ...]:
        made, self.made = tuple(self.made), []
        return made


class FromReplica:
    """Makes sources on a replica that waits for nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def today(self) -> date:
        return date(2026, 1, 1)

    def now(self) -> datetime:
        return datetime(2026, 1, 1)

    def monotonic(self) -> float:
        return monotonic()

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing to wait {seconds} s for")

    def __call__(self, replica: Replica) -> ArxivApi:
        return ArxivApi(
            clock=self,
            state_folder=self.folder,
            address=replica.address,
            interval_s=0.0,
            page_size=10,
            patience=Patience(attempts=1),
        )


@pytest.fixture
def source(tmp_path: Path) -> FromReplica:
    return FromReplica(tmp_path)


# Three papers a day on the first ten days, forty on the last.
CORPUS = tuple(paper(n, day(n // 3)) for n in range(30)) + tuple(paper(n, day(20)) for n in range(30, 70))
JANUARY = Window(day(0), day(30))


def ids(harvest: Sequence[Harvested]) -> list[str]:
    return [p.id for harvested in harvest for p in harvested.papers]


def test_a_window_within_the_limit_costs_no_extra_request(source: FromReplica) -> None:
    """The first page tells the total: 30 papers in pages of 10 are three requests."""
    with Replica(CORPUS[:30]) as replica:
        [harvested] = harvest_direction(source(replica), "attention", QUERY, JANUARY, limit=30)

    note = harvested.note
    assert harvested.complete
    assert (note.source, note.direction, note.window) == ("arxiv-api", "attention", JANUARY)
    assert (note.expected, note.received, note.requests, note.dropped) == (30, 30, 3, ())
    assert len(replica.requests) == 3


@pytest.mark.parametrize("limit", [1, 3, 10, 29, 69, 70])
def test_split_windows_give_the_same_papers(source: FromReplica, limit: int) -> None:
    """However finely it is split: every paper once, and the windows cover every day once, oldest first."""
    with Replica(CORPUS) as replica:
        harvest = list(harvest_direction(source(replica), "attention", QUERY, JANUARY, limit))

    assert sorted(ids(harvest)) == [p.id for p in CORPUS]
    windows = [harvested.note.window for harvested in harvest]
    assert (windows[0].start, windows[-1].end) == (JANUARY.start, JANUARY.end)
    assert all(earlier.end + timedelta(days=1) == later.start for earlier, later in pairwise(windows))
    assert all(h.complete for h in harvest)
    assert all(h.note.expected == len(h.papers) for h in harvest)
    assert all(len(h.papers) <= limit or h.note.window.start == h.note.window.end for h in harvest)


def test_every_request_is_told_once_with_the_days_that_it_asked_for(source: FromReplica) -> None:
    """The request that found a window too full belongs to its first part; the sum is what the source was asked."""
    with Replica(CORPUS) as replica:
        harvest = list(harvest_direction(source(replica), "attention", QUERY, JANUARY, limit=40))

    early, late = halves(JANUARY)
    assert [[days for days, _ in one.attempts] for one in harvest] == [[JANUARY, *[early] * 3], [late] * 4]
    assert [one.note.requests for one in harvest] == [4, 4]
    assert len(replica.requests) == 8


def test_a_killed_harvest_goes_on_with_the_windows_that_are_left(source: FromReplica) -> None:
    """Stopped after two windows of three years, the rest gives the rest and nothing twice."""
    corpus = [paper(n, date(2019 + n % 3, 6, 1)) for n in range(30)]
    windows = harvest_windows(date(2019, 1, 1), date(2021, 12, 31))

    def harvest(replica: Replica, windows: Sequence[Window]) -> Iterator[Harvested]:
        for window in windows:
            yield from harvest_direction(source(replica), "attention", QUERY, window)

    with Replica(corpus) as replica:
        before = list(islice(harvest(replica, windows), 2))
        done = {harvested.note.window for harvested in before if harvested.complete}
        after = list(harvest(replica, [window for window in windows if window not in done]))

    assert len(after) == 1
    assert sorted(ids(before + after)) == [p.id for p in corpus]


@pytest.mark.parametrize("error", [SourceUnavailable, MalformedFeed, TotalChanged, HarvestRefused])
def test_a_failure_is_a_note_with_its_reason(error: type[LittriageError]) -> None:
    """What was received until then is passed on, and the window is not complete."""
    page = Page((paper(1, day(0)),), 3, 2, (Drop("no date", 1, ("x",)),))
    [harvested] = harvest_direction(Scripted(page, error("it broke")), "attention", QUERY, JANUARY)

    assert not harvested.complete
    assert harvested.note.failure == f"{error.__name__}: it broke"
    assert (harvested.note.expected, harvested.note.received, harvested.note.requests) == (3, 2, 2)
    assert [attempt.outcome for _, attempt in harvested.attempts] == ["answered", error.__name__]
    assert harvested.note.dropped == (Drop("no date", 1, ("x",)),)
    assert ids([harvested]) == ["2101.00001"]


def test_a_failure_before_the_first_page_expects_nothing() -> None:
    """The total was never said: it is unknown, not zero."""
    [harvested] = harvest_direction(Scripted(SourceUnavailable("down")), "attention", QUERY, JANUARY)

    assert (harvested.note.expected, harvested.note.received, harvested.complete) == (None, 0, False)


def test_one_failed_half_does_not_take_the_other_with_it(source: FromReplica) -> None:
    """The note of the failed half has the reason; the other half is complete."""
    second = f"[{halves(JANUARY)[1].start:%Y%m%d}"

    def late_days_fail(request: Request) -> Fault | None:
        return refused(503) if second in request.parameters["search_query"] else None

    with Replica(CORPUS, faults=late_days_fail) as replica:
        early, late = harvest_direction(source(replica), "attention", QUERY, JANUARY, limit=69)

    assert early.complete
    assert len(early.papers) == 30
    assert (late.note.failure or "").startswith("SourceUnavailable: ")
    assert "status 503" in (late.note.failure or "")
    assert late.papers == ()


def test_an_empty_window_is_complete(source: FromReplica) -> None:
    """The source said zero, twice: expected and received are 0 and there is no failure."""
    with Replica([]) as replica:
        [harvested] = harvest_direction(source(replica), "attention", QUERY, JANUARY)

    assert harvested.complete
    assert (harvested.note.expected, harvested.note.received) == (0, 0)


def test_a_day_beyond_what_the_source_gives_is_a_failure() -> None:
    """A day cannot be halved: above 30,000 the note says so instead of storing a part as the whole."""
    one_day = Window(day(0), day(0))
    crowded = Scripted(Page((paper(1, day(0)),), 30_001, 1))
    [harvested] = harvest_direction(crowded, "attention", QUERY, one_day)

    assert harvested.note.failure == "30001 papers in one day, 30000 can be had: narrow the query"
    assert crowded.asked == [one_day]


def test_no_limit_goes_beyond_the_sources_own() -> None:
    """A window above 30,000 is halved even where the caller allows more."""
    crowded = Scripted(Page((), 30_001, 0))
    harvest = list(harvest_direction(crowded, "attention", QUERY, Window(day(0), day(1)), limit=10**9))

    assert [h.note.window for h in harvest] == [Window(day(0), day(0)), Window(day(1), day(1))]
    assert not any(h.complete for h in harvest)


def test_drops_add_up_by_reason() -> None:
    """Rows are summed, examples kept up to three."""
    drops = [Drop("no date", 2, ("a", "b")), Drop("no title", 1, ("c",)), Drop("no date", 3, ("d", "e", "f"))]

    assert merged_drops(drops) == (Drop("no date", 5, ("a", "b", "d")), Drop("no title", 1, ("c",)))
    assert merged_drops([]) == ()


# --- exposure ---------------------------------------------------------------------------------------------------


class Field:
    """A source of counts: one a month, or an error."""

    name = "field"

    def __init__(self, counts: dict[date, int | LittriageError]) -> None:
        self.counts = counts

    def exposure_count(self, categories: Sequence[str], window: Window) -> int:
        count = self.counts[window.start]
        if isinstance(count, LittriageError):
            raise count
        return count

    def attempts(self) -> tuple[Attempt, ...]:
        raise AssertionError("its requests are the caller's to keep")


def test_exposure_is_counted_month_by_month() -> None:
    """A failed month is missing with its reason and does not stop the next; the categories make a sorted name."""
    months = (date(2021, 1, 1), date(2021, 2, 1), date(2021, 3, 1))
    field = Field({months[0]: 10, months[1]: MalformedFeed("html"), months[2]: 0})
    exposures = list(
        exposure_months(
            field, ("stat.ML", "cs.LG", "cs.LG"), months, today=date(2021, 6, 1), reporting_delay=timedelta(days=10)
        )
    )

    assert exposures == [
        Exposure("cs.LG stat.ML", months[0], 10, MonthStatus.COMPLETE, "field"),
        Exposure("cs.LG stat.ML", months[1], 0, MonthStatus.MISSING, "field", "MalformedFeed: html"),
        Exposure("cs.LG stat.ML", months[2], 0, MonthStatus.COMPLETE, "field"),
    ]


@pytest.mark.parametrize(
    ("today", "status"),
    [
        (date(2021, 1, 20), MonthStatus.OPEN),
        (date(2021, 2, 1), MonthStatus.OPEN),
        (date(2021, 2, 10), MonthStatus.OPEN),
        (date(2021, 2, 11), MonthStatus.COMPLETE),
    ],
)
def test_a_month_is_open_until_the_reporting_delay_has_passed(today: date, status: MonthStatus) -> None:
    """31 January is settled once ten whole days lie behind it: today minus ten days is then in February."""
    [exposure] = exposure_months(Field({day(0): 5}), (), [day(0)], today=today, reporting_delay=timedelta(days=10))

    assert (exposure.status, exposure.papers, exposure.category_set) == (status, 5, "")


def test_exposure_from_the_replica_counts_cross_lists_once(source: FromReplica) -> None:
    """A paper in two of the categories is one paper; other categories and months are not counted."""
    corpus = [
        Paper("2101.00001", "A", "B", (), ("cs.LG", "stat.ML"), day(0)),
        Paper("2101.00002", "A", "B", (), ("math.ST", "stat.ML"), day(30)),
        Paper("2101.00003", "A", "B", (), ("math.ST",), day(5)),
        Paper("2102.00001", "A", "B", (), ("cs.LG",), day(31)),
    ]
    with Replica(corpus) as replica:
        field = source(replica)
        some = list(
            exposure_months(
                field, ("cs.LG", "stat.ML"), [day(0)], today=date(2026, 1, 1), reporting_delay=timedelta(days=10)
            )
        )
        every = list(exposure_months(field, (), [day(0)], today=date(2026, 1, 1), reporting_delay=timedelta(days=10)))

    assert [e.papers for e in some + every] == [2, 3]
