"""The harvest: what it asks, by which channel, and the stages that do it.

Two channels bring papers. OAI-PMH lists what has changed in whole sets: the whole field, a few requests a week once the
field is held. The query API is asked direction by direction, by windows of days, and counts the fields: for a warehouse
that does not hold its field. A plan tells what each would ask, from the warehouse alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import chain
from math import ceil
from typing import Protocol

from littriage.completeness import pending_windows
from littriage.directions import category_set, query_fingerprint
from littriage.errors import HarvestRefused, MalformedFeed, SourceUnavailable, TokenRejected
from littriage.harvest import WINDOW_LIMIT, ExposureSource, exposure_months, harvest_direction, reason_of
from littriage.model import Direction, MonthStatus, Window
from littriage.ports import PaperSource, RecordPage, RecordSource
from littriage.run import Counts, Run, Step, add_up, added, measured, progress, straight
from littriage.trends import REPORTING_DELAY_DAYS, month_span
from littriage.warehouse import Warehouse, ledger, papers
from littriage.warehouse.ledger import Listing

AUTO, OAI, API = "auto", "oai", "api"
CHANNELS = (AUTO, OAI, API)
SOURCES = {OAI: "oai-pmh", API: "arxiv-api"}
"""The name of each channel's source, as the warehouse keeps it."""
LISTING = "listing"
"""The base of a copy that rests on a listing from the beginning, and not on a file."""
OVERLAP_DAYS = 1
"""Datestamps are days, and a day's listing may have been asked for in the middle of it."""
BASE_OVERLAP_DAYS = 2
"""A file may have been made in the middle of its newest day, in another time zone."""
RESTARTS = 3
"""Rejected tokens in a row, without a page beyond, after which a listing is left to the next run."""


class HarvestSource(PaperSource, ExposureSource, Protocol):
    """A source of papers that also counts whole fields."""

    name: str


@dataclass
class Breaker:
    """Stops asking a source that has been unavailable several times in a row."""

    limit: int = 3
    in_a_row: int = 0

    def is_open(self) -> bool:
        """Whether to stop asking."""
        return self.in_a_row >= self.limit

    def record(self, available: bool) -> None:
        self.in_a_row = 0 if available else self.in_a_row + 1


def chosen_directions(run: Run, only: Sequence[str] | None = None) -> list[Direction]:
    """The directions of the catalogue, or `only` some."""
    return [one for one in run.catalogue.directions if only is None or one.slug in only]


def needed_sets(directions: Iterable[Direction]) -> tuple[str, ...]:
    """The OAI sets that hold the fields of these directions, sorted; the whole of arXiv where one has no categories."""
    from littriage.sources.oai_pmh import set_of

    fields = [direction.query.categories for direction in directions]
    if not all(fields):
        return ("",)
    return tuple(sorted({set_of(category) for categories in fields for category in categories}))


# --- whole sets, by OAI-PMH -------------------------------------------------------------------------------------


def harvest_field(run: Run, records: RecordSource, sets: Sequence[str], step: Step = straight) -> None:
    """Bring the copy of these OAI sets up to the source's present day.

    A listing that is under way goes on from its token; else one begins at what the copy holds. Each page is stored in
    one transaction with the place where the listing goes on. arXiv's tokens count how many records to pass over, and a
    record that changes moves to the end, so that a token of an earlier day may pass over others: then the listing goes
    on from its newest datestamp, as after a token that is rejected. A set that fails is recorded, keeps its place for
    the next run, and does not stop the others; a source that is down is soon left alone.
    """
    breaker = Breaker()
    with measured(run, "harvest") as counts, progress(run, "harvest, pages of records", None) as advance:
        for set_spec in sets:
            work = partial(_listed, run, records, set_spec, breaker, advance)
            add_up(counts, step(f"list {set_name(set_spec)}", work))


def set_name(set_spec: str) -> str:
    """The set as people read it."""
    return f"oai {set_spec}" if set_spec else "oai, all of arXiv"


def _listed(run: Run, records: RecordSource, set_spec: str, breaker: Breaker, advance: Callable[[int], None]) -> Counts:
    counts: Counts = dict.fromkeys(
        ("requests", "pages", "received", "stored", "unchanged", "deleted", "dropped", "failed"), 0
    )
    if breaker.is_open():
        reason = f"not asked: {records.name} was unavailable for {breaker.in_a_row} sets in a row"
        run.fail("harvest", set_name(set_spec), reason)
        return {**counts, "failed": 1}
    listing = begun(ledger.listings(run.warehouse).get(set_spec, Listing(set_spec)))
    asked_on = listing.started_on if listing.token else None
    furthest: tuple[date, int] | None = None
    restarts = pages = 0
    while listing.under_way:
        try:
            for page in records.pages(set_spec, listing.since, listing.token):
                if listing.token and asked_on and page.responded_on > asked_on:
                    raise TokenRejected(
                        f"the resumption token {listing.token!r} is of {asked_on}, and the source's day is "
                        f"{page.responded_on}: begin the listing again",
                        token=listing.token,
                    )
                asked_on = asked_on or page.responded_on
                moved = _advanced(listing, page, run)
                attempts = records.attempts()
                stored, deleted = papers.store_listed(
                    run.warehouse, page, moved, attempts, source=records.name, now=run.now()
                )
                listing, pages = moved, pages + 1
                counts = added(
                    counts,
                    requests=len(attempts),
                    pages=1,
                    received=page.received,
                    stored=stored,
                    unchanged=len(page.papers) - stored,
                    deleted=deleted,
                    dropped=sum(drop.rows for drop in page.dropped),
                )
                advance(1)
                if not listing.under_way:
                    break
            breaker.record(available=True)
            if listing.under_way:
                raise MalformedFeed(f"the listing of {set_name(set_spec)} ended without its last page: run this again")
        except TokenRejected as error:
            reached = (listing.newest or date.min, pages)
            restarts = 1 if furthest is None or reached > furthest else restarts + 1
            furthest, pages = max(reached, furthest or reached), 0
            counts = added(counts, requests=_store_failed(run, records, listing, restarted(listing)))
            listing, asked_on = restarted(listing), None
            if restarts > RESTARTS:
                run.fail("harvest", set_name(set_spec), reason_of(error))
                return added(counts, failed=1)
        except (SourceUnavailable, MalformedFeed, HarvestRefused) as error:
            counts = added(counts, requests=_store_failed(run, records, listing, listing), failed=1)
            breaker.record(available=not isinstance(error, SourceUnavailable))
            run.fail("harvest", set_name(set_spec), reason_of(error))
            return counts
    return counts


def _store_failed(run: Run, records: RecordSource, asked: Listing, listing: Listing) -> int:
    """Keep the requests that brought no page, and where the listing goes on; how many requests."""
    attempts = records.attempts()
    with run.warehouse.transaction():
        if listing.pages:  # nothing is known of a set that never answered
            ledger.store_listing(run.warehouse, listing)
        ledger.store_attempts(
            run.warehouse, attempts, source=records.name, subject=asked.set_spec, first_day=asked.since, last_day=None
        )
    return len(attempts)


def begun(listing: Listing) -> Listing:
    """The listing that is to be asked for: the one under way, else a new one of what has changed since the last."""
    if listing.under_way:
        return listing
    return Listing(
        listing.set_spec,
        since=next_since(listing),
        under_way=True,
        base=listing.base,
        base_to=listing.base_to,
        current_to=listing.current_to,
        finished_at=listing.finished_at,
    )


def next_since(listing: Listing) -> date | None:
    """From which datestamp the next listing asks; None: from the beginning."""
    if listing.current_to:
        return listing.current_to - timedelta(days=OVERLAP_DAYS)
    if listing.base and listing.base_to:
        return listing.base_to - timedelta(days=BASE_OVERLAP_DAYS)
    return None


def restarted(listing: Listing) -> Listing:
    """The same listing without its token: from its newest datestamp where they came in order, else from its beginning.

    Records of a single day say nothing of an order: two days must have been seen. The day on which the listing started
    stays, so that what has changed since then is the next one's.
    """
    if listing.in_order and listing.oldest and listing.newest and listing.oldest < listing.newest:
        return replace(listing, since=listing.newest, token=None, oldest=None)
    return replace(listing, token=None, oldest=None, newest=None, in_order=True)


def _advanced(listing: Listing, page: RecordPage, run: Run) -> Listing:
    """Where the listing stands after a page."""
    in_order = page.in_order and (listing.newest is None or page.oldest is None or page.oldest >= listing.newest)
    # A source whose clock is ahead would hide all that changes until its day has come: take the earlier day.
    started_on = listing.started_on or min(page.responded_on, run.today)
    moved = replace(
        listing,
        token=page.token,
        started_on=started_on,
        oldest=min((day for day in (listing.oldest, page.oldest) if day), default=None),
        newest=max((day for day in (listing.newest, page.newest) if day), default=None),
        in_order=listing.in_order and in_order,
        pages=listing.pages + 1,
        records=listing.records + page.received,
    )
    if page.token is not None:
        return moved
    return replace(moved, under_way=False, base=listing.base or LISTING, current_to=started_on, finished_at=run.now())


def note_base(run: Run, sets: Sequence[str], source: str, newest_change: date | None, held: int) -> None:
    """Let an imported file of `held` usable papers be what the copies of these sets rest on, up to its newest change.

    Where a listing has finished, or the file does not say when its papers changed, nothing is noted. A later file moves
    the day on only if it holds at least half of the field: a few new papers do not say that nothing else has changed.
    """
    if newest_change is None:
        return
    (_, field_papers) = run.warehouse.one("read/field_papers")
    known = ledger.listings(run.warehouse)
    with run.warehouse.transaction():
        for set_spec in sets:
            listing = known.get(set_spec, Listing(set_spec))
            begins = listing.base is None  # a first listing that is under way is given up: the file is the shorter way
            extends = listing.base_to is not None and newest_change > listing.base_to and 2 * held >= field_papers
            if begins or (extends and listing.current_to is None and not listing.under_way):
                base_to = min(newest_change, run.today)
                ledger.store_listing(run.warehouse, Listing(set_spec, base=source, base_to=base_to))


# --- directions and fields, by the query API --------------------------------------------------------------------


def harvest_directions(
    run: Run, source: HarvestSource, first: date, step: Step = straight, only: Sequence[str] | None = None
) -> None:
    """Harvest every direction since `first`, or `only` some, and count the fields that they are part of.

    A direction that fails is recorded and does not stop the others; a source that is down is not asked 145 times.
    """
    chosen = chosen_directions(run, only)
    breaker = Breaker()
    with measured(run, "harvest") as counts, progress(run, "harvest, directions", len(chosen)) as advance:
        for direction in chosen:
            add_up(counts, step(f"harvest {direction.slug}", partial(harvest, run, source, direction, first, breaker)))
            advance(1)
    fields = fields_of(chosen)
    with measured(run, "exposure") as counts, progress(run, "exposure, fields", len(fields)) as advance:
        for field_ in fields:
            add_up(counts, step(f"count {field_}", partial(expose, run, source, field_, first, breaker)))
            advance(1)


def fields_of(directions: Iterable[Direction]) -> list[str]:
    """The sets of categories that these directions are part of, sorted."""
    return sorted({category_set(direction.query) for direction in directions})


def harvest(run: Run, source: HarvestSource, direction: Direction, first: date, breaker: Breaker) -> Counts:
    """Ask the source for the direction's papers of all days since `first` that are not settled yet."""
    counts: Counts = dict.fromkeys(("requests", "windows", "received", "stored", "dropped", "failed"), 0)
    if breaker.is_open():
        reason = f"not asked: {source.name} was unavailable for {breaker.in_a_row} directions in a row"
        run.fail("harvest", direction.slug, reason)
        return {**counts, "failed": 1}
    query = query_fingerprint(direction.query)
    pending = unsettled_windows(run.warehouse, direction, source.name, first, run.today)
    harvests = (harvest_direction(source, direction.slug, direction.query, window) for window in pending)
    windows = Breaker()
    answered = False
    for harvested in chain.from_iterable(harvests):
        note = harvested.note
        stored = papers.store_harvested(
            run.warehouse, note, harvested.papers, query=query, now=run.now(), attempts=harvested.attempts
        )
        counts = added(
            counts,
            requests=note.requests,
            windows=1,
            received=note.received,
            stored=stored,
            dropped=sum(drop.rows for drop in note.dropped),
            failed=int(note.failure is not None),
        )
        if note.failure:
            run.fail("harvest", direction.slug, f"{note.window.start} to {note.window.end}: {note.failure}")
        available = not (note.failure or "").startswith(SourceUnavailable.__name__)
        answered = answered or available
        windows.record(available)
        if windows.is_open():
            break
    if pending:
        breaker.record(answered)
    return counts


def unsettled_windows(
    warehouse: Warehouse, direction: Direction, source: str, first: date, today: date
) -> tuple[Window, ...]:
    """The days from `first` to `today` for which the direction's papers are still to be asked."""
    asked = papers.asked_windows(warehouse, source, direction.slug, query_fingerprint(direction.query))
    return pending_windows(first, today, asked)


def expose(run: Run, source: HarvestSource, categories: str, first: date, breaker: Breaker) -> Counts:
    """Ask the source for the size of a field, for the months since `first` that are not settled yet."""
    counts: Counts = dict.fromkeys(("requests", "months", "failed"), 0)
    if breaker.is_open():
        run.fail("exposure", categories, f"not asked: {source.name} was unavailable several times in a row")
        return {**counts, "failed": 1}
    months = uncounted_months(run.warehouse, categories, source.name, first, run.today)
    delay = timedelta(days=REPORTING_DELAY_DAYS)
    answers = exposure_months(source, categories.split(), months, today=run.today, reporting_delay=delay)
    for exposure in answers:
        attempts = source.attempts()
        papers.store_exposure(run.warehouse, exposure, attempts)
        missing = exposure.status is MonthStatus.MISSING
        counts = added(counts, requests=len(attempts), months=1, failed=int(missing))
        breaker.record(available=not (missing and exposure.reason.startswith(SourceUnavailable.__name__)))
        if missing:
            run.fail("exposure", categories, f"{exposure.month:%Y-%m}: {exposure.reason}")
        if breaker.is_open():
            break
    return counts


def uncounted_months(warehouse: Warehouse, categories: str, source: str, first: date, today: date) -> list[date]:
    """The months from `first` to `today` whose field is still to be counted."""
    known = {one.month for one in papers.exposures(warehouse, categories, source) if one.status.comparable}
    return [month for month in month_span(first.replace(day=1), today.replace(day=1)) if month not in known]


# --- the plan ---------------------------------------------------------------------------------------------------

RECORDS_A_PAGE = 3_500
"""Records of a page of arXiv's OAI-PMH service (github.com/arXiv/oaipmh)."""
RECORDS_A_DAY = {"cs": 1_300, "": 2_600}
OTHER_RECORDS_A_DAY = 400
"""Records that change in a day, for a set that was never listed: rough, and said to be."""
RECORDS_IN_ALL = {"cs": 1_200_000, "": 3_000_000}
OTHER_RECORDS_IN_ALL = 400_000
"""Records of a whole set, likewise."""
ANSWER_S = {OAI: 5.0, API: 2.0}
"""Seconds of an answer, for a source that was never asked."""
LOCAL_ANSWER_S = 0.02
"""The same for a service without a pace, which is on this machine."""
LEDGER_WEEKS = 8
"""How far back the ledger is asked what a day brings."""


@dataclass(frozen=True, slots=True)
class PlannedSubject:
    """What is to be asked about one subject."""

    subject: str
    """A direction, a set of categories, or an OAI set."""
    kind: str
    """papers, count or records, as in the ledger."""
    requests: int
    basis: str
    """How the number was estimated."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests that a harvest is to make. No request was made for it; answers may need more pages than planned."""

    channel: str
    """oai or api."""
    why: str
    """Why this channel."""
    subjects: tuple[PlannedSubject, ...]
    interval_s: float
    """Least seconds between the starts of two requests."""
    answer_s: float
    """Seconds of an answer: the median of the latest in the ledger, or what is usual."""
    other: Plan | None = None
    """What the other channel would ask."""

    @property
    def requests(self) -> int:
        """Of all subjects."""
        return sum(one.requests for one in self.subjects)

    @property
    def seconds(self) -> float:
        """How long it will take: one request at a time, each begun no sooner than the interval allows."""
        return self.requests * max(self.interval_s, self.answer_s)

    @property
    def sets(self) -> tuple[str, ...]:
        """The OAI sets that are to be listed."""
        return tuple(one.subject for one in self.subjects if one.kind == "records")


def choose_channel(warehouse: Warehouse, sets: Sequence[str], wanted: str = AUTO) -> tuple[str, str]:
    """The channel of a harvest, and why: the one that is wanted; else OAI-PMH where the field is held, or begun."""
    if wanted != AUTO:
        return wanted, "as it was asked for"
    known = ledger.listings(warehouse)
    if any(one in known and not known[one].held and known[one].under_way and known[one].pages for one in sets):
        return OAI, "a first listing of the field has been begun"
    missing = [one for one in sets if one not in known or not known[one].held]
    if missing:
        return API, f"the field is not held: {', '.join(set_name(one) for one in missing)}"
    return OAI, "the field is held, and only what has changed is listed"


def planned(
    run: Run,
    sets: Sequence[str],
    first: date,
    *,
    wanted: str = AUTO,
    interval_s: Mapping[str, float],
    only: Sequence[str] | None = None,
) -> Plan:
    """What a harvest of the catalogue, or of `only` some directions, is to ask, and what the other channel would.

    `sets` are the OAI sets that it needs, `first` the first day that the query API is asked for, and `interval_s` the
    pace of each channel. Makes no request.
    """
    channel, why = choose_channel(run.warehouse, sets, wanted)
    subjects = {OAI: _planned_sets(run, sets), API: _planned_directions(run, chosen_directions(run, only), first)}
    plans = {
        name: Plan(
            name,
            why if name == channel else "the other channel",
            tuple(subjects[name]),
            interval_s[name],
            ledger.answer_seconds(run.warehouse, SOURCES[name])
            or (ANSWER_S[name] if interval_s[name] else LOCAL_ANSWER_S),
        )
        for name in (OAI, API)
    }
    return replace(plans[channel], other=plans[API if channel == OAI else OAI])


def _planned_sets(run: Run, sets: Sequence[str]) -> list[PlannedSubject]:
    known = ledger.listings(run.warehouse)
    measured_rates = ledger.records_a_day(run.warehouse, run.today - timedelta(weeks=LEDGER_WEEKS))
    found = []
    for set_spec in sets:
        listing = begun(known.get(set_spec, Listing(set_spec)))
        if listing.since is None:
            records = RECORDS_IN_ALL.get(set_spec, OTHER_RECORDS_IN_ALL) - listing.records
            basis = f"the whole set, of some {RECORDS_IN_ALL.get(set_spec, OTHER_RECORDS_IN_ALL):,} records"
        else:
            days = max(1, (run.today - max(listing.since, listing.newest or listing.since)).days + 1)
            rate = measured_rates.get(set_spec)
            usual = RECORDS_A_DAY.get(set_spec, OTHER_RECORDS_A_DAY)
            records = ceil(days * (usual if rate is None else rate))
            told = f"the usual {usual:,} a day" if rate is None else f"{rate:,.0f} a day in the ledger"
            basis = f"{days} days from {listing.since}, {told}"
        found.append(PlannedSubject(set_spec, "records", max(1, ceil(records / RECORDS_A_PAGE)), basis))
    return found


def _planned_directions(run: Run, directions: Sequence[Direction], first: date) -> list[PlannedSubject]:
    source = SOURCES[API]
    rates = ledger.papers_a_day(run.warehouse, source)
    found = []
    for direction in directions:
        windows = unsettled_windows(run.warehouse, direction, source, first, run.today)
        rate = rates.get(direction.slug, 0.0)
        days = [(window.end - window.start).days + 1 for window in windows]
        requests = sum(max(1, ceil(rate * one / WINDOW_LIMIT)) for one in days)
        basis = f"{len(windows)} windows of {sum(days)} days"
        found.append(PlannedSubject(direction.slug, "papers", requests, basis))
    for categories in fields_of(directions):
        months = uncounted_months(run.warehouse, categories, source, first, run.today)
        found.append(PlannedSubject(categories, "count", len(months), f"{len(months)} months"))
    return found
