"""The ways in which arXiv's services have been seen to fail, or might, to be switched on request by request.

    with Replica(papers, faults=script({2: refused(503, retry_after="7"), 3: cut()})) as replica: ...
    with Replica(papers, faults=sometimes(0.3, OAI_FAULTS, seed=1)) as replica: ...

A fault changes what a request would have been answered with: the slice before it is written as Atom, the page of a
list before it is written for OAI-PMH, or the finished answer of either. A plan says which request meets which fault.
"Both channels" are the query API and OAI-PMH; a fault of the one leaves the answers of the other as they are.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import cycle
from random import Random
from threading import Event, Lock

from littriage.replica.feed import ATOM, Slice, render_error
from littriage.replica.oai import OaiError, RecordList


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    number: int
    """1 for the first since the replica started, whatever the channel."""
    path: str
    """With its query string."""
    parameters: Mapping[str, str]
    """Of a repeated one, the last."""
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


def _same_list(page: RecordList) -> RecordList:
    return page


def _same_answer(answer: Answer) -> Answer:
    return answer


@dataclass(frozen=True, slots=True)
class Fault:
    """A change of a slice, of a page of a list, of an answer, or of several."""

    of_slice: Callable[[Slice], Slice] = _same_slice
    of_list: Callable[[RecordList], RecordList] = _same_list
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


def sometimes(share: float, faults: Mapping[str, Fault], seed: int, in_a_row: int = 2) -> Plan:
    """The plan in which about that share of the requests meets one of the faults, every kind in its turn.

    The number of a request decides, so the same seed gives the same plan. Never more than `in_a_row` requests meet a
    fault one after the other: a client that asks the same again is answered at last.
    """
    rng, lock = Random(seed), Lock()
    kinds = cycle(faults.values())
    met: list[Fault | None] = []

    def plan(request: Request) -> Fault | None:
        with lock:
            while len(met) < request.number:
                wanted = rng.random() < share
                spared = in_a_row <= len(met) and all(met[len(met) - in_a_row :])
                met.append(next(kinds) if wanted and not spared else None)
            return met[request.number - 1]

    return plan


# --- refusals ---------------------------------------------------------------------------------------------------


def refused(status: int = 503, retry_after: str | None = None) -> Fault:
    """A status such as 429 or 503, with or without a Retry-After in seconds or as an HTTP date. Both channels."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    return Fault(of_answer=lambda _: Answer(b"Service busy\n", status, "text/plain", headers))


def rate_exceeded() -> Fault:
    """The sentence "Rate exceeded." with status 200. Both channels."""
    return Fault(of_answer=lambda _: Answer(b"Rate exceeded.", 200, "text/plain"))


def html_page() -> Fault:
    """A web page with status 200. Both channels."""
    page = b"<!DOCTYPE html><html><head><title>arXiv.org</title></head><body><p>Down for maintenance.<br></body></html>"
    return Fault(of_answer=lambda _: Answer(page, 200, "text/html; charset=utf-8"))


def error_entry(reason: str, status: int = 200) -> Fault:
    """An error that comes as an entry of a feed, by default with status 200. Query API."""
    return Fault(of_answer=lambda answer: replace(answer, body=_error(reason), status=status))


def _error(reason: str) -> bytes:
    return render_error("", date(2026, 1, 1), reason)


def oai_error(code: str, reason: str) -> Fault:
    """An error of the protocol in place of a page of a list. OAI-PMH."""

    def raised(_: RecordList) -> RecordList:
        raise OaiError(code, reason)

    return Fault(of_list=raised)


def token_rejected() -> Fault:
    """badResumptionToken for any token; a list can still be begun. OAI-PMH."""

    def rejected(page: RecordList) -> RecordList:
        if page.asked is not None:
            raise OaiError("badResumptionToken", "The token is invalid or expired")
        return page

    return Fault(of_list=rejected)


def moved(address: str) -> Fault:
    """A redirect to another address. Both channels."""
    return Fault(of_answer=lambda _: Answer(b"", 301, "text/html", {"Location": address}))


# --- wrong contents ---------------------------------------------------------------------------------------------


def empty_page() -> Fault:
    """A well-formed feed with a total and no entries. Query API."""
    return Fault(of_slice=lambda part: replace(part, papers=()))


def false_zero() -> Fault:
    """A well-formed feed that says total 0. Query API."""
    return Fault(of_slice=lambda part: replace(part, papers=(), total=0))


def short_page(kept: int) -> Fault:
    """Only the first `kept` entries of the page, the total unchanged. Query API."""
    return Fault(of_slice=lambda part: replace(part, papers=part.papers[:kept]))


def other_total(change: int) -> Fault:
    """A total that is `change` more than it was. Query API."""
    return Fault(of_slice=lambda part: replace(part, total=part.total + change))


def token_loops() -> Fault:
    """The right records, but a token that leads back to them instead of on. OAI-PMH."""
    return Fault(of_list=lambda page: replace(page, token=page.again) if page.token else page)


def page_repeated() -> Fault:
    """The page before once more, token and all, as a confused cache would send it. OAI-PMH.

    The token is the one just used: to ask it again gives the right page. A first page stays as it is.
    """
    return Fault(of_list=lambda page: replace(page, records=page.earlier, token=page.asked) if page.earlier else page)


def records_shuffled(seed: int = 0) -> Fault:
    """The right records in another order within the page: nothing is lost, though datestamps go back. OAI-PMH."""

    def shuffled(page: RecordList) -> RecordList:
        return replace(page, records=tuple(Random(seed).sample(page.records, len(page.records))))

    return Fault(of_list=shuffled)


def token_missing() -> Fault:
    """A page in the middle of a list without its token element, as if the answer had been cut there. OAI-PMH.

    A first page stays as it is: without a token it would be a sound list of one page.
    """
    return Fault(of_list=lambda page: replace(page, token=None) if page.asked and page.token else page)


def reshaped(change: Callable[[Slice], Slice]) -> Fault:
    """Any other change of the slice. Query API."""
    return Fault(of_slice=change)


def relisted(change: Callable[[RecordList], RecordList]) -> Fault:
    """Any other change of a page of a list. OAI-PMH."""
    return Fault(of_list=change)


# --- wrong bytes ------------------------------------------------------------------------------------------------

_TEXT_END = re.compile(rb"</(?:summary|abstract|dc:description|title|dc:title|responseDate)>")
_FIRST = re.compile(rb"<(record|entry)>.*?</\1>", re.DOTALL)
_ID = re.compile(rb"\s*<(id|identifier|dc:identifier)>.*?</\1>", re.DOTALL)
_DATE = re.compile(rb"\s*<(date|created|dc:date|published)>.*?</\1>", re.DOTALL)
_BOMB = b"""<!DOCTYPE bomb [<!ENTITY a "ha">%s]>""" % b"".join(
    b'<!ENTITY %c "%s">' % (name, b"&%c;" % (name - 1) * 10) for name in b"bcdefghij"
)
_BLANKS = b" " * (1 << 20)


def rewritten(change: Callable[[bytes], bytes]) -> Fault:
    """Any other change of the bytes. Both channels."""
    return Fault(of_answer=lambda answer: replace(answer, body=change(answer.body)))


def empty_body() -> Fault:
    """Status 200 and not a byte. Both channels."""
    return rewritten(lambda _: b"")


def truncated(share: float = 0.5) -> Fault:
    """Only this part of the body, 0 to 1, announced as if it were the whole. Both channels."""
    return rewritten(lambda body: body[: int(len(body) * share)])


def wrong_encoding(name: str = "ISO-8859-1") -> Fault:
    """UTF-8 that says it is something else: read as told, every accent is broken and nothing fails. Both channels."""
    return rewritten(lambda body: body.replace(b'encoding="UTF-8"', f'encoding="{name}"'.encode(), 1))


def control_character() -> Fault:
    """A character that XML cannot hold in the first text, an abstract where there is one. Both channels."""
    return rewritten(lambda body: _before_text_end(body, b"\x0b"))


def entity_bomb() -> Fault:
    """A document type whose nested entities would grow to gigabytes in the first text. Both channels."""
    return rewritten(lambda body: _before_text_end(body.replace(b"?>", b"?>" + _BOMB, 1), b"&j;"))


def _before_text_end(body: bytes, extra: bytes) -> bytes:
    ends = sorted(_TEXT_END.finditer(body), key=lambda end: b"title" in end[0] or b"responseDate" in end[0])
    return body[: ends[0].start()] + extra + body[ends[0].start() :] if ends else body


def gzip_bomb(inflated_mb: int = 256) -> Fault:
    """A gzip body that is a thousandth of so many MB of blanks, and that is what it grows to. Both channels."""

    def bomb(answer: Answer) -> Answer:
        headers = dict(answer.headers) | {"Content-Encoding": "gzip"}
        return replace(answer, body=_deflated_blanks(inflated_mb), headers=headers)

    return Fault(of_answer=bomb)


@lru_cache(maxsize=2)
def _deflated_blanks(megabytes: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([squeeze.compress(_BLANKS) for _ in range(megabytes)]) + squeeze.flush()


def without_id() -> Fault:
    """The first record or entry without anything that says which it is. Both channels."""
    return rewritten(lambda body: _first_record(body, lambda record: _ID.sub(b"", record)))


def without_date() -> Fault:
    """The first record or entry without the dates of its versions. Both channels."""
    return rewritten(lambda body: _first_record(body, lambda record: _DATE.sub(b"", record)))


def dated(day: date) -> Fault:
    """The first record or entry with that day for all its versions: one to come, or one before 1991. Both channels."""
    noon = datetime.combine(day, time(12), UTC)
    forms = {b"date": f"{noon:%a}, {day.day} {noon:%b} {day.year:04} 12:00:00 GMT", b"published": f"{day}T12:00:00Z"}

    def other(match: re.Match[bytes]) -> bytes:
        return b"\n<%s>%s</%s>" % (match[1], forms.get(match[1], str(day)).encode(), match[1])

    return rewritten(lambda body: _first_record(body, lambda record: _DATE.sub(other, record)))


def _first_record(body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    return _FIRST.sub(lambda match: change(match[0]), body, count=1)


# --- broken connections -----------------------------------------------------------------------------------------


def cut(share: float = 0.5) -> Fault:
    """The connection ends after this part of the body, although the whole length was announced. Both channels."""
    return Fault(of_answer=lambda answer: replace(answer, sent=int(len(answer.body) * share)))


def held(until: Event) -> Fault:
    """No answer until the event is set. Both channels."""
    return Fault(of_answer=lambda answer: replace(answer, after=until))


# --- all of them ------------------------------------------------------------------------------------------------

_BOTH_FAULTS: dict[str, Fault] = {
    "busy": refused(503),
    "busy for a while": refused(503, retry_after="7"),
    "too many requests": refused(429, retry_after="5"),
    "server error": refused(500),
    "rate exceeded": rate_exceeded(),
    "web page": html_page(),
    "moved away": moved("http://127.0.0.1:9/elsewhere"),
    "empty body": empty_body(),
    "truncated": truncated(),
    "cut at half": cut(),
    "cut near the end": cut(0.99),
    "wrong encoding": wrong_encoding(),
    "unknown encoding": wrong_encoding("x-none"),
    "control character": control_character(),
    "entity bomb": entity_bomb(),
    "gzip bomb": gzip_bomb(),
}

API_FAULTS: dict[str, Fault] = _BOTH_FAULTS | {
    "empty page": empty_page(),
    "false zero": false_zero(),
    "short page": short_page(1),
    # A bare count, without entries, has nothing beside it that could give the lie to it.
    "other total": reshaped(lambda part: replace(part, total=part.total + 1) if part.papers else part),
}
"""What a harvest of the query API must survive by asking again, if need be for the whole window, by name."""

OAI_FAULTS: dict[str, Fault] = _BOTH_FAULTS | {
    "token rejected": token_rejected(),
    "token loops": token_loops(),
    "page repeated": page_repeated(),
    "records shuffled": records_shuffled(),
    "token missing": token_missing(),
}
"""What a harvest by OAI-PMH must survive by asking again, if need be for the whole list, by name."""

DAMAGED_RECORDS: dict[str, Fault] = {
    "without id": without_id(),
    "without date": without_date(),
    "dated in the future": dated(date(2999, 1, 1)),
    "dated before arXiv": dated(date(1990, 12, 31)),
}
"""Sound answers whose first record cannot be used, by name, for both channels: a drop with its reason."""
