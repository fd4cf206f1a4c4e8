"""The arXiv source, over real HTTP against the replica, with the real `arxiv` package."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event

import arxiv
import pytest

from fakes import FakeClock
from littriage.errors import (
    EmptyAnswer,
    HarvestRefused,
    LittriageError,
    MalformedFeed,
    SettingsError,
    ShortAnswer,
    SourceUnavailable,
    TotalChanged,
)
from littriage.model import Attempt, Drop, Paper, Query, Window
from littriage.ports import Page
from littriage.replica import Replica
from littriage.replica.faults import (
    Fault,
    Plan,
    always,
    control_character,
    cut,
    empty_page,
    error_entry,
    false_zero,
    gzip_bomb,
    held,
    html_page,
    moved,
    other_total,
    rate_exceeded,
    refused,
    reshaped,
    rewritten,
    script,
    short_page,
    wrong_encoding,
)
from littriage.replica.feed import Slice
from littriage.sources import transport
from littriage.sources.arxiv_api import ArxivApi
from littriage.sources.transport import Patience

MARCH = Window(date(2021, 3, 1), date(2021, 3, 31))
QUERY = Query((("transformer",),), (), ("cs.LG",))


def paper(number: int, **facts: object) -> Paper:
    """Paper `number` of March 2021, which QUERY finds."""
    known: dict[str, object] = {
        "id": f"2103.{number:05d}",
        "title": f"Transformer {number}",
        "abstract": f"Abstract {number}.",
        "authors": ("Ada Lovelace",),
        "categories": ("cs.LG",),
        "published": date(2021, 3, number),
        "version": 1,
        "updated": datetime(2021, 3, number, 23, 59, tzinfo=UTC),
    }
    return Paper(**(known | facts))  # type: ignore[arg-type]


PAPERS = tuple(paper(number) for number in range(1, 26))
Open = Callable[..., ArxivApi]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def source(tmp_path: Path, clock: FakeClock) -> Open:
    """Makes a source on a replica, without pauses between requests."""

    def make(replica: Replica, **settings: object) -> ArxivApi:
        known: dict[str, object] = {"interval_s": 0.0, "page_size": 10, "timeout_s": (2.0, 2.0)}
        return ArxivApi(
            clock=clock,
            state_folder=tmp_path,
            address=replica.address,
            **(known | settings),  # type: ignore[arg-type]
        )

    return make


def papers_of(pages: list[Page]) -> list[Paper]:
    return [paper for page in pages for paper in page.papers]


def starts(replica: Replica) -> list[int]:
    return [int(request.parameters["start"]) for request in replica.requests]


# --- the plain case ---------------------------------------------------------------------------------------------


def test_pages_hold_the_papers_of_the_window_oldest_first(source: Open) -> None:
    """25 papers in pages of 10: three requests, each paper once, each page with the total."""
    with Replica(reversed(PAPERS)) as replica:
        pages = list(source(replica).pages(QUERY, MARCH))

    assert papers_of(pages) == list(PAPERS)
    assert [(page.total, page.received) for page in pages] == [(25, 10), (25, 10), (25, 5)]
    assert starts(replica) == [0, 10, 20]


def test_every_field_survives(source: Open) -> None:
    """Old-style ids, versions, LaTeX, other scripts, several authors and categories come back as they were."""
    known = paper(
        7,
        id="cs/0103007",
        title="Transformer bounds: $O(n^2) < \\alpha$ & „Über“ 图",
        abstract="We show <b>nothing</b> & more.",
        authors=("Łukasz Ångström", "张伟"),
        categories=("cs.CL", "cs.LG", "math.ST"),
        version=3,
        updated=datetime(2022, 1, 2, 3, 4, 5, tzinfo=UTC),
        comments="12 pages; ICML'21",
    )
    with Replica([known]) as replica:
        [page] = source(replica).pages(QUERY, MARCH)

    assert page.papers == (known,)


def test_line_breaks_and_foreign_classes_are_taken_out(source: Open) -> None:
    """Titles and abstracts are one line; ACM and MSC classes are no arXiv categories; no abstract is None."""
    raw = paper(1, title="A\n  Transformer", categories=("cs.LG", "I.2.6; H.3", "68T50"), abstract=None)
    with Replica([raw]) as replica:
        [page] = source(replica).pages(QUERY, MARCH)

    assert page.papers == (replace(raw, title="A Transformer", categories=("cs.LG",)),)


def test_a_count_asks_for_no_entries(source: Open) -> None:
    """The total comes from one request for nothing else, for papers and for the whole field."""
    with Replica([*PAPERS, paper(1, id="2103.99999", title="Other")]) as replica:
        arxiv_source = source(replica)
        counts = arxiv_source.count(QUERY, MARCH), arxiv_source.exposure_count(("cs.LG", "cs.CL"), MARCH)

    assert counts == (25, 26)
    assert [request.parameters["max_results"] for request in replica.requests] == ["0", "0"]
    assert arxiv_source.requests == 2


def test_a_zero_is_asked_for_twice(source: Open) -> None:
    """An empty window is a page with total 0, after two answers that agree."""
    with Replica([]) as replica:
        pages = list(source(replica).pages(QUERY, MARCH))
        count = source(replica).count(QUERY, MARCH)

    assert (pages, count) == ([Page((), 0, 0)], 0)
    assert len(replica.requests) == 4


def test_littriage_introduces_itself(source: Open) -> None:
    """The package's own name in the header is replaced by ours and the contact."""
    with Replica(PAPERS) as replica:
        source(replica, contact="mailto:someone@example.org").count(QUERY, MARCH)

    agent = replica.requests[0].headers["user-agent"]
    assert re.fullmatch(r"littriage(/\S+)? \(\+mailto:someone@example\.org\)", agent)


# --- the arxiv package ------------------------------------------------------------------------------------------


def test_the_package_still_has_the_seam(tmp_path: Path, clock: FakeClock) -> None:
    """Everything rests on the package asking through `_session`; a release that does not must fail here."""
    client = arxiv.Client(delay_seconds=0, num_retries=0)
    asked = []

    class Session:
        def get(self, url: str, **_: object) -> object:
            asked.append(url)
            raise SourceUnavailable("seam")

    client._session = Session()
    client.query_url_format = "http://127.0.0.1:1/x?{}"

    with pytest.raises(SourceUnavailable, match="seam"):
        next(client.results(arxiv.Search("ti:a")))
    assert len(asked) == 1
    assert asked[0].startswith("http://127.0.0.1:1/x?search_query=ti%3Aa")


def test_the_package_ignores_small_limits_and_we_do_not(source: Open) -> None:
    """Asked for 10 results the package requests a page of 100, and for 0 it fetches everything; we set the page."""
    with Replica(PAPERS) as replica:
        client = arxiv.Client(delay_seconds=0)
        client.query_url_format = replica.address + "?{}"
        ten = list(client.results(arxiv.Search("cat:cs.LG", max_results=10)))
        everything = list(client.results(arxiv.Search("cat:cs.LG", max_results=0)))
        next(iter(source(replica).pages(QUERY, MARCH)))

    assert (len(ten), len(everything)) == (10, 25)
    assert [request.parameters["max_results"] for request in replica.requests] == ["100", "100", "10"]


# --- faults -----------------------------------------------------------------------------------------------------

TRUNCATED = rewritten(lambda body: body[: len(body) // 2])
NO_TOTAL = rewritten(lambda body: re.sub(b"<opensearch:totalResults>.*?</opensearch:totalResults>", b"", body))
BOMB = rewritten(lambda body: body.replace(b"<feed", b'<!DOCTYPE feed [<!ENTITY a "aaaa">]><feed', 1))
OTHER_START = rewritten(lambda body: body.replace(b"startIndex>0<", b"startIndex>30<"))
TOO_MANY = reshaped(lambda part: replace(part, papers=part.papers + part.papers))
HTML_AS_ATOM = rewritten(lambda body: b"<html><body>Sorry</body></html>")

FAULTS = [
    pytest.param(refused(503), SourceUnavailable, id="503"),
    pytest.param(refused(429, "7"), SourceUnavailable, id="429"),
    pytest.param(refused(500), SourceUnavailable, id="500"),
    pytest.param(cut(0.0), SourceUnavailable, id="cut before the body"),
    pytest.param(cut(0.5), SourceUnavailable, id="cut in mid-body"),
    pytest.param(cut(0.999), SourceUnavailable, id="cut near the end"),
    pytest.param(html_page(), MalformedFeed, id="html with 200"),
    pytest.param(HTML_AS_ATOM, MalformedFeed, id="html called atom"),
    pytest.param(rate_exceeded(), MalformedFeed, id="rate exceeded with 200"),
    pytest.param(rewritten(lambda body: b""), MalformedFeed, id="empty body"),
    pytest.param(TRUNCATED, MalformedFeed, id="half a feed"),
    pytest.param(NO_TOTAL, MalformedFeed, id="no total"),
    pytest.param(BOMB, MalformedFeed, id="entities"),
    pytest.param(wrong_encoding(), MalformedFeed, id="encoding"),
    pytest.param(control_character(), MalformedFeed, id="control character"),
    pytest.param(OTHER_START, MalformedFeed, id="another page"),
    pytest.param(TOO_MANY, MalformedFeed, id="too many entries"),
    pytest.param(moved("http://127.0.0.1:9/elsewhere"), MalformedFeed, id="redirect"),
    pytest.param(empty_page(), EmptyAnswer, id="empty page"),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS)
def test_a_fault_that_passes_does_no_harm(
    source: Open, clock: FakeClock, fault: Fault, error: type[LittriageError]
) -> None:
    """Once wrong, then right: the same papers as without the fault, after one wait."""
    with Replica(PAPERS[:8]) as replica:
        replica.faults = script({1: fault})
        pages = list(source(replica).pages(QUERY, MARCH))

    assert papers_of(pages) == list(PAPERS[:8])
    assert len(clock.sleeps) == 1


@pytest.mark.parametrize(("fault", "error"), FAULTS)
def test_a_fault_that_stays_has_a_name_and_is_never_a_zero(
    source: Open, clock: FakeClock, fault: Fault, error: type[LittriageError]
) -> None:
    """Wrong five times over: the error says what it was, and nothing was yielded."""
    with Replica(PAPERS[:8], faults=always(fault)) as replica:
        pages = source(replica).pages(QUERY, MARCH)
        with pytest.raises(error) as caught:
            next(pages)

    assert type(caught.value) is error
    assert len(replica.requests) == 5
    assert clock.sleeps == ([7.0, 10.0, 20.0, 40.0] if fault is FAULTS[1].values[0] else [5.0, 10.0, 20.0, 40.0])


# A count has no entries that could be missing or too many.
COUNT_FAULTS = [fault for fault in FAULTS if fault.id not in ("empty page", "too many entries")]


@pytest.mark.parametrize(("fault", "error"), COUNT_FAULTS)
def test_a_count_is_never_a_silent_zero_either(source: Open, fault: Fault, error: type[LittriageError]) -> None:
    """The same faults while counting."""
    with Replica(PAPERS[:8], faults=always(fault)) as replica, pytest.raises(error):
        source(replica).count(QUERY, MARCH)
    with Replica(PAPERS[:8], faults=script({1: fault})) as replica:
        assert source(replica).count(QUERY, MARCH) == 8


def test_a_false_zero_is_found_out(source: Open) -> None:
    """A first answer of total 0 that a second does not confirm is not believed, by pages and by counts."""
    with Replica(PAPERS, faults=script({1: false_zero()})) as replica:
        assert len(papers_of(list(source(replica).pages(QUERY, MARCH)))) == 25
    with Replica(PAPERS, faults=script({1: false_zero()})) as replica:
        assert source(replica).count(QUERY, MARCH) == 25


def on_page(number: int, fault: Fault) -> Plan:
    """The plan in which the page of that number, from 1, is always wrong."""
    return lambda request: fault if int(request.parameters["start"]) == 10 * (number - 1) else None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (other_total(1), TotalChanged),
        (other_total(-20), TotalChanged),
        (false_zero(), EmptyAnswer),
        (empty_page(), ShortAnswer),
        (TRUNCATED, MalformedFeed),
        (refused(503), SourceUnavailable),
    ],
)
def test_a_window_that_goes_wrong_midway_is_not_complete(
    source: Open, fault: Fault, error: type[LittriageError]
) -> None:
    """The pages before are good, then the error comes: the iteration does not just end."""
    with Replica(PAPERS, faults=on_page(2, fault)) as replica:
        pages = source(replica).pages(QUERY, MARCH)
        first = next(pages)
        with pytest.raises(error) as caught:
            next(pages)

    assert first.papers == PAPERS[:10]
    assert type(caught.value) is error


def test_a_short_page_is_continued_where_it_ended(source: Open) -> None:
    """Six entries instead of ten, then four: the next requests start at 6 and 10 and nothing is lost."""
    with Replica(PAPERS, faults=script({1: short_page(6), 2: short_page(4)})) as replica:
        pages = list(source(replica).pages(QUERY, MARCH))

    assert papers_of(pages) == list(PAPERS)
    assert starts(replica) == [0, 6, 10, 20]


@pytest.mark.parametrize("status", [200, 400])
def test_an_error_entry_is_a_refusal_and_no_paper(source: Open, clock: FakeClock, status: int) -> None:
    """The source's own words are passed on, and the query is not asked again."""
    with (
        Replica(PAPERS, faults=always(error_entry("bad field", status))) as replica,
        pytest.raises(HarvestRefused, match="bad field"),
    ):
        source(replica).count(QUERY, MARCH)

    assert (len(replica.requests), clock.sleeps) == (1, [])


def test_a_page_that_is_not_there_is_a_refusal(source: Open) -> None:
    """A wrong path is our mistake, not a passing fault."""
    with Replica(PAPERS, faults=always(refused(404))) as replica, pytest.raises(HarvestRefused, match="404"):
        source(replica).count(QUERY, MARCH)


def test_a_slow_answer_is_given_up(source: Open) -> None:
    """A time-out is a failure that may pass: the next answer counts."""
    forever = Event()
    with Replica(PAPERS[:8], faults=script({1: held(forever)})) as replica:
        count = source(replica, timeout_s=(2.0, 0.05)).count(QUERY, MARCH)
        forever.set()

    assert count == 8
    first, second = replica.requests
    assert second.at - first.at < 1.5


def test_nobody_listening_is_unavailable(source: Open) -> None:
    """A refused connection names the host and what to do."""
    with Replica([]) as replica:
        arxiv_source = source(replica)

    with pytest.raises(SourceUnavailable, match=r"no answer from 127\.0\.0\.1.*try again later"):
        arxiv_source.count(QUERY, MARCH)


def test_an_endless_answer_is_stopped(source: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body above the bound is not read to its end."""
    monkeypatch.setattr(transport, "MAX_BYTES", 1_000)
    with Replica(PAPERS) as replica, pytest.raises(MalformedFeed, match="more than 1000 bytes"):
        list(source(replica, patience=Patience(attempts=1)).pages(QUERY, MARCH))


def test_an_answer_that_grows_is_stopped_while_it_grows(source: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 kilobytes that unpack to a thousand times as much are never held whole."""
    monkeypatch.setattr(transport, "MAX_BYTES", 4 << 20)
    with Replica(PAPERS, faults=always(gzip_bomb(64))) as replica:
        arxiv_source = source(replica, patience=Patience(attempts=1))
        tracemalloc.start()
        with pytest.raises(MalformedFeed, match="more than 4194304 bytes"):
            arxiv_source.count(QUERY, MARCH)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 16 << 20


def test_loopback_needs_no_proxy(source: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is not asked for this machine's own addresses."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Replica(PAPERS) as replica:
        assert source(replica, patience=Patience(attempts=1)).count(QUERY, MARCH) == 25


# --- patience ---------------------------------------------------------------------------------------------------


def test_retry_after_is_obeyed(source: Open, clock: FakeClock) -> None:
    """The longer of what the service asks for and our own growing pause is waited."""
    faults = script({1: refused(503, "90"), 2: refused(429, "2"), 3: refused(503)})
    with Replica(PAPERS, faults=faults) as replica:
        assert source(replica).count(QUERY, MARCH) == 25

    assert clock.sleeps == [90.0, 10.0, 20.0]


def test_a_wait_beyond_the_budget_is_left_to_the_caller(source: Open, clock: FakeClock) -> None:
    """A service that asks for a day is not waited for; the error carries the seconds."""
    with (
        Replica(PAPERS, faults=always(refused(503, "86400"))) as replica,
        pytest.raises(SourceUnavailable, match="in 86400 s") as caught,
    ):
        source(replica).count(QUERY, MARCH)

    assert caught.value.parts["wait_s"] == 86400.0
    assert (len(replica.requests), clock.sleeps) == (1, [])


def test_the_budget_is_for_all_waits_together(source: Open, clock: FakeClock) -> None:
    """5 + 10 fit into 20 seconds, another 20 do not."""
    with Replica(PAPERS, faults=always(refused(503))) as replica, pytest.raises(SourceUnavailable):
        source(replica, patience=Patience(attempts=9, budget_s=20.0)).count(QUERY, MARCH)

    assert clock.sleeps == [5.0, 10.0]


def test_requests_keep_their_distance(source: Open, clock: FakeClock) -> None:
    """The pace holds between the pages of one source and the counts of another in the same folder."""
    with Replica(PAPERS) as replica:
        list(source(replica, interval_s=3.0).pages(QUERY, MARCH))
        source(replica, interval_s=3.0).count(QUERY, MARCH)

    assert clock.sleeps == [3.0, 3.0, 3.0]


def test_a_pause_that_was_told_is_kept_by_the_next_source(source: Open, clock: FakeClock) -> None:
    """The first one gave up; another on the same state folder does not ask before the time has come."""
    with Replica(PAPERS, faults=script({1: refused(503, "90")})) as replica:
        with pytest.raises(SourceUnavailable):
            source(replica, patience=Patience(attempts=1)).count(QUERY, MARCH)
        assert source(replica).count(QUERY, MARCH) == 25

    assert clock.sleeps == [90.0]


def test_a_pause_beyond_patience_is_not_tried(source: Open, clock: FakeClock) -> None:
    """No request is sent while the service wants none."""
    with Replica(PAPERS, faults=script({1: refused(503, "7200")})) as replica:
        for _ in range(3):
            with pytest.raises(SourceUnavailable, match="try again in 7200 s"):
                source(replica).count(QUERY, MARCH)

    assert (len(replica.requests), clock.sleeps) == (1, [])


# --- notes ------------------------------------------------------------------------------------------------------


def test_every_request_is_noted(source: Open, clock: FakeClock) -> None:
    """Kind, place, how often, how long it waited, and what came; a second call tells only what came since."""
    faults = script({2: refused(503, "90"), 3: TRUNCATED})
    with Replica(PAPERS, faults=faults) as replica:
        arxiv_source = source(replica, interval_s=3.0)
        list(arxiv_source.pages(QUERY, MARCH))
        noted = arxiv_source.attempts()
        assert arxiv_source.attempts() == ()
        arxiv_source.count(QUERY, MARCH)

    assert [(one.kind, one.place, one.attempt, one.waited_s, one.outcome, one.received) for one in noted] == [
        ("papers", "", 1, 0.0, "answered", 10),
        ("papers", "10", 1, 3.0, "SourceUnavailable", None),
        ("papers", "10", 2, 90.0, "MalformedFeed", None),
        ("papers", "10", 3, 10.0, "answered", 10),
        ("papers", "20", 1, 3.0, "answered", 5),
    ]
    assert [one.expected for one in noted] == [25, None, None, 25, 25]
    assert "status 503: try again in 90 s" in noted[1].reason
    assert noted[3].asked_at == datetime(2026, 1, 1, 0, 1, 43)
    assert arxiv_source.attempts() == (Attempt("count", "", 1, clock.now(), 3.0, 0.0, expected=25, received=0),)


def test_both_questions_behind_a_zero_are_noted(source: Open) -> None:
    """The second follows an answer, not a failure: each is a first attempt."""
    with Replica([], faults=script({2: refused(503)})) as replica:
        arxiv_source = source(replica)
        arxiv_source.count(QUERY, MARCH)

    assert [(one.attempt, one.outcome, one.expected) for one in arxiv_source.attempts()] == [
        (1, "answered", 0),
        (1, "SourceUnavailable", None),
        (2, "answered", 0),
    ]


def test_a_short_answer_is_noted_with_its_numbers(source: Open) -> None:
    """What the feed said, and that nothing came."""
    with Replica(PAPERS, faults=on_page(2, empty_page())) as replica:
        arxiv_source = source(replica, patience=Patience(attempts=1))
        with pytest.raises(ShortAnswer):
            list(arxiv_source.pages(QUERY, MARCH))

    _, short = arxiv_source.attempts()
    assert (short.place, short.outcome, short.expected, short.received) == ("10", "ShortAnswer", 25, 0)


# --- rewritten queries ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"submittedDate:[202103010000", b"submittedDate:[202003010000"), (b"cat:cs.LG", b"all:cs.LG")],
)
def test_an_answer_to_another_query_is_no_answer(source: Open, clock: FakeClock, old: bytes, new: bytes) -> None:
    """The feed's title shows the query as understood; the same comes back after a wait, or the window fails."""
    other = rewritten(lambda body: body.replace(old, new, 1))
    with Replica(PAPERS[:8], faults=script({1: other})) as replica:
        assert papers_of(list(source(replica).pages(QUERY, MARCH))) == list(PAPERS[:8])
    with (
        Replica(PAPERS[:8], faults=always(other)) as replica,
        pytest.raises(MalformedFeed, match="the source answered another query"),
    ):
        source(replica).count(QUERY, MARCH)


# --- rows that are not papers -----------------------------------------------------------------------------------


def test_a_paper_that_comes_twice_is_counted_once(source: Open) -> None:
    """Within a page and across pages; the second is a drop with its id."""

    def repeat(part: Slice) -> Slice:
        return replace(part, papers=(PAPERS[0], *part.papers[1:]))

    with Replica(PAPERS, faults=on_page(2, reshaped(repeat))) as replica:
        pages = list(source(replica).pages(QUERY, MARCH))

    assert [paper.id for paper in papers_of(pages)] == [p.id for p in PAPERS if p.id != "2103.00011"]
    assert pages[1].dropped == (Drop("seen twice", 1, ("2103.00001",)),)
    assert pages[1].received == 10


def test_entries_without_id_title_or_date_are_dropped_with_a_reason(source: Open) -> None:
    """The rest of the page is kept, and the numbers still add up."""

    def spoil(body: bytes) -> bytes:
        body = body.replace(b"http://arxiv.org/abs/2103.00002v1", b"http://arxiv.org/abs/nonsense")
        body = body.replace(b"<title>Transformer 3</title>", b"<title> </title>")
        body = body.replace(b"<updated>2021-03-04T23:59:00Z</updated>", b"<updated>yesterday</updated>")
        return re.sub(rb"<published>2021-03-0[56][^<]*</published>", b"", body)

    with Replica(PAPERS[:8], faults=always(rewritten(spoil))) as replica:
        [page] = source(replica).pages(QUERY, MARCH)

    assert [paper.id for paper in page.papers] == ["2103.00001", "2103.00007", "2103.00008"]
    assert page.dropped == (
        Drop("no arXiv id", 1, ("http://arxiv.org/abs/nonsense",)),
        Drop("no title", 1, ("http://arxiv.org/abs/2103.00003v1",)),
        Drop("no date", 3, tuple(f"http://arxiv.org/abs/2103.0000{number}v1" for number in (4, 5, 6))),
    )
    assert (page.received, page.total) == (8, 8)


def test_a_page_of_nothing_but_drops_is_not_the_end(source: Open) -> None:
    """No usable entry on the second page: the third is asked for all the same."""
    nameless = rewritten(lambda body: body.replace(b"<id>http://arxiv.org/abs/", b"<id>x"))
    with Replica(PAPERS, faults=on_page(2, nameless)) as replica:
        pages = list(source(replica).pages(QUERY, MARCH))

    assert [len(page.papers) for page in pages] == [10, 0, 5]
    assert pages[1].dropped[0].rows == 10


def test_a_withdrawn_paper_is_kept_and_marked(source: Open) -> None:
    """It stays in the record; counting leaves it out later."""
    with Replica([paper(1, comments="This paper has been withdrawn by the author")]) as replica:
        [page] = source(replica).pages(QUERY, MARCH)

    assert [p.withdrawn for p in page.papers] == [True]


# --- settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"address": "export.arxiv.org"},
        {"address": "file:///etc/passwd"},
        {"address": "http://["},
        {"page_size": 0},
        {"page_size": 2001},
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, clock: FakeClock, settings: dict[str, object]) -> None:
    """Before the first request."""
    with pytest.raises(SettingsError):
        ArxivApi(clock=clock, state_folder=tmp_path, **settings)  # type: ignore[arg-type]
