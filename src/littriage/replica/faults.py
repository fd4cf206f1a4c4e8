"""The ways in which arXiv's API has been seen to fail, to be switched on request by request.

    with Replica(papers, faults=script({2: refused(503, retry_after="7"), 3: cut()})) as replica: ...

A fault changes what a request would have been answered with: the slice before it is written as Atom, or the finished
answer. A plan says which request meets which fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Event

from littriage.replica.feed import ATOM, Slice, render_error


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    number: int
    """1 for the first since the replica started."""
    path: str
    """With its query string."""
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    """Seconds on the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over the wire."""

    body: bytes
    status: int = 200
    content_type: str = ATOM
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
    """Bytes of the body after which the connection is cut; None: all of it is sent."""
    after: Event | None = None
    """Held back until this is set."""


def _same_slice(part: Slice) -> Slice:
    return part


def _same_answer(answer: Answer) -> Answer:
    return answer


@dataclass(frozen=True, slots=True)
class Fault:
    """A change of a slice, of an answer, or of both."""

    of_slice: Callable[[Slice], Slice] = _same_slice
    of_answer: Callable[[Answer], Answer] = _same_answer


Plan = Callable[[Request], Fault | None]
"""Which fault a request meets; None: none."""


def no_faults(request: Request) -> Fault | None:
    """The plan of a service in good health."""
    return None


def script(faults: Mapping[int, Fault]) -> Plan:
    """The plan in which the n-th request, from 1, meets its own fault."""
    return lambda request: faults.get(request.number)


def always(fault: Fault) -> Plan:
    """The plan in which every request meets the same fault."""
    return lambda request: fault


# --- refusals ---------------------------------------------------------------------------------------------------


def refused(status: int = 503, retry_after: str | None = None) -> Fault:
    """A status such as 429 or 503, with or without a Retry-After in seconds or as an HTTP date."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    return Fault(of_answer=lambda _: Answer(b"Service busy\n", status, "text/plain", headers))


def rate_exceeded() -> Fault:
    """The sentence "Rate exceeded." with status 200."""
    return Fault(of_answer=lambda _: Answer(b"Rate exceeded.", 200, "text/plain"))


def html_page() -> Fault:
    """A web page with status 200."""
    page = b"<!DOCTYPE html><html><head><title>arXiv.org</title></head><body><p>Down for maintenance.<br></body></html>"
    return Fault(of_answer=lambda _: Answer(page, 200, "text/html; charset=utf-8"))


def error_entry(reason: str, status: int = 200) -> Fault:
    """An error that comes as an entry of a feed, by default with status 200."""
    return Fault(of_answer=lambda answer: replace(answer, body=_error(reason), status=status))


def _error(reason: str) -> bytes:
    return render_error("", date(2026, 1, 1), reason)


def moved(address: str) -> Fault:
    """A redirect."""
    return Fault(of_answer=lambda _: Answer(b"", 301, "text/html", {"Location": address}))


# --- wrong contents ---------------------------------------------------------------------------------------------


def empty_page() -> Fault:
    """A well-formed feed with a total and no entries."""
    return Fault(of_slice=lambda part: replace(part, papers=()))


def false_zero() -> Fault:
    """A well-formed feed that says total 0."""
    return Fault(of_slice=lambda part: replace(part, papers=(), total=0))


def short_page(kept: int) -> Fault:
    """Only the first `kept` entries of the page, the total unchanged."""
    return Fault(of_slice=lambda part: replace(part, papers=part.papers[:kept]))


def other_total(change: int) -> Fault:
    """A total that is `change` more than it was."""
    return Fault(of_slice=lambda part: replace(part, total=part.total + change))


def reshaped(change: Callable[[Slice], Slice]) -> Fault:
    """Any other change of the slice."""
    return Fault(of_slice=change)


def rewritten(change: Callable[[bytes], bytes]) -> Fault:
    """Any other change of the feed's bytes."""
    return Fault(of_answer=lambda answer: replace(answer, body=change(answer.body)))


# --- broken connections -----------------------------------------------------------------------------------------


def cut(share: float = 0.5) -> Fault:
    """The connection ends after this part of the body, 0 to 1, although the whole length was announced."""
    return Fault(of_answer=lambda answer: replace(answer, sent=int(len(answer.body) * share)))


def held(until: Event) -> Fault:
    """No answer until the event is set."""
    return Fault(of_answer=lambda answer: replace(answer, after=until))
