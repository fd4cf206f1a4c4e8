"""What a harvest asks, by which channel, and what stays of it: listings over a scripted source, plans, the choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage.channels import (
    API,
    AUTO,
    OAI,
    RECORDS_A_PAGE,
    Plan,
    choose_channel,
    harvest_directions,
    harvest_field,
    needed_sets,
    note_base,
    planned,
)
from littriage.errors import LittriageError, SourceUnavailable, TokenRejected
from littriage.model import Attempt, Catalogue, Direction, HarvestNote, Paper, Query, Window
from littriage.pipeline import take_in
from littriage.ports import RecordPage, RecordSource
from littriage.progress import Quiet
from littriage.replica import Replica
from littriage.replica.days import script_from
from littriage.replica.faults import Request, refused
from littriage.run import Run
from littriage.sources.arxiv_api import ArxivApi
from littriage.sources.oai_pmh import OaiPmh
from littriage.sources.transport import Patience
from littriage.warehouse import Warehouse, ledger, papers
from littriage.warehouse.ledger import Listing
from paper_files import json_lines, parquet, row, snapshot_row

TODAY = date(2024, 7, 20)
NOON = datetime(2024, 7, 20, 12)
LATER = timedelta(days=7)


class Killed(BaseException):
    """The end of the process, as far as the harvest can tell."""


# --- a service that lists records -------------------------------------------------------------------------------


@dataclass
class Record:
    """A record with the day of its last change; without a paper it is deleted."""

    id: str
    changed: date
    paper: Paper | None
    set_spec: str = "cs"


def record(number: int, changed: date, title: str = "A title", version: int = 1) -> Record:
    name = f"2401.{number:05}"
    paper = Paper(name, title, "Text.", ("A. B.",), ("cs.CL",), date(2024, 1, 5), version)
    return Record(name, changed, paper)


@dataclass
class Service:
    """A RecordSource over records in a given order, so many on a page; its tokens say where to go on."""

    records: list[Record]
    size: int = 2
    day: date = TODAY
    faults: dict[int, LittriageError | type[BaseException]] = field(default_factory=dict)
    """By the number of the request, counted from 0."""
    name: str = "oai-pmh"
    asked: list[tuple[str, date | None, str | None]] = field(default_factory=list)
    _made: list[Attempt] = field(default_factory=list)

    def pages(self, set_spec: str, since: date | None, token: str | None = None) -> Iterator[RecordPage]:
        while True:
            self.asked.append((set_spec, since, token))
            fault = self.faults.get(len(self.asked) - 1)
            if isinstance(fault, LittriageError):
                self._made.append(_attempt(token, type(fault).__name__, fault.message))
                raise fault
            if fault is not None:
                raise fault
            start, day = _place(token) or (0, since)
            matching = [
                one for one in self.records if set_spec in ("", one.set_spec) and (not day or one.changed >= day)
            ]
            chosen = matching[start : start + self.size]
            days = [one.changed for one in chosen]
            more = start + self.size < len(matching)
            self._made.append(_attempt(token, received=len(chosen)))
            yield RecordPage(
                papers=tuple(one.paper for one in chosen if one.paper),
                deleted=tuple(one.id for one in chosen if one.paper is None),
                token=f"{start + self.size} {day or ''}" if more else None,
                responded_on=self.day,
                oldest=min(days, default=None),
                newest=max(days, default=None),
                in_order=days == sorted(days),
                received=len(chosen),
            )
            if not more:
                return
            token = f"{start + self.size} {day or ''}"

    def attempts(self) -> tuple[Attempt, ...]:
        made, self._made = tuple(self._made), []
        return made


def _place(token: str | None) -> tuple[int, date | None] | None:
    if token is None:
        return None
    start, _, day = token.partition(" ")
    return int(start), date.fromisoformat(day) if day else None


def _attempt(token: str | None, outcome: str = "answered", reason: str = "", received: int | None = None) -> Attempt:
    return Attempt("records", token or "", 1, NOON, 0.0, 0.5, outcome, reason, None, received)


def days(*numbers: int) -> list[Record]:
    """Records 1, 2, ... changed on these days of June 2024."""
    return [record(place, date(2024, 6, number)) for place, number in enumerate(numbers, 1)]


class Clock:
    """Time that goes on by what is waited for."""

    def __init__(self, today: date = TODAY) -> None:
        self._today = today
        self._seconds = 0.0

    def today(self) -> date:
        return self._today

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self._seconds += seconds


def run_on(warehouse: Warehouse, today: date = TODAY, directions: Sequence[Direction] = ()) -> Run:
    return Run(warehouse, Catalogue((), tuple(directions)), today, lambda: NOON, Quiet())


def listed(warehouse: Warehouse, service: RecordSource, *sets: str, today: date = TODAY) -> Run:
    """The run of one harvest of these sets."""
    run = run_on(warehouse, today)
    harvest_field(run, service, sets or ("cs",))
    return run


def stored(warehouse: Warehouse) -> dict[str, Any]:
    """What a harvest leaves behind, but for its ledger."""
    return {
        table: warehouse.connection.execute(f"select * from {table} order by all").fetchall()
        for table in ("paper", "oai_list")
    }


def listing(warehouse: Warehouse, set_spec: str = "cs") -> Listing:
    return ledger.listings(warehouse)[set_spec]


def ids(warehouse: Warehouse, condition: str = "true") -> list[str]:
    found = warehouse.connection.execute(f"select id from paper where {condition} order by id").fetchall()
    return [one[-1:] for (one,) in found]


# --- one listing ------------------------------------------------------------------------------------------------


def test_a_first_listing_asks_for_everything(warehouse: Warehouse) -> None:
    """Page by page; afterwards the copy is current to the source's day on which it began."""
    service = Service(days(1, 2, 3, 4, 5), day=date(2024, 7, 19))
    run = listed(warehouse, service)

    assert service.asked == [("cs", None, None), ("cs", None, "2 "), ("cs", None, "4 ")]
    assert run.failures == []
    assert ids(warehouse, "in_field and source = 'oai-pmh'") == ["1", "2", "3", "4", "5"]
    assert listing(warehouse) == Listing(
        "cs", started_on=date(2024, 7, 19), oldest=date(2024, 6, 1), newest=date(2024, 6, 5), pages=3, records=5,
        base="listing", current_to=date(2024, 7, 19), finished_at=NOON,
    )  # fmt: skip
    (stage,) = run.stages
    assert stage.counts == {
        "requests": 3, "pages": 3, "received": 5, "stored": 5, "unchanged": 0, "deleted": 0, "dropped": 0, "failed": 0,
    }  # fmt: skip


def test_the_next_listing_overlaps_by_a_day(warehouse: Warehouse) -> None:
    """Datestamps are days, and the day on which the last listing began had not ended: it is asked for again."""
    listed(warehouse, Service(days(1), day=date(2024, 7, 19)))
    service = Service(days(1), day=date(2024, 7, 26))
    run = listed(warehouse, service, today=TODAY + LATER)

    assert service.asked == [("cs", date(2024, 7, 18), None)]
    assert listing(warehouse).current_to == date(2024, 7, 26)
    assert listing(warehouse).base == "listing"
    assert run.stages[0].counts["received"] == 0


def test_a_source_whose_clock_is_ahead_hides_nothing(warehouse: Warehouse) -> None:
    """Its day is not believed beyond ours: else all that changes until that day has come would not be asked for."""
    listed(warehouse, Service(days(1), day=date(2099, 1, 1)))

    assert listing(warehouse).current_to == TODAY


def test_a_page_that_comes_again_changes_nothing(warehouse: Warehouse) -> None:
    """Papers are stored by their id: what is known is unchanged, what is on one page twice is one paper."""
    listed(warehouse, Service(days(1, 2)))
    before = stored(warehouse)["paper"]
    run = listed(warehouse, Service([*days(1, 2), *days(1, 2)], size=4), today=TODAY)
    warehouse.connection.execute("update oai_list set current_to = date '2024-06-01'")
    run = listed(warehouse, Service([*days(1, 2), *days(1, 2)], size=4))

    assert stored(warehouse)["paper"] == before
    assert (run.stages[0].counts["received"], run.stages[0].counts["unchanged"]) == (4, 4)


def test_of_two_versions_on_a_page_the_newer_is_stored(warehouse: Warehouse) -> None:
    """Whichever comes first."""
    day = date(2024, 6, 1)
    for first, second in ((1, 2), (2, 1)):
        service = Service([record(first, day, "v1"), record(first, day, "v2", 2)][:: 1 if second == 2 else -1])
        listed(warehouse, service)
        warehouse.connection.execute("update oai_list set current_to = date '2024-06-01'")

    found = warehouse.connection.execute("select title, version from paper order by id").fetchall()
    assert found == [("v2", 2), ("v2", 2)]


def test_papers_in_two_sets_are_stored_once(warehouse: Warehouse) -> None:
    """A cross-list comes with each of its sets; the second time it is unchanged."""
    shared = days(1, 2)
    service = Service([*shared, *(replace(one, set_spec="stat") for one in shared)])
    run = listed(warehouse, service, "cs", "stat")

    assert ids(warehouse) == ["1", "2"]
    assert (run.stages[0].counts["stored"], run.stages[0].counts["unchanged"]) == (2, 2)
    assert set(ledger.listings(warehouse)) == {"cs", "stat"}


def test_a_deleted_paper_is_counted_no_longer(warehouse: Warehouse) -> None:
    """It stays stored; listed again as present, it is counted again; one that was never held is nothing to delete."""
    listed(warehouse, Service(days(1, 2)))
    gone = [replace(days(1)[0], changed=TODAY, paper=None), Record("2401.00009", TODAY, None)]
    run = listed(warehouse, Service(gone))

    assert run.stages[0].counts["deleted"] == 1
    assert ids(warehouse, "not_counted = 'deleted'") == ["1"]
    again = listed(warehouse, Service(gone))
    assert again.stages[0].counts["deleted"] == 0
    listed(warehouse, Service([replace(days(1)[0], changed=TODAY)]))
    assert ids(warehouse, "not_counted is null") == ["1", "2"]


def test_a_listing_rests_on_an_imported_file(warehouse: Warehouse) -> None:
    """It asks for what has changed since two days before the file's newest change, and the base stays the file."""
    note_base(run_on(warehouse), ("cs",), "snapshot.json", date(2024, 6, 10), 100)
    service = Service(days(1, 8, 9))
    listed(warehouse, service)

    assert service.asked == [("cs", date(2024, 6, 8), None)]
    assert ids(warehouse) == ["2", "3"]
    assert (listing(warehouse).base, listing(warehouse).base_to) == ("snapshot.json", date(2024, 6, 10))
    assert listing(warehouse).current_to == TODAY


# --- killed and resumed -----------------------------------------------------------------------------------------

DAYS = st.lists(st.integers(1, 28), min_size=1, max_size=9)


@settings(max_examples=15, deadline=None)
@given(DAYS, st.integers(1, 3), st.lists(st.integers(0, 5), max_size=3), st.booleans())
def test_a_listing_killed_anywhere_goes_on(numbers: list[int], size: int, kills: list[int], in_order: bool) -> None:
    """However often, and at whichever request: the same papers, the same place in the listing."""
    records = days(*(sorted(numbers) if in_order else numbers))
    with Warehouse.in_memory() as undisturbed, Warehouse.in_memory() as resumed:
        listed(undisturbed, Service(records, size))
        for kill in kills:
            try:
                listed(resumed, Service(records, size, faults={kill: Killed}))
            except Killed:
                continue
            break
        else:
            listed(resumed, Service(records, size))
        assert stored(resumed) == stored(undisturbed)
        received = "select sum(received), sum(stored) from harvest_request"
        assert resumed.connection.execute(received).fetchall() == undisturbed.connection.execute(received).fetchall()


@pytest.mark.parametrize("kill", range(4))
def test_a_kill_between_a_page_and_the_next_keeps_the_page(warehouse: Warehouse, kill: int) -> None:
    """The place moves with the page, in one transaction: the next run asks for the page that was never stored."""
    records = days(1, 2, 3, 4, 5, 6, 7)
    with pytest.raises(Killed):
        listed(warehouse, Service(records, faults={kill: Killed}))
    assert len(ids(warehouse)) == 2 * kill
    service = Service(records)
    listed(warehouse, service)

    assert service.asked[0] == ("cs", None, f"{2 * kill} " if kill else None)
    assert len(ids(warehouse)) == 7


def test_a_transaction_that_fails_moves_nothing(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while a page is written: neither its papers nor its place nor its request are kept."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "store_attempts", killed)
        with pytest.raises(Killed):
            listed(warehouse, Service(days(1, 2, 3)))

    assert stored(warehouse) == {"paper": [], "oai_list": []}


# --- what fails -------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(DAYS, st.integers(1, 3), st.integers(1, 5), st.booleans())
def test_a_rejected_token_loses_nothing(numbers: list[int], size: int, request: int, in_order: bool) -> None:
    """Wherever it is rejected, oldest or newest first: every paper is held, and the day on which it began stays."""
    records = days(*sorted(numbers, reverse=not in_order))
    service = Service(records, size, faults={request: TokenRejected("expired")})
    with Warehouse.in_memory() as warehouse:
        run = listed(warehouse, service)

        assert run.failures == []
        assert len(ids(warehouse)) == len(records)
        assert (listing(warehouse).current_to, listing(warehouse).under_way) == (TODAY, False)


def test_a_listing_in_order_begins_again_at_its_newest_day(warehouse: Warehouse) -> None:
    """What came before need not come again, though that day must: some of its records may be on the next page."""
    service = Service(days(1, 2, 2, 3), faults={1: TokenRejected("expired")})
    listed(warehouse, service)

    assert [since for _, since, _ in service.asked[:3]] == [None, None, date(2024, 6, 2)]
    assert len(ids(warehouse)) == 4
    assert listing(warehouse).base == "listing"


def test_a_token_of_an_earlier_day_is_not_trusted(warehouse: Warehouse) -> None:
    """It counts records to pass over: one that has changed since has moved to the end, and another took its place."""
    records = days(1, 2, 3, 4, 5)
    listed(warehouse, Service(records, day=date(2024, 7, 18), faults={1: SourceUnavailable("down")}))
    moved = [*records[1:], replace(records[0], changed=date(2024, 7, 19))]
    service = Service(moved, day=date(2024, 7, 19))
    run = listed(warehouse, service)

    assert service.asked[:2] == [("cs", None, "2 "), ("cs", date(2024, 6, 2), None)]
    assert ids(warehouse) == ["1", "2", "3", "4", "5"]
    assert run.failures == []
    assert listing(warehouse).current_to == date(2024, 7, 18)


def test_a_listing_that_goes_on_past_midnight_ends(warehouse: Warehouse) -> None:
    """It begins once more at its newest datestamp, on the new day."""

    class Nightly(Service):
        def pages(self, set_spec: str, since: date | None, token: str | None = None) -> Iterator[RecordPage]:
            for page in super().pages(set_spec, since, token):
                yield replace(page, responded_on=date(2024, 7, 18) if len(self.asked) < 3 else date(2024, 7, 19))

    service = Nightly(days(1, 2, 3, 4, 5, 6, 7))
    run = listed(warehouse, service)

    assert run.failures == []
    assert len(ids(warehouse)) == 7
    assert [since for _, since, _ in service.asked] == [None, None, None, *[date(2024, 6, 4)] * 2]
    assert listing(warehouse).current_to == date(2024, 7, 18)


def test_a_listing_out_of_order_begins_again_at_its_beginning(warehouse: Warehouse) -> None:
    """A record of an earlier day may be on any page."""
    service = Service(days(9, 2, 5, 1), faults={1: TokenRejected("expired")})
    listed(warehouse, service)

    assert [since for _, since, _ in service.asked[:3]] == [None, None, None]
    assert [token for _, _, token in service.asked[:3]] == [None, "2 ", None]
    assert len(ids(warehouse)) == 4


def test_records_of_one_day_show_no_order(warehouse: Warehouse) -> None:
    """The first page may be of the newest day: what is older must not be lost with the token."""
    service = Service(days(9, 9, 2, 1), faults={1: TokenRejected("expired")})
    listed(warehouse, service)

    assert [since for _, since, _ in service.asked[:3]] == [None, None, None]
    assert len(ids(warehouse)) == 4


@pytest.mark.parametrize("numbers", [(6, 6, 6, 6, 6, 6), (9, 2, 5, 1, 3, 4)])
def test_a_token_that_is_always_rejected_is_given_up(warehouse: Warehouse, numbers: tuple[int, ...]) -> None:
    """After three new beginnings that came no further; the failure says why, and the next run goes on from there."""

    class NoTokens(Service):
        def pages(self, set_spec: str, since: date | None, token: str | None = None) -> Iterator[RecordPage]:
            for page in super().pages(set_spec, since, token):
                yield page
                raise TokenRejected("the token is not known")

    service = NoTokens(days(*numbers), size=2, day=date(2024, 7, 18))
    run = listed(warehouse, service)

    ((stage, subject, reason),) = run.failures
    assert (stage, subject, reason) == ("harvest", "oai cs", "TokenRejected: the token is not known")
    assert listing(warehouse).under_way
    assert listing(warehouse).current_to is None
    listed(warehouse, Service(days(*numbers), size=2))
    assert len(ids(warehouse)) == 6
    assert listing(warehouse).current_to == date(2024, 7, 18)


def test_a_source_that_is_down_keeps_the_place(warehouse: Warehouse) -> None:
    """What came is stored, the failure is told, the next run goes on from the token."""
    records = days(1, 2, 3, 4, 5)
    run = listed(warehouse, Service(records, faults={1: SourceUnavailable("status 503")}))

    assert run.failures == [("harvest", "oai cs", "SourceUnavailable: status 503")]
    assert run.stages[0].counts["failed"] == 1
    assert (len(ids(warehouse)), listing(warehouse).token) == (2, "2 ")
    service = Service(records)
    listed(warehouse, service)
    assert service.asked[0][2] == "2 "
    assert len(ids(warehouse)) == 5


def test_a_source_that_never_answered_leaves_no_listing(warehouse: Warehouse) -> None:
    """Nothing has begun, so that the next run may choose its channel anew; the ledger tells of the request."""
    run = listed(warehouse, Service(days(1), faults={0: SourceUnavailable("status 503")}))

    assert run.failures
    assert ledger.listings(warehouse) == {}
    assert warehouse.connection.execute("select subject, outcome, reason, stored from harvest_request").fetchall() == [
        ("cs", "SourceUnavailable", "status 503", None)
    ]


def test_a_source_that_is_down_is_soon_left_alone(warehouse: Warehouse) -> None:
    """After three sets without an answer the others are not asked; one that answers closes the gap."""
    down = SourceUnavailable("status 503")
    service = Service(days(1), faults=dict.fromkeys(range(9), down))
    run = listed(warehouse, service, "cs", "econ", "eess", "math", "stat")

    assert len(service.asked) == 3
    assert [reason for _, _, reason in run.failures[3:]] == [
        "not asked: oai-pmh was unavailable for 3 sets in a row"
    ] * 2


def test_a_listing_that_stops_without_a_last_page(warehouse: Warehouse) -> None:
    """An end is said by a page without a token; silence is a failure."""

    class Silent(Service):
        def pages(self, set_spec: str, since: date | None, token: str | None = None) -> Iterator[RecordPage]:
            yield next(super().pages(set_spec, since, token))

    run = listed(warehouse, Silent(days(1, 2, 3)))

    assert "ended without its last page" in run.failures[0][2]
    assert listing(warehouse).under_way


def test_every_request_of_a_listing_is_in_the_ledger(warehouse: Warehouse, tmp_path: Path) -> None:
    """Over HTTP: which page, which attempt, what had failed before it, what was received and stored of it."""
    corpus = [one.paper for one in days(1, 2, 3) if one.paper]

    def faults(request: Request) -> Any:
        return refused(503) if request.number == 2 else None

    with Replica(corpus, faults=faults, oai_page_size=2) as replica:
        source = OaiPmh(clock=Clock(), state_folder=tmp_path, address=replica.oai_address, interval_s=3.0)
        run = listed(warehouse, source)
        source.close()
        assert len(replica.requests) == 3

    assert run.failures == []
    told = warehouse.connection.execute(
        "select attempt, waited_s, outcome, received, stored, place <> '' from harvest_request order by number"
    ).fetchall()
    assert told == [
        (1, 0.0, "answered", 2, 2, False),
        (1, 3.0, "SourceUnavailable", None, None, True),
        (2, 5.0, "answered", 1, 1, True),
    ]
    assert run.stages[0].counts["requests"] == 3


# --- an imported base -------------------------------------------------------------------------------------------


def test_an_import_is_what_the_next_listing_rests_on(warehouse: Warehouse, tmp_path: Path) -> None:
    """From its newest change on, or its newest paper where it tells no changes; conference papers are no base."""
    run = run_on(warehouse, directions=[PARSING])
    take_in(run, parquet(tmp_path / "plain.parquet", [row("2104.00001")]))
    assert ledger.listings(warehouse) == {"cs": Listing("cs", base="plain.parquet", base_to=date(2021, 4, 5))}
    snapshot = [snapshot_row("0704.0001"), snapshot_row("0704.0002", update_date="2024-06-10")]
    take_in(run, json_lines(tmp_path / "snapshot.json", snapshot))
    venue = tmp_path / "venue.parquet"
    take_in(run, parquet(venue, [row("v1") | {"venue": "X", "year": 2024, "updated": datetime(2024, 7, 1)}]))

    assert ledger.listings(warehouse) == {"cs": Listing("cs", base="snapshot.json", base_to=date(2024, 6, 10))}
    assert choose_channel(warehouse, ["cs"])[0] == OAI


def test_a_small_file_does_not_move_the_base(warehouse: Warehouse) -> None:
    """A few newer papers do not say that nothing else has changed; a file with half of the field does."""
    run = listed(warehouse, Service([replace(one, set_spec="econ") for one in days(*range(1, 11))]), "econ")
    assert len(ids(warehouse)) == 10
    note_base(run, ("cs",), "first.json", date(2024, 5, 1), 10)
    note_base(run, ("cs",), "few.parquet", date(2024, 7, 1), 1)
    assert (listing(warehouse).base, listing(warehouse).base_to) == ("first.json", date(2024, 5, 1))
    note_base(run, ("cs",), "older.json", date(2024, 4, 1), 10)
    assert listing(warehouse).base == "first.json"
    note_base(run, ("cs",), "newer.json", date(2024, 7, 1), 5)
    assert (listing(warehouse).base, listing(warehouse).base_to) == ("newer.json", date(2024, 7, 1))


def test_a_base_is_noted_once_and_never_over_a_listing(warehouse: Warehouse) -> None:
    """A finished listing knows more; a file that does not say when its papers changed says nothing; no day to come."""
    run = run_on(warehouse)
    note_base(run, ("cs",), "unknown.parquet", None, 10)
    assert ledger.listings(warehouse) == {}
    listed(warehouse, Service(days(1)))
    note_base(run, ("cs", "stat"), "snapshot.json", date(2099, 1, 1), 10)

    assert listing(warehouse).base == "listing"
    assert (listing(warehouse, "stat").base, listing(warehouse, "stat").base_to) == ("snapshot.json", TODAY)


def test_a_base_ends_a_first_listing(warehouse: Warehouse) -> None:
    """Who imports a file in the middle of it has taken the shorter way."""
    listed(warehouse, Service(days(1, 2, 3), faults={1: SourceUnavailable("down")}))
    note_base(run_on(warehouse), ("cs",), "snapshot.json", date(2024, 6, 10), 100)

    assert listing(warehouse) == Listing("cs", base="snapshot.json", base_to=date(2024, 6, 10))


# --- the choice and the plan ------------------------------------------------------------------------------------

PARSING = Direction("parsing", "t", "P", "P", "P.", Query((("parse tree",),), (), ("cs.CL",)))
IMAGES = Direction("images", "t", "I", "I", "I.", Query((("image",),), (), ("cs.CV", "eess.IV", "astro-ph.IM")))


def test_the_sets_that_directions_need() -> None:
    """By archive, with the group where arXiv names it; all of arXiv for a direction without categories."""
    assert needed_sets([PARSING]) == ("cs",)
    assert needed_sets([PARSING, IMAGES]) == ("cs", "eess", "physics:astro-ph")
    assert needed_sets([PARSING, replace(IMAGES, query=Query((("x",),)))]) == ("",)
    assert needed_sets([]) == ()


def test_the_choice_of_a_channel(warehouse: Warehouse) -> None:
    """OAI-PMH once every set is held, by a listing or a file; who asks for one gets it."""
    assert choose_channel(warehouse, ["cs", "stat"]) == (API, "the field is not held: oai cs, oai stat")
    note_base(run_on(warehouse), ("cs",), "snapshot.json", date(2024, 6, 10), 100)
    assert choose_channel(warehouse, ["cs"])[0] == OAI
    assert choose_channel(warehouse, ["cs", "stat"])[0] == API
    assert choose_channel(warehouse, ["cs", "stat"], OAI)[0] == OAI
    assert choose_channel(warehouse, ["cs"], API)[0] == API
    listed(warehouse, Service([replace(one, set_spec="stat") for one in days(1)]), "stat")
    assert choose_channel(warehouse, ["cs", "stat"], AUTO)[0] == OAI


def test_a_first_listing_that_has_begun_goes_on(warehouse: Warehouse) -> None:
    """Who forced it need not force it again after an interruption; a set that never answered does not bind."""
    listed(warehouse, Service(days(1, 2, 3), faults={1: SourceUnavailable("down")}))
    assert choose_channel(warehouse, ["cs", "stat"])[0] == OAI
    assert choose_channel(warehouse, ["stat"])[0] == API


def plan(warehouse: Warehouse, wanted: str = AUTO, today: date = TODAY, **options: Any) -> Plan:
    run = run_on(warehouse, today, [IMAGES, PARSING])
    paces = {OAI: 3.0, API: 3.0}
    return planned(run, ["cs"], date(2024, 6, 1), wanted=wanted, interval_s=paces, **options)


def test_a_plan_of_windows_and_counts(warehouse: Warehouse) -> None:
    """A request for each window and each month; both channels are told; one at a time, three seconds apart."""
    found = plan(warehouse)

    assert (found.channel, found.requests, found.seconds) == (API, 6, 18.0)
    assert [(one.subject, one.kind, one.requests, one.basis) for one in found.subjects] == [
        ("images", "papers", 1, "1 windows of 50 days"),
        ("parsing", "papers", 1, "1 windows of 50 days"),
        ("astro-ph.IM cs.CV eess.IV", "count", 2, "2 months"),
        ("cs.CL", "count", 2, "2 months"),
    ]
    assert found.other
    assert (found.other.channel, found.other.requests, found.other.other) == (OAI, 343, None)
    assert found.other.seconds == 343 * 5.0
    assert [one.subject for one in plan(warehouse, only=["parsing"]).subjects] == ["parsing", "cs.CL"]


def test_a_plan_of_a_full_window(warehouse: Warehouse) -> None:
    """A direction with 30 papers a day needs a page for each 1,000 of 50 days: two."""
    note = HarvestNote("arxiv-api", "parsing", Window(date(2024, 3, 1), date(2024, 3, 10)), 300, 300)
    papers.store_harvested(warehouse, note, [], query="q", now=NOON)

    assert {one.subject: one.requests for one in plan(warehouse).subjects}["parsing"] == 2


def test_a_plan_of_an_increment(warehouse: Warehouse) -> None:
    """Without a record of its own, the usual changes a day; then what the ledger tells; at least one request."""
    note_base(run_on(warehouse), ("cs",), "snapshot.json", date(2024, 7, 13), 100)
    found = plan(warehouse)
    assert (found.channel, found.sets) == (OAI, ("cs",))
    assert [(one.requests, one.basis) for one in found.subjects] == [
        (4, "10 days from 2024-07-11, the usual 1,300 a day"),  # 13,000 records
    ]

    listed(warehouse, Service([record(number, TODAY) for number in range(30)], size=100))
    (one,) = plan(warehouse, today=TODAY + LATER).subjects
    assert (one.requests, one.basis) == (1, "9 days from 2024-07-19, 3 a day in the ledger")  # 30 over 10 days


def test_a_plan_of_a_listing_under_way(warehouse: Warehouse) -> None:
    """What came already is not counted again."""
    listed(warehouse, Service(days(1, 2, 3), faults={1: SourceUnavailable("down")}))
    warehouse.connection.execute("update oai_list set records = 1_190_000")

    (one,) = plan(warehouse, OAI).subjects
    assert one.requests == 3  # 10,000 of the usual 1,200,000
    assert RECORDS_A_PAGE == 3_500


def test_the_time_that_a_plan_tells(warehouse: Warehouse) -> None:
    """Slow answers count for themselves, quick ones are waited for: 6 requests at 7 s, at 3 s."""
    for seconds, told in ((7.0, 42.0), (0.5, 18.0)):
        warehouse.empty("harvest_request")
        attempts = [replace(_attempt(None), kind="papers", seconds=seconds)] * 3
        ledger.store_attempts(
            warehouse, attempts, source="arxiv-api", subject="parsing", first_day=TODAY, last_day=TODAY
        )
        assert plan(warehouse).seconds == told


# --- the ledger of the query API --------------------------------------------------------------------------------


def test_every_request_of_a_window_is_in_the_ledger(warehouse: Warehouse, tmp_path: Path) -> None:
    """The repeated ones after what had failed, and those by which a zero was confirmed; counts by their categories."""
    corpus = [one.paper for one in days(1, 2) if one.paper]

    def faults(request: Request) -> Any:
        return refused(503) if request.number in (1, 4) else None

    with Replica(corpus, faults=faults) as replica:
        source = ArxivApi(
            clock=Clock(), state_folder=tmp_path, address=replica.address, interval_s=0.0, patience=Patience(attempts=2)
        )
        run = run_on(warehouse, directions=[PARSING])
        harvest_directions(run, source, date(2024, 6, 1))
        source.close()
        sent = len(replica.requests)

    told = warehouse.connection.execute(
        "select kind, subject, first_day, attempt, outcome from harvest_request order by number"
    ).fetchall()
    assert len(told) == sent
    june, july = date(2024, 6, 1), date(2024, 7, 1)
    assert told == [
        ("papers", "parsing", june, 1, "SourceUnavailable"),
        ("papers", "parsing", june, 2, "answered"),
        ("papers", "parsing", june, 1, "answered"),
        ("count", "cs.CL", june, 1, "SourceUnavailable"),
        ("count", "cs.CL", june, 2, "answered"),
        ("count", "cs.CL", june, 1, "answered"),
        ("count", "cs.CL", july, 1, "answered"),
        ("count", "cs.CL", july, 1, "answered"),
    ]
    assert warehouse.connection.execute("select requests from harvest_window").fetchall() == [(3,)]
    assert [stage.counts["requests"] for stage in run.stages] == [3, 5]


# --- weeks of a service that changes ----------------------------------------------------------------------------


@pytest.mark.parametrize("step_days", [3, 7, 23])
def test_increments_hold_what_a_whole_listing_holds(tmp_path: Path, step_days: int) -> None:
    """However often the service was asked while papers came, were revised, withdrawn, moved and deleted.

    Paper by paper the copy equals that of a listing of everything on the last day, but for what that one cannot know:
    the day on which a paper was first seen, and papers that were deleted since.
    """
    first, last = date(2024, 1, 7), date(2024, 6, 30)
    corpus = [
        replace(paper, id=f"{paper.published:%y%m}.{number:05}", categories=("cs.CL",))
        for number in range(120)
        for paper in [record(number + 1, first).paper]
        if paper
        for paper in [replace(paper, published=first + timedelta(days=number))]
    ]
    script = script_from(corpus, seed=2, first_day=first, last_day=last, revised=0.3, withdrawn=0.1, recategorised=0.2,
                         deleted=0.1)  # fmt: skip
    held = "select * exclude (first_seen, date_kind, matched_with) from paper order by id"
    with Replica(script=script, oai_page_size=7) as replica:

        def copy(warehouse: Warehouse, today: date) -> None:
            source = OaiPmh(clock=Clock(today), state_folder=tmp_path, address=replica.oai_address, interval_s=0.0)
            assert listed(warehouse, source, today=today).failures == []
            source.close()

        with Warehouse.in_memory() as weekly, Warehouse.in_memory() as whole:
            for day in [*list(script.days())[::step_days], last]:
                replica.set_day(day)
                copy(weekly, day)
            copy(whole, last)
            whole_ids = {id_ for (id_,) in whole.connection.execute("select id from paper").fetchall()}
            known = weekly.connection.execute(held).fetchall()
            deleted = weekly.connection.execute("select id from paper where not_counted = 'deleted'").fetchall()
            assert [row for row in known if row[0] in whole_ids] == whole.connection.execute(held).fetchall()
            assert {row[0] for row in known} - whole_ids == {id_ for (id_,) in deleted}
            assert deleted
