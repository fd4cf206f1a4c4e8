"""One request to arXiv: a sound feed comes back, or an error that says what was wrong; and how to try again."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from littriage.errors import HarvestRefused, MalformedFeed, SourceUnavailable
from littriage.ports import Clock
from littriage.sources.atom import Feed, excerpt, parse_feed
from littriage.sources.politeness import Politeness, is_loopback

TIMEOUT_S = (10.0, 60.0)
"""To connect, and between two parts of an answer."""
MAX_BYTES = 64 * 1024 * 1024
"""A page of 2,000 entries is about 6 MB."""

T = TypeVar("T")


class Transport(requests.Session):
    """A session that sends one polite request and returns sound feeds only; what it read last is in `feed`."""

    def __init__(self, politeness: Politeness, agent: str, timeout_s: tuple[float, float], address: str) -> None:
        super().__init__()
        self.feed: Feed | None = None
        self.sent = 0
        self._politeness = politeness
        self._agent = agent
        self._timeout_s = timeout_s
        # A proxy from the environment cannot reach this machine's own loopback interface.
        self.trust_env = not is_loopback(address)

    def get(self, url: str | bytes, *_args: Any, **_kwargs: Any) -> requests.Response:
        """The answer, with its unusable entries taken out.

        Raises SourceUnavailable, MalformedFeed or HarvestRefused. Does not try again.
        """
        address = url.decode() if isinstance(url, bytes) else url
        self.feed = None
        with self._politeness.turn():
            self.sent += 1
            try:
                # A redirect is not followed: the second request would be neither paced nor on the host that was set.
                with super().get(
                    address,
                    headers={"User-Agent": self._agent},
                    timeout=self._timeout_s,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    body = _bounded_body(response)
            except requests.RequestException as error:
                reason = f"{type(error).__name__}: {error}"
                raise SourceUnavailable(
                    f"no answer from {_host(address)} ({reason}): try again later", address=address
                ) from error
        self.feed = _checked(response, body)
        return _response(address, self.feed.body)


def _bounded_body(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(1 << 16):
        body += chunk
        if len(body) > MAX_BYTES:
            raise MalformedFeed(
                f"{_host(response.url)} answered with more than {MAX_BYTES} bytes: ask for smaller pages",
                limit=MAX_BYTES,
            )
    return bytes(body)


def _checked(response: requests.Response, body: bytes) -> Feed:
    status, host = response.status_code, _host(response.url)
    if status in (403, 408, 429) or status >= 500:
        wait_s = parse_retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
        later = f"in {wait_s:.0f} s" if wait_s is not None else "later"
        raise SourceUnavailable(
            f"{host} answered with status {status}: try again {later}", status=status, wait_s=wait_s
        )
    if 300 <= status < 400:
        target = response.headers.get("Location")
        raise MalformedFeed(
            f"{host} redirects to {target}: set that address if it is arXiv's", status=status, location=target
        )
    kind = response.headers.get("Content-Type", "")
    if "xml" not in kind:
        if status >= 400:
            raise HarvestRefused(f"{host} answered with status {status}: {excerpt(body)!r}", status=status)
        raise MalformedFeed(
            f"{host} answered with {kind or 'no type'} instead of Atom, beginning with {excerpt(body)!r}: "
            "try again later",
            content_type=kind,
        )
    feed = parse_feed(body)
    if status != HTTPStatus.OK:
        raise HarvestRefused(f"{host} answered with status {status} and no reason", status=status)
    return feed


def _response(address: str, body: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code = HTTPStatus.OK
    response.url = address
    response.raw = io.BytesIO(body)
    return response


def _host(url: str) -> str:
    return urlsplit(url).netloc


def user_agent(contact: str = "") -> str:
    """How littriage introduces itself; `contact` is an address under which its user can be reached."""
    try:
        name = f"littriage/{version('littriage')}"
    except PackageNotFoundError:
        name = "littriage"
    return f"{name} (+{contact})" if contact else name


def parse_retry_after(retry_after: str | None, date: str | None) -> float | None:
    """Seconds that a Retry-After header asks for; None where it says nothing usable.

    An HTTP date counts from the answer's own Date header, so that this machine's clock does not matter.
    Format: RFC 9110, section 10.2.3.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try again before a failure is final."""

    attempts: int = 5
    budget_s: float = 600.0
    """Seconds to wait in all, for one page."""
    first_wait_s: float = 5.0
    """Doubles with every attempt."""

    def retry(self, call: Callable[[], T], clock: Clock) -> T:
        """What the call returns, at the latest at the last attempt; then its SourceUnavailable or MalformedFeed."""
        left_s = self.budget_s
        for attempt in range(1, self.attempts):
            try:
                return call()
            except (SourceUnavailable, MalformedFeed) as error:
                wait_s = max(self.first_wait_s * 2 ** (attempt - 1), error.parts.get("wait_s") or 0.0)
                if wait_s > left_s:
                    raise
                left_s -= wait_s
            clock.sleep(wait_s)
        return call()
