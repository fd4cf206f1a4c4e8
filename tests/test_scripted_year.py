"""A year of days that meets every fault, against a year without any: the same papers, versions, counts and months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from fakes import FakeClock
from littriage.channels import harvest_directions, harvest_field, needed_sets
from littriage.directions import load_catalogue
from littriage.model import Catalogue
from littriage.pipeline import match, weigh
from littriage.progress import Quiet
from littriage.replica import Replica
from littriage.replica.days import EventKind, Script, script_from
from littriage.replica.faults import API_FAULTS, OAI_FAULTS, Fault, Plan, Request, no_faults, sometimes
from littriage.replica.simulate import load_shapes, simulated_papers
from littriage.resources import folder as resource
from littriage.run import Run
from littriage.sources.arxiv_api import ArxivApi
from littriage.sources.oai_pmh import OaiPmh
from littriage.warehouse import Warehouse

FIRST, LAST = date(2025, 1, 5), date(2026, 1, 4)
FAULTY = 0.1

SLUGS = ("few-shot-learning", "neural-architecture-search", "denoising-diffusion")
Rows = list[tuple[Any, ...]]


@dataclass
class Met:
    """A plan that remembers which faults were met, by name."""

    plan: Plan
    faults: Mapping[str, Fault]
    met: Counter[str] = field(default_factory=Counter)
    requests: int = 0

    def __call__(self, request: Request) -> Fault | None:
        found = self.plan(request)
        self.requests += 1
        self.met.update(name for name, fault in self.faults.items() if fault is found)
        return found


@dataclass(frozen=True)
class Year:
    """What a year of harvests leaves."""

    papers: Rows
    months: Rows
    states: tuple[str, ...]
    held: int
    failed: Rows
    """Failed requests of the ledger."""
    repeated: Rows
    """Repeated requests of the ledger."""
    failures: list[tuple[str, str, str]]
    """What the runs told."""


@cache
def catalogue() -> Catalogue:
    """A few directions in several archives."""
    whole = load_catalogue(resource("queries"))
    return Catalogue(whole.themes, tuple(one for one in whole.directions if one.slug in SLUGS))


@cache
def script() -> Script:
    """The year, with something of every kind in it."""
    papers = simulated_papers(catalogue(), load_shapes(), seed=3, last_month=date(2025, 12, 1), months=14, papers=900)
    return script_from(papers, seed=3, first_day=FIRST, last_day=LAST, deleted=0.01)


Ask = Callable[[Run], None]


def lived(folder: Path, every: timedelta, plan: Plan, channel: Callable[[Replica, FakeClock, Path], Ask]) -> Year:
    """The year, asked at these intervals and at its end, in one warehouse."""
    clock = FakeClock()
    failures: list[tuple[str, str, str]] = []
    with Warehouse.open(folder / "warehouse") as warehouse, Replica(script=script(), oai_page_size=40) as replica:
        replica.faults = plan
        ask = channel(replica, clock, folder / "state")
        day = FIRST
        while day <= LAST:
            clock.day = day
            replica.set_day(day)
            run = Run(warehouse, catalogue(), day, clock.now, Quiet())
            ask(run)
            failures += run.failures
            day = LAST if day < LAST < day + every else day + every
        clock.day = LAST
        run = Run(warehouse, catalogue(), LAST, clock.now, Quiet())
        match(run)
        weigh(run, "arxiv-api")
        query = warehouse.connection.execute
        return Year(
            papers=query("select * exclude (matched_with, source, first_seen) from paper order by id").fetchall(),
            months=query("select * from field_month order by all").fetchall(),
            states=tuple(
                state for (state,) in query("select distinct status from field_month order by all").fetchall()
            ),
            held=len(query("select id from paper").fetchall()),
            failed=query("select * from harvest_request where outcome <> 'answered'").fetchall(),
            repeated=query(
                """
                select again.number, any_value(before.reason)
                from harvest_request as again
                left join harvest_request as before
                    on before.number < again.number and before.attempt = again.attempt - 1
                    and (before.source, before.kind, before.subject, before.place)
                        = (again.source, again.kind, again.subject, again.place)
                    and before.outcome <> 'answered'
                where again.attempt > 1
                group by again.number
                """
            ).fetchall(),
            failures=failures,
        )


def by_listing(replica: Replica, clock: FakeClock, state: Path) -> Ask:
    source = OaiPmh(clock=clock, state_folder=state, address=replica.oai_address, interval_s=0)
    return lambda run: harvest_field(run, source, needed_sets(run.catalogue.directions))


def by_direction(replica: Replica, clock: FakeClock, state: Path) -> Ask:
    source = ArxivApi(clock=clock, state_folder=state, address=replica.address, interval_s=0)
    return lambda run: harvest_directions(run, source, date(2024, 11, 1))


CHANNELS = {
    "listings, every other day": (timedelta(days=2), OAI_FAULTS, by_listing),
    "directions, every week": (timedelta(days=7), API_FAULTS, by_direction),
}


@pytest.mark.slow
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_year_with_a_tenth_of_the_requests_faulty_ends_as_a_clean_year(channel: str) -> None:
    """Same papers, versions, categories, counted or not, and the same worth of every month; each retry is explained."""
    every, faults, by = CHANNELS[channel]
    met = Met(sometimes(FAULTY, faults, seed=5), faults)
    with TemporaryDirectory() as clean_folder, TemporaryDirectory() as faulty_folder:
        clean = lived(Path(clean_folder), every, no_faults, by)
        faulty = lived(Path(faulty_folder), every, met, by)

    assert set(met.met) == set(faults), "every kind of fault was met"
    assert 0.05 < met.met.total() / met.requests < 0.15
    assert faulty.papers == clean.papers
    assert faulty.months == clean.months
    assert {"complete", "open"} <= set(clean.states)
    assert not clean.failed
    assert not clean.repeated
    assert faulty.repeated
    assert all(reason for _, reason in faulty.repeated), "every retry follows a failure with a reason"
    assert len(faulty.failed) <= met.met.total()


def test_the_clean_year_ends_in_the_corpus_of_its_last_day() -> None:
    """By listing: every paper of the service, in its last version, the withdrawn and the deleted ones not counted."""
    *_, by = CHANNELS["listings, every other day"]
    with TemporaryDirectory() as folder:
        year = lived(Path(folder), timedelta(days=28), no_faults, by)
    corpus = script().corpus(LAST)

    assert {event.kind for event in script().events} == set(EventKind)
    assert year.held == len(corpus.papers)
    assert not year.failures
