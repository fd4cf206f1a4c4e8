"""Papers from arXiv's query API, through the `arxiv` package, with every answer checked before it counts.

The package builds addresses and reads entries. It also turns outages into empty results: it reads broken XML with
recovery, ignores Retry-After, has no time-out and stops without a word at an empty first page. So its transport is
replaced by one that passes on sound feeds only, and each page is asked for by itself and held against the feed's own
total. Seams used: `Client.query_url_format`, `Client.page_size` and `Client._session`.

Limits and format: https://info.arxiv.org/help/api/user-manual.html; pace: https://info.arxiv.org/help/api/tou.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import arxiv  # type: ignore[import-untyped]

from littriage.directions import arxiv_expression, exposure_expression
from littriage.errors import EmptyAnswer, MalformedFeed, SettingsError, ShortAnswer, TotalChanged
from littriage.model import Paper, Query, Window
from littriage.ports import Clock, Page
from littriage.sources.atom import Feed, parse_result, summed_drops
from littriage.sources.politeness import LEAST_INTERVAL_S, Politeness
from littriage.sources.transport import TIMEOUT_S, Patience, Transport, user_agent

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
        if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
            raise SettingsError(f"{address!r} is no http address: leave it out for {ADDRESS}", address=address)
        if not 1 <= page_size <= PAGE_LIMIT:
            raise SettingsError(f"a page of {page_size} entries: give 1 to {PAGE_LIMIT}", page_size=page_size)
        self.page_size = page_size
        self._clock = clock
        self._patience = patience or Patience()
        self._transport = Transport(
            Politeness(address, state_folder, clock, interval_s), user_agent(contact), timeout_s, address
        )
        # Pace and attempts are ours: the package knows neither other processes nor Retry-After.
        self._client = arxiv.Client(delay_seconds=0, num_retries=0)
        self._client.query_url_format = address.replace("{", "{{").replace("}", "}}") + "?{}"
        self._client._session = self._transport

    @property
    def requests(self) -> int:
        """Requests sent so far, the repeated ones included."""
        return self._transport.sent

    def close(self) -> None:
        """Ends the connection."""
        self._transport.close()

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
        feed, results = self._ask_first(expression, self.page_size)
        seen: set[str] = set()
        yield _page(feed, results, seen)
        start = feed.received
        while start < feed.total:
            feed, results = self._ask(expression, start, self.page_size, feed.total)
            yield _page(feed, results, seen)
            start += feed.received

    def _total(self, expression: str) -> int:
        return self._ask_first(expression, 0)[0].total

    def _ask_first(self, expression: str, size: int) -> tuple[Feed, list[arxiv.Result]]:
        """The first entries; a total of 0 is asked for again, because it has been seen to be false and is a claim."""
        feed, results = self._ask(expression, 0, size, None)
        return (feed, results) if feed.total else self._ask(expression, 0, size, None)

    def _ask(self, expression: str, start: int, size: int, total: int | None) -> tuple[Feed, list[arxiv.Result]]:
        return self._patience.retry(lambda: self._ask_once(expression, start, size, total), self._clock)

    def _ask_once(self, expression: str, start: int, size: int, total: int | None) -> tuple[Feed, list[arxiv.Result]]:
        """One request for `size` entries from `start`, held against the total that earlier pages gave."""
        self._client.page_size = size
        search = arxiv.Search(
            expression,
            max_results=None,
            sort_by=arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Ascending,
        )
        entries = self._client.results(search, offset=start)
        results = list(islice(entries, 1))
        feed = self._transport.feed
        if feed is None:
            raise MalformedFeed("the arxiv package did not use the transport it was given: install arxiv>=4,<5")
        _check(feed, start, size, total)
        if size == 0:
            return feed, []
        # The package would fetch the next page by itself: take no more than this one holds.
        results.extend(islice(entries, max(0, feed.usable - 1)))
        if len(results) != feed.usable:
            raise MalformedFeed(
                f"{len(results)} entries could be read of {feed.usable}: try again later",
                read=len(results),
                usable=feed.usable,
            )
        return feed, results


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


def _page(feed: Feed, results: Iterable[arxiv.Result], seen: set[str]) -> Page:
    """A page without the papers that earlier ones had; `seen` grows by the new ones."""
    papers: list[Paper] = []
    repeats: list[tuple[str, str]] = []
    for paper in map(parse_result, results):
        if paper.id in seen:
            repeats.append(("seen twice", paper.id))
        else:
            seen.add(paper.id)
            papers.append(paper)
    return Page(tuple(papers), feed.total, feed.received, feed.dropped + summed_drops(repeats))
