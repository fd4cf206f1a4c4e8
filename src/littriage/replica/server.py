"""arXiv's query API and its OAI-PMH service on the loopback interface, over a corpus in memory.

    with Replica(papers) as replica:
        source = ArxivApi(address=replica.address, ...)
        other = OaiPmh(address=replica.oai_address, ...)

Limits and errors of the query API are those of https://info.arxiv.org/help/api/user-manual.html: at most 2,000 entries
a slice and 30,000 in all, errors as one Atom entry with status 400. Relevance is not imitated. For OAI-PMH see
`littriage.replica.oai`. With a script (`littriage.replica.days`) both answer as of one day, and `set_day` moves it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from littriage.model import Paper, parse_arxiv_id
from littriage.replica.days import Script
from littriage.replica.faults import Answer, Fault, Plan, Request, no_faults
from littriage.replica.feed import Slice, render_error, render_feed
from littriage.replica.oai import EARLIEST, TEXT_XML, Repository, answer_oai, default_datestamp
from littriage.replica.search import BadQuery, Index, parse_expression

PATH = "/api/query"
OAI_PATH = "/oai"
SLICE_LIMIT = 2_000
TOTAL_LIMIT = 30_000
_SORT_BY = ("relevance", "lastUpdatedDate", "submittedDate")
_SORT_ORDER = ("ascending", "descending")


def find(index: Index, parameters: Mapping[str, str]) -> Slice:
    """The slice of a corpus that a request's parameters ask for. Raises BadQuery where the service would answer 400."""
    expression = parameters.get("search_query", "").strip()
    ids = [part.strip() for part in parameters.get("id_list", "").split(",") if part.strip()]
    start = _whole_number(parameters, "start", 0)
    asked = _whole_number(parameters, "max_results", 10)
    if asked > TOTAL_LIMIT or start >= TOTAL_LIMIT:
        raise BadQuery(f"only the first {TOTAL_LIMIT} results can be had; refine the query")
    sort_by = _one_of(parameters, "sortBy", _SORT_BY)
    sort_order = _one_of(parameters, "sortOrder", _SORT_ORDER)
    if not expression and not ids:
        raise BadQuery("search_query or id_list is needed")
    sets = []
    if expression:
        node = parse_expression(expression)
        expression = str(node)
        sets.append(index.matches(node))
    if ids:
        sets.append(index.with_ids(_base_id(text) for text in ids))
    found = sets[0] & sets[-1]
    size = min(asked, SLICE_LIMIT)
    papers = index.slice(found, start, size, sort_by, sort_order == "ascending") if size else []
    query = f"search_query={expression}&id_list={','.join(ids)}&start={start}&max_results={asked}"
    return Slice(query, start, size, found.bit_count(), tuple(papers))


def _whole_number(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name) or str(default)
    try:
        number = int(text)
    except ValueError as error:
        raise BadQuery(f"{name} must be an integer") from error
    if number < 0:
        raise BadQuery(f"{name} must be non-negative")
    return number


def _one_of(parameters: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    text = parameters.get(name) or choices[0]
    if text not in choices:
        raise BadQuery(f"{name} must be in: {', '.join(choices)}")
    return text


def _base_id(text: str) -> str:
    parsed = parse_arxiv_id(text)
    if parsed is None:
        raise BadQuery(f"incorrect id format for {text}")
    return parsed.base


@dataclass(frozen=True)
class _Service:
    """A corpus as of a day, in the form that each channel needs, made when it is first asked for."""

    papers: tuple[Paper, ...]
    datestamps: Mapping[str, date]
    deleted: Collection[str]
    day: date
    page_size: int | None

    @cached_property
    def index(self) -> Index:
        """What the query API answers from: deleted papers are gone."""
        return Index(paper for paper in self.papers if paper.id not in self.deleted)

    @cached_property
    def repository(self) -> Repository:
        """What OAI-PMH answers from."""
        return Repository(
            self.papers, day=self.day, datestamps=self.datestamps, deleted=self.deleted, page_size=self.page_size
        )


class Replica:
    """A running service: listens from `with` until its end, on a free port unless one is given.

    Without a script it holds all the papers, and its day is `day`, else the newest that any of them names. `datestamps`
    (by id) overrules the day of a paper's last version as its OAI-PMH datestamp; `deleted` are ids of papers that the
    listing shows as deleted and the query API no longer knows. With a script instead of papers it begins on the
    script's first day. `requests` is the history of both channels, oldest first; `faults` may be exchanged while it
    runs.
    """

    def __init__(
        self,
        papers: Iterable[Paper] = (),
        *,
        faults: Plan = no_faults,
        port: int = 0,
        oai_page_size: int | None = None,
        datestamps: Mapping[str, date] | None = None,
        deleted: Collection[str] = (),
        day: date | None = None,
        script: Script | None = None,
    ) -> None:
        self.faults = faults
        self.requests: list[Request] = []
        self._page_size = oai_page_size
        self._script = script
        if script is None:
            everything, stamps = tuple(papers), datestamps or {}
            days = (stamps.get(paper.id) or default_datestamp(paper) for paper in everything)
            self._service = _Service(everything, stamps, deleted, day or max(days, default=EARLIEST), oai_page_size)
        else:
            self.set_day(script.first_day)
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.replica = self
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def address(self) -> str:
        """What a client takes for the address of arXiv's query API."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    @property
    def oai_address(self) -> str:
        """What a client takes for the address of arXiv's OAI-PMH service."""
        return f"http://127.0.0.1:{self._server.server_port}{OAI_PATH}"

    @property
    def day(self) -> date:
        """The service's own day."""
        return self._service.day

    @property
    def index(self) -> Index:
        """The corpus that the query API answers from."""
        return self._service.index

    def set_day(self, day: date) -> None:
        """Answer as of the end of that day of the script from now on; tokens of earlier days have expired."""
        if self._script is None:
            raise ValueError("a replica without a script has one day only: pass script=")
        papers, datestamps, deleted = self._script.corpus(day)
        self._service = _Service(papers, datestamps, deleted, day, self._page_size)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        """What a request is answered with; writes it into the history."""
        parts = urlsplit(path)
        pairs = parse_qsl(parts.query, keep_blank_values=parts.path == OAI_PATH)
        with self._lock:
            request = Request(len(self.requests) + 1, path, dict(pairs), headers, time.monotonic())
            self.requests.append(request)
        if parts.path not in (PATH, OAI_PATH):
            return Answer(b"Not found\n", 404, "text/plain")
        fault = self.faults(request) or Fault()
        service = self._service
        if parts.path == OAI_PATH:
            body = answer_oai(service.repository, pairs, self.oai_address, fault.of_list)
            return fault.of_answer(Answer(body, content_type=TEXT_XML))
        try:
            answer = Answer(render_feed(fault.of_slice(find(service.index, request.parameters)), service.day))
        except BadQuery as error:
            answer = Answer(render_error(parts.query, service.day, str(error)), 400)
        return fault.of_answer(answer)


class _Server(ThreadingHTTPServer):
    # Connections that a client keeps open must not hold up the end of the program.
    daemon_threads = True
    replica: Replica


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes; without this each answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client has been killed
            super().handle()

    def do_GET(self) -> None:
        answer = self.server.replica.answer(self.path, {k.lower(): v for k, v in self.headers.items()})
        if answer.after is not None:
            answer.after.wait()
        try:
            self._send(answer)
        except OSError:
            # The client has gone, most likely because it was kept waiting.
            self.close_connection = True

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[: answer.sent])
        self.close_connection = self.close_connection or answer.sent is not None

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the history tells it all."""
