"""Papers from arXiv's query API, through the `arxiv` package, with every answer checked before it counts.

The package builds addresses and reads entries. It also turns outages into empty results: it reads broken XML with
recovery, ignores Retry-After, has no time-out and stops without a word at an empty first page. So its transport is
replaced by one that passes on sound feeds only, and each page is asked for by itself and held against the feed's own
total. Seams used: `Client.query_url_format`, `Client.page_size` and `Client._session`.

Limits and format: https://info.arxiv.org/help/api/user-manual.html; pace: https://info.arxiv.org/help/api/tou.html.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any

import arxiv  # type: ignore[import-untyped]
import requests

from littriage.directions import arxiv_expression, exposure_expression
from littriage.errors import EmptyAnswer, MalformedFeed, SettingsError, ShortAnswer, TotalChanged
from littriage.model import Attempt, Paper, Query, Window
from littriage.ports import Clock, Page
from littriage.sources.atom import Feed, check_query, parse_feed, parse_result
from littriage.sources.entries import Drops
from littriage.sources.politeness import LEAST_INTERVAL_S, is_loopback
from littriage.sources.transport import (
    CHUNK_BYTES,
    TIMEOUT_S,
    Line,
    Patience,
    bounded,
    check_accepted,
    check_status,
    check_type,
    checked_address,
    no_answer,
    user_agent,
)

ADDRESS = "https://export.arxiv.org/api/query"
PAGE_LIMIT = 2_000


class ArxivApi:
    """arXiv's query API as a PaperSource, with counts for exposure.

    `state_folder` must be the same for all processes of the machine: the pace is kept there. Raises SettingsError for
    an address that is not http(s) and for a page size outside 1 to 2,000.
    """

    name = "arxiv-api"

    def __init__(
        self,
        *,
        clock: Clock,
        state_folder: Path,
        address: str = ADDRESS,
        contact: str = "",
        interval_s: float = LEAST_INTERVAL_S,
        page_size: int = 1_000,
        patience: Patience | None = None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        checked_address(address, ADDRESS)
        if not 1 <= page_size <= PAGE_LIMIT:
            raise SettingsError(f"a page of {page_size} entries: give 1 to {PAGE_LIMIT}", page_size=page_size)
        self.page_size = page_size
        self._line = Line(address, state_folder, clock, interval_s, patience)
        self._session = Session(clock, user_agent(contact), timeout_s, trust_env=not is_loopback(address))
        # Pace and attempts are ours: the package knows neither other processes nor Retry-After.
        self._client = arxiv.Client(delay_seconds=0, num_retries=0)
        self._client.query_url_format = address.replace("{", "{{").replace("}", "}}") + "?{}"
        self._client._session = self._session

    @property
    def requests(self) -> int:
        """Requests sent so far, the repeated ones included."""
        return self._line.sent

    def attempts(self) -> tuple[Attempt, ...]:
        """Every request since the last call, the failed ones included, oldest first."""
        return self._line.attempts()

    def close(self) -> None:
        """Ends the connection."""
        self._session.close()

    def count(self, query: Query, window: Window) -> int:
        """How many papers match in the window's days (UTC), by the source's own total."""
        return self._total(arxiv_expression(query, window))

    def exposure_count(self, categories: Sequence[str], window: Window) -> int:
        """How many papers of any of these categories, or of all where there are none, the window's days hold."""
        return self._total(exposure_expression(categories, window))

    def pages(self, query: Query, window: Window) -> Iterator[Page]:
        """The papers of a window by time of submission, each paper once.

        A page that is short is followed by one from where it ended. Raises EmptyAnswer for a first page without
        entries where the feed's total says that there are some, ShortAnswer where later entries cannot be had,
        TotalChanged where two pages disagree about the total, besides what the transport raises, each after the
        patience has run out.
        """
        expression = arxiv_expression(query, window)
        seen: set[str] = set()
        page = self._ask_first("papers", expression, self.page_size, seen)
        yield page
        start = page.received
        while start < page.total:
            page = self._ask("papers", expression, start, self.page_size, page.total, seen)
            yield page
            start += page.received

    def _total(self, expression: str) -> int:
        return self._ask_first("count", expression, 0, set()).total

    def _ask_first(self, kind: str, expression: str, size: int, seen: set[str]) -> Page:
        """The first entries; a total of 0 is asked for again, because it has been seen to be false and is a claim."""
        page = self._ask(kind, expression, 0, size, None, seen)
        return page if page.total else self._ask(kind, expression, 0, size, None, seen)

    def _ask(self, kind: str, expression: str, start: int, size: int, total: int | None, seen: set[str]) -> Page:
        place = str(start) if start else ""
        return self._line.ask(kind, place, lambda: self._ask_once(expression, start, size, total, seen))

    def _ask_once(self, expression: str, start: int, size: int, total: int | None, seen: set[str]) -> Page:
        """One request for `size` entries from `start`, held against the total that earlier pages gave."""
        self._client.page_size = size
        self._session.begin_turn()
        search = arxiv.Search(
            expression,
            max_results=None,
            sort_by=arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Ascending,
        )
        entries = self._client.results(search, offset=start)
        results = list(islice(entries, 1))
        feed = self._session.feed
        if feed is None:
            raise MalformedFeed("the arxiv package did not use the transport it was given: install arxiv>=4,<5")
        check_query(feed.title, expression)
        _check(feed, start, size, total)
        if size == 0:
            return Page((), feed.total, 0)
        # The package would fetch the next page by itself: take no more than this one holds.
        results.extend(islice(entries, max(0, feed.usable - 1)))
        if len(results) != feed.usable:
            raise MalformedFeed(
                f"{len(results)} entries could be read of {feed.usable}: try again later",
                read=len(results),
                usable=feed.usable,
            )
        return _page(feed, [parse_result(result) for result in results], seen)


class Session(requests.Session):
    """What the arxiv package asks through: one request a turn, of which sound feeds come back; the last is `feed`."""

    def __init__(self, clock: Clock, agent: str, timeout_s: tuple[float, float], *, trust_env: bool) -> None:
        super().__init__()
        self.feed: Feed | None = None
        self._clock = clock
        self._agent = agent
        self._timeout_s = timeout_s
        # A proxy from the environment cannot reach this machine's own loopback interface.
        self.trust_env = trust_env

    def begin_turn(self) -> None:
        """Forgets the feed of the turn before."""
        self.feed = None

    def get(self, url: str | bytes, *_args: Any, **_kwargs: Any) -> requests.Response:
        """The answer, with its unusable entries taken out.

        Raises SourceUnavailable, MalformedFeed or HarvestRefused. Does not try again.
        """
        address = url.decode() if isinstance(url, bytes) else url
        if self.feed is not None:
            raise MalformedFeed("the arxiv package asked twice in one turn: install arxiv>=4,<5", address=address)
        try:
            # A redirect is not followed: the second request would be neither paced nor on the host that was set.
            with super().get(
                address,
                headers={"User-Agent": self._agent},
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                check_status(address, response.status_code, response.headers)
                body = b"".join(bounded(address, response.iter_content(CHUNK_BYTES)))
        except requests.RequestException as error:
            raise no_answer(address, error) from error
        check_type(address, response.status_code, response.headers, body, "Atom")
        self.feed = parse_feed(body, self._clock.today())
        check_accepted(address, response.status_code)
        return _response(address, self.feed.body)


def _response(address: str, body: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code = HTTPStatus.OK
    response.url = address
    response.raw = io.BytesIO(body)
    return response


def _check(feed: Feed, start: int, size: int, total: int | None) -> None:
    """Raises the error that a feed's own numbers give away."""
    kind: type[MalformedFeed]
    facts = {"total": feed.total, "start": start, "received": feed.received}
    if feed.start != start:
        raise MalformedFeed(f"the feed starts at entry {feed.start}, {start} was asked for: try again later", **facts)
    if total is not None and feed.total != total:
        kind = TotalChanged if feed.total else EmptyAnswer
        raise kind(f"the total was {total} and is {feed.total} at entry {start}: harvest the window again", **facts)
    expected = min(size, max(0, feed.total - start))
    if expected and not feed.received:
        kind = ShortAnswer if start else EmptyAnswer
        raise kind(f"no entries from {start} on, of {feed.total} in all: harvest the window again", **facts)
    if size and feed.received > expected:
        raise MalformedFeed(
            f"{feed.received} entries from {start} on where {expected} were due: try again later", **facts
        )


def _page(feed: Feed, papers: Sequence[Paper], seen: set[str]) -> Page:
    """A page without the papers that earlier ones had; `seen` grows by the new ones."""
    fresh: list[Paper] = []
    repeats = Drops()
    for paper in papers:
        if paper.id in seen:
            repeats.add("seen twice", paper.id)
        else:
            seen.add(paper.id)
            fresh.append(paper)
    return Page(tuple(fresh), feed.total, feed.received, feed.dropped + repeats.summed())
