"""The ledger of requests, and the places of listings."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime

from littriage.model import Attempt, Drop, HarvestNote, Window
from littriage.warehouse import Warehouse, ledger, papers
from littriage.warehouse.ledger import Listing

NOW = datetime(2024, 7, 20, 12)
DAY = date(2024, 7, 11)
ANSWERED = Attempt("records", "token", 2, NOW, 3.5, 0.5, "answered", "", 70, 5, (Drop("no arXiv id", 2, ("x",)),))
FAILED = Attempt("records", "token", 1, NOW, 0.0, 60.0, "SourceUnavailable", "status 503 的")


def store(warehouse: Warehouse, *attempts: Attempt, subject: str = "cs", since: date | None = DAY) -> None:
    ledger.store_attempts(
        warehouse, attempts, source="oai-pmh", subject=subject, first_day=since, last_day=None, stored=3
    )


def test_a_request_is_kept_as_it_was(warehouse: Warehouse) -> None:
    """In the order in which they were made; only what was answered has stored anything; drops are told by reason."""
    store(warehouse, FAILED, replace(ANSWERED, dropped=(*ANSWERED.dropped, Drop("日付なし", 1))))

    rows = warehouse.connection.execute("select * exclude (number) from harvest_request order by number").fetchall()
    first, second = rows
    assert first == (
        "oai-pmh", "records", "cs", DAY, None, "token", 1, NOW, 0.0, 60.0, "SourceUnavailable", "status 503 的", None,
        None, None, "{}",
    )  # fmt: skip
    assert second == (
        "oai-pmh", "records", "cs", DAY, None, "token", 2, NOW, 3.5, 0.5, "answered", "", 70, 5, 3,
        '{"no arXiv id": 2, "日付なし": 1}',
    )  # fmt: skip


def test_an_answer_before_the_last_stored_nothing_by_itself(warehouse: Warehouse) -> None:
    """An empty answer that is asked for again, say: what was stored came with the last one, if it was answered."""
    store(warehouse, ANSWERED, ANSWERED)
    store(warehouse, ANSWERED, FAILED)
    store(warehouse)

    found = warehouse.connection.execute("select stored from harvest_request order by number").fetchall()
    assert found == [(None,), (3,), (None,), (None,)]


def test_a_listing_comes_back_as_it_was_kept(warehouse: Warehouse) -> None:
    """Every field, unknown or not; a later state replaces the earlier; the whole of arXiv is a set too."""
    bare = Listing("")
    full = Listing(
        "physics:astro-ph", DAY, "a token 的", DAY, DAY, DAY, False, 3, 7, True, "snapshot.json", DAY, DAY, NOW
    )
    assert len(fields(Listing)) == 14
    for one in (bare, full, replace(bare, pages=9)):
        ledger.store_listing(warehouse, one)

    assert ledger.listings(warehouse) == {"": replace(bare, pages=9), "physics:astro-ph": full}
    assert (bare.held, full.held) == (False, True)


def test_what_a_day_brings(warehouse: Warehouse) -> None:
    """Records of the listings from a recent day, over the days that they spanned; first listings tell of no day."""
    store(warehouse, replace(ANSWERED, received=100), FAILED, since=date(2024, 7, 11))  # 100 in 10 days
    store(warehouse, replace(ANSWERED, received=20), since=date(2024, 7, 16))  # 20 in 5 days
    store(warehouse, replace(ANSWERED, received=9_999), since=None)
    store(warehouse, replace(ANSWERED, received=9_999), since=date(2024, 1, 1))
    store(warehouse, replace(ANSWERED, received=0), subject="stat")

    assert ledger.records_a_day(warehouse, date(2024, 7, 1)) == {"cs": 8.0, "stat": 0.0}
    assert ledger.records_a_day(warehouse, date(2024, 7, 20)) == {}


def test_what_a_day_of_a_direction_brings(warehouse: Warehouse) -> None:
    """Over whole windows: what failed says nothing of how many there are."""
    window = Window(date(2024, 7, 1), date(2024, 7, 10))
    for note in (
        HarvestNote("arxiv-api", "parsing", window, 30, 30),
        HarvestNote("arxiv-api", "parsing", Window(date(2024, 6, 1), date(2024, 6, 30)), 100, 50, failure="503"),
    ):
        papers.store_harvested(warehouse, note, [], query="q", now=NOW)

    assert ledger.papers_a_day(warehouse, "arxiv-api") == {"parsing": 3.0}
    assert ledger.papers_a_day(warehouse, "oai-pmh") == {}


def test_how_long_an_answer_takes(warehouse: Warehouse) -> None:
    """The median of what was answered: neither a time-out nor one slow answer counts for all."""
    assert ledger.answer_seconds(warehouse, "oai-pmh") is None
    store(warehouse, *(replace(ANSWERED, seconds=seconds) for seconds in (1.0, 2.0, 50.0)), FAILED)

    assert ledger.answer_seconds(warehouse, "oai-pmh") == 2.0
