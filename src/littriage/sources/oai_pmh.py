"""Records from arXiv's OAI-PMH service: everything that has changed since a day, some thousands an answer.

Service and sets: https://info.arxiv.org/help/oa/index.html; protocol:
http://www.openarchives.org/OAI/openarchivesprotocol.html; pace: https://info.arxiv.org/help/api/tou.html.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin, urlsplit

import httpx

from littriage.errors import MalformedFeed, SettingsError, TokenRejected
from littriage.identity import ALIASES
from littriage.model import Attempt
from littriage.ports import Clock, RecordPage
from littriage.sources.oai_records import parse_records
from littriage.sources.politeness import LEAST_INTERVAL_S, is_loopback
from littriage.sources.transport import (
    CHUNK_BYTES,
    TIMEOUT_S,
    Line,
    Moved,
    Patience,
    bounded,
    check_accepted,
    check_status,
    check_type,
    checked_address,
    host_of,
    no_answer,
    user_agent,
)

ADDRESS = "https://oaipmh.arxiv.org/oai"
EARLIEST = date(2005, 9, 16)
"""arXiv's earliest datestamp; it takes no `from` before it."""
REDIRECTS = 3
"""So many are followed, one after the other."""

_GROUPS = ("cs", "econ", "eess", "math", "q-bio", "q-fin", "stat")
_PHYSICS = (
    *("astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th"),
    *("math-ph", "nlin", "nucl-ex", "nucl-th", "physics", "quant-ph"),
)


def set_of(category: str) -> str:
    """The OAI set that holds a category: `cs.CL` is in cs, `astro-ph.GA` in physics:astro-ph.

    Raises SettingsError for what is no category of arXiv (https://arxiv.org/category_taxonomy).
    """
    archive = ALIASES.get(category, category).partition(".")[0]
    if archive in _GROUPS:
        return archive
    if archive in _PHYSICS:
        return f"physics:{archive}"
    raise SettingsError(f"{category!r} is no category of arXiv: take one such as cs.CL or hep-th", category=category)


class OaiPmh:
    """arXiv's OAI-PMH service as a RecordSource.

    `metadata` is arXivRaw, which tells the moment of every version, or arXiv, which tells days only and no number of
    versions. Redirects are refused but for those to `redirect_hosts` (`host` or `host:port`). `state_folder` must be
    the same for all processes of the machine: the pace is kept there. Raises SettingsError for an address that is not
    http(s).
    """

    name = "oai-pmh"

    def __init__(
        self,
        *,
        clock: Clock,
        state_folder: Path,
        address: str = ADDRESS,
        contact: str = "",
        interval_s: float = LEAST_INTERVAL_S,
        metadata: Literal["arXivRaw", "arXiv"] = "arXivRaw",
        patience: Patience | None = None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
        redirect_hosts: Collection[str] = (),
    ) -> None:
        self._address = checked_address(address, ADDRESS)
        self._metadata = metadata
        self._redirect_hosts = frozenset(redirect_hosts)
        self._clock = clock
        self._line = Line(address, state_folder, clock, interval_s, patience)
        connect_s, read_s = timeout_s
        self._client = httpx.Client(
            headers={"User-Agent": user_agent(contact), "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(read_s, connect=connect_s),
            limits=httpx.Limits(max_connections=1),
            # A proxy from the environment cannot reach this machine's own loopback interface.
            trust_env=not is_loopback(address),
        )

    @property
    def requests(self) -> int:
        """Requests sent so far, the repeated ones included."""
        return self._line.sent

    def attempts(self) -> tuple[Attempt, ...]:
        """Every request since the last call, the failed ones included, oldest first."""
        return self._line.attempts()

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()

    def pages(self, set_spec: str, since: date | None, token: str | None = None) -> Iterator[RecordPage]:
        """What has changed in a set since a day, page by page, or the rest of a listing from its token on.

        An empty set is the whole service, no day its beginning. Each page is read whole, in a turn of its own, before
        it is yielded. Raises TokenRejected for a token that is not taken or was given before in this listing, besides
        what `parse_records` and the transport raise, after the patience has run out.
        """
        arguments: dict[str, str] = {"metadataPrefix": self._metadata}
        if set_spec:
            arguments["set"] = set_spec
        if since is not None and since > EARLIEST:
            arguments["from"] = since.isoformat()
        seen: set[str] = set()
        while True:
            if token is not None:
                seen.add(token)
                arguments = {"resumptionToken": token}
            page = self._ask(token or "", {"verb": "ListRecords", **arguments}, continued=token is not None)
            if page.token in seen:
                raise TokenRejected(
                    f"the resumption token {page.token!r} leads in a circle: begin the listing again", token=page.token
                )
            yield page
            if page.token is None:
                return
            token = page.token

    def _ask(self, place: str, parameters: Mapping[str, str], *, continued: bool) -> RecordPage:
        """The page that an address answers with, at the end of its redirects, each of which is a turn of its own."""
        address = str(httpx.URL(self._address).copy_merge_params(dict(parameters)))
        for _ in range(REDIRECTS + 1):
            answer = self._line.ask("records", place, partial(self._fetch, address, continued), address)
            if isinstance(answer, RecordPage):
                return answer
            address = answer.address
        raise MalformedFeed(
            f"more than {REDIRECTS} redirects, the last one to {address}: set the address", last=address
        )

    def _fetch(self, address: str, continued: bool) -> RecordPage | Moved:
        """One request. The answer is read as it comes, so that no more of it is held than a part."""
        try:
            with self._client.stream("GET", address) as response:
                status, headers = response.status_code, response.headers
                if moved := self._moved(address, response):
                    return moved
                check_status(address, status, headers)
                chunks = bounded(address, _decoded(address, response))
                beginning = next(chunks, b"")
                check_type(address, status, headers, beginning, "OAI-PMH")
                page = parse_records(chain([beginning], chunks), self._clock.today(), continued=continued)
                check_accepted(address, status)
                return page
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise no_answer(address, error) from error

    def _moved(self, address: str, response: httpx.Response) -> Moved | None:
        """Where a redirect leads that may be followed: to a host that was named, and not from https to http."""
        if not response.has_redirect_location:
            return None
        try:
            target = urljoin(address, response.headers["Location"])
            scheme, host, _ = urlsplit(target).scheme, urlsplit(target).hostname, urlsplit(target).port
        except ValueError:  # an address that cannot be read
            return None
        named = {host, host_of(target)} & self._redirect_hosts
        return Moved(target) if named and scheme in ("https", urlsplit(address).scheme) else None


def _decoded(address: str, response: httpx.Response) -> Iterator[bytes]:
    """The parts of an answer, unpacked piece by piece: a few kilobytes can unpack to a thousand times as much."""
    packing = response.headers.get("Content-Encoding", "identity").lower()
    if packing == "identity":
        yield from response.iter_raw()
        return
    if packing != "gzip":
        raise MalformedFeed(f"{host_of(address)} packs its answer as {packing}, gzip was asked for", packing=packing)
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        for packed in bounded(address, response.iter_raw()):
            while packed:
                yield unpacking.decompress(packed, CHUNK_BYTES)
                packed = unpacking.unconsumed_tail
            if unpacking.eof:
                return
    except zlib.error as error:
        raise MalformedFeed(
            f"{host_of(address)} sent a packed answer that is damaged ({error}): try again later"
        ) from error
