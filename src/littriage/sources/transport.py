"""What the channels have in common on the wire: their turns, their patience, a note of every request, and the checks
of an answer that come before its contents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from littriage.errors import (
    HarvestRefused,
    LittriageError,
    MalformedFeed,
    SettingsError,
    SourceUnavailable,
    TokenRejected,
)
from littriage.model import Attempt
from littriage.ports import Clock, Page, RecordPage
from littriage.sources.politeness import Politeness, service_name

TIMEOUT_S = (10.0, 60.0)
"""To connect, and between two parts of an answer."""
MAX_BYTES = 64 * 1024 * 1024
"""A page of 2,000 entries of the query API is about 6 MB, and so is one of 3,500 records of OAI-PMH."""
CHUNK_BYTES = 1 << 16
_EXCERPT_BYTES = 80


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try again before a failure is final."""

    attempts: int = 5
    budget_s: float = 600.0
    """Seconds to wait in all, for one page."""
    first_wait_s: float = 5.0
    """Doubles with every attempt."""

    def wait_s(self, error: LittriageError, attempt: int) -> float | None:
        """Seconds to wait after an attempt, from 1, that failed so; None where no other follows."""
        if attempt >= self.attempts or isinstance(error, TokenRejected):
            return None
        if not isinstance(error, SourceUnavailable | MalformedFeed):
            return None
        return max(self.first_wait_s * 2.0 ** (attempt - 1), told_wait_s(error))


@dataclass(frozen=True, slots=True)
class Moved:
    """An answer that only says where the real one is."""

    address: str


T = TypeVar("T", bound=Page | RecordPage | Moved)


class Line:
    """The line to a service: one request at a time, at its pace, again where one fails, and a note of each.

    A pause after a failure holds for all processes of the machine that share `state_folder`.
    """

    def __init__(
        self, address: str, state_folder: Path, clock: Clock, interval_s: float, patience: Patience | None
    ) -> None:
        self.address = address
        self.sent = 0
        self._folder = state_folder
        self._clock = clock
        self._interval_s = interval_s
        self._patience = patience or Patience()
        self._services = {service_name(address): Politeness(address, state_folder, clock, interval_s)}
        self._noted: list[Attempt] = []

    def ask(self, kind: str, place: str, request: Callable[[], T], address: str | None = None) -> T:
        """What `request` returns, which sends one request and reads its answer to the end.

        It is called in a turn of its own each time, at the latest for the last attempt; then its SourceUnavailable or
        MalformedFeed is raised. `kind` and `place` are those of Attempt, `address` is where the request goes if not to
        the line's own.
        """
        politeness = self._politeness(address or self.address)
        left_s = self._patience.budget_s
        since = self._clock.monotonic()
        attempt = 0
        while True:
            attempt += 1
            with politeness.turn(self._patience.budget_s) as turn:
                start = self._clock.monotonic()
                note = partial(Attempt, kind, place, attempt, self._clock.now(), start - since)
                self.sent += 1
                try:
                    answer = request()
                except LittriageError as error:
                    since = self._clock.monotonic()
                    self._noted.append(_failed(note, since - start, error))
                    wait_s = self._patience.wait_s(error, attempt)
                    if wait_s is None or wait_s > left_s:
                        turn.hold(told_wait_s(error))
                        raise
                    turn.hold(wait_s)
                    left_s -= wait_s
                else:
                    self._noted.append(_answered(note, self._clock.monotonic() - start, answer))
                    return answer

    def attempts(self) -> tuple[Attempt, ...]:
        """Every request since the last call, the failed ones included, oldest first."""
        noted, self._noted = tuple(self._noted), []
        return noted

    def _politeness(self, address: str) -> Politeness:
        name = service_name(address)
        if name not in self._services:
            self._services[name] = Politeness(address, self._folder, self._clock, self._interval_s)
        return self._services[name]


def _failed(note: Callable[..., Attempt], seconds: float, error: LittriageError) -> Attempt:
    expected, received = error.parts.get("total"), error.parts.get("received")
    return note(seconds, type(error).__name__, error.message, expected=expected, received=received)


def _answered(note: Callable[..., Attempt], seconds: float, answer: Page | RecordPage | Moved) -> Attempt:
    if isinstance(answer, Moved):
        return note(seconds, reason=f"redirected to {answer.address}")
    expected = answer.total if isinstance(answer, Page) else None
    return note(seconds, expected=expected, received=answer.received, dropped=answer.dropped)


# --- addresses and headers --------------------------------------------------------------------------------------


def checked_address(address: str, usual: str) -> str:
    """The address. Raises SettingsError where it is not http(s)."""
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise SettingsError(f"{address!r} is no http address: leave it out for {usual}", address=address)
    return address


def host_of(address: str) -> str:
    """Host and port, as messages name a service."""
    return urlsplit(address).netloc


def user_agent(contact: str = "") -> str:
    """How littriage introduces itself; `contact` is an address under which its user can be reached."""
    try:
        name = f"littriage/{version('littriage')}"
    except PackageNotFoundError:
        name = "littriage"
    return f"{name} (+{contact})" if contact else name


def told_wait_s(error: LittriageError) -> float:
    """Seconds that the source itself asked for; 0 where it did not."""
    return float(error.parts.get("wait_s") or 0.0)


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


# --- answers ----------------------------------------------------------------------------------------------------


def no_answer(address: str, error: Exception) -> SourceUnavailable:
    """The error for a request that failed on its way."""
    reason = f"{type(error).__name__}: {error}"
    return SourceUnavailable(f"no answer from {host_of(address)} ({reason}): try again later", address=address)


def check_status(address: str, status: int, headers: Mapping[str, str]) -> None:
    """Raises SourceUnavailable for a status that may pass, with the wait that was asked for, MalformedFeed for a
    redirect."""
    host = host_of(address)
    if status in (403, 408, 429) or status >= 500:
        wait_s = parse_retry_after(headers.get("Retry-After"), headers.get("Date"))
        later = f"in {wait_s:.0f} s" if wait_s is not None else "later"
        raise SourceUnavailable(
            f"{host} answered with status {status}: try again {later}", status=status, wait_s=wait_s
        )
    if 300 <= status < 400:
        target = headers.get("Location")
        raise MalformedFeed(
            f"{host} redirects to {target}: set that address if it is arXiv's", status=status, location=target
        )


def check_type(address: str, status: int, headers: Mapping[str, str], beginning: bytes, wanted: str) -> None:
    """Raises HarvestRefused or MalformedFeed, by the status, for anything that is not called XML."""
    host, kind = host_of(address), headers.get("Content-Type", "")
    if "xml" in kind:
        return
    if status >= 400:
        raise HarvestRefused(f"{host} answered with status {status}: {excerpt(beginning)!r}", status=status)
    raise MalformedFeed(
        f"{host} answered with {kind or 'no type'} instead of {wanted}, beginning with {excerpt(beginning)!r}: "
        "try again later",
        content_type=kind,
    )


def check_accepted(address: str, status: int) -> None:
    """Raises HarvestRefused where contents that look sound come with a status that says otherwise."""
    if status != HTTPStatus.OK:
        raise HarvestRefused(f"{host_of(address)} answered with status {status} and no reason", status=status)


def check_encoding(encoding: str | None) -> None:
    """Raises MalformedFeed for a document that says to be in anything but UTF-8, which both services write."""
    if encoding is not None and encoding.lower() not in ("utf-8", "utf8"):
        raise MalformedFeed(f"the answer says that it is in {encoding}, not UTF-8: try again later", encoding=encoding)


def bounded(address: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The parts of a decoded answer. Raises MalformedFeed as soon as they are more than MAX_BYTES together."""
    received = 0
    for chunk in chunks:
        received += len(chunk)
        if received > MAX_BYTES:
            raise MalformedFeed(
                f"{host_of(address)} answered with more than {MAX_BYTES} bytes: ask for smaller pages", limit=MAX_BYTES
            )
        if chunk:
            yield chunk


def excerpt(body: bytes) -> str:
    """The beginning of an answer, on one line, for a message."""
    return " ".join(body[:_EXCERPT_BYTES].decode("utf-8", "replace").split())
