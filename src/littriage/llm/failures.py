"""Why a request gave no answer: the error for what a server sent, in our words and a little of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from littriage.errors import LittriageError, LlmRefused, LlmUnavailable, MalformedReply
from littriage.llm.ladder import Rung
from littriage.prompts import quoted

MOST_BYTES = 1 << 20
"""Of an answer, unpacked. The questions allow some thousand tokens."""
QUOTED_CHARS = 120
"""Of a server's own words."""
FORM = "form"
"""`parts["unsupported"]` of a refusal of the format; else it is the name of a parameter."""
LIMITS = ("max_tokens", "max_completion_tokens")
"""The two names of the limit of an answer."""
_MAY_PASS = {408, 409, 425, 429}
"""And every status from 500 on."""
_BAD_REQUEST = {400, 422}
_NO_CREDIT = {"insufficient_quota", "insufficient_balance", "billing_hard_limit_reached"}
_ABOUT_FORM = re.compile(
    r"response_format|json_schema|json_object|output_config|output_format|structured[ _-]?output|json[ _]mode|grammar",
    re.IGNORECASE,
)
_NOT_TAKEN = re.compile(
    r"support|unknown|unrecogni[sz]ed|unexpected|not (permitted|allowed)|extra (input|field)|deprecated", re.IGNORECASE
)


@dataclass
class Exchange:
    """What went over the wire for one request, as far as it came."""

    sent: bool = False
    """False: the library itself refused the request, and nothing went out."""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""
    body: bytes = b""
    complete: bool = False
    too_long: bool = False
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What the error for it must know."""

    place: str
    model: str
    rung: Rung
    parameters: Collection[str]
    """Names of those that were sent and can be left out or renamed."""
    timeout_s: float
    clean: Callable[[str], str]
    """Takes secrets out of a text."""


def failure_of(exchange: Exchange, request: Request) -> LittriageError:
    """The error for a request without an answer that the library could read.

    `parts["unsupported"]` of an LlmRefused names what the next request can do without, `parts["wait_s"]` of an
    LlmUnavailable the wait that the server asks for.
    """
    place = request.place
    if exchange.too_long:
        return MalformedReply(
            f"{place} answered with more than {MOST_BYTES} bytes", limit=MOST_BYTES, again=False, of_form=False
        )
    if exchange.timed_out:
        return LlmUnavailable(
            f"no answer from {place} within {request.timeout_s:g} s: try again later, or set LITTRIAGE_LLM_TIMEOUT_S"
        )
    if not exchange.sent:
        return LlmRefused(f"the form of the answer cannot be asked of {request.model}", unsupported=FORM)
    status = exchange.status
    if status is None:
        return LlmUnavailable(f"{place} cannot be reached: is the server running, and is LITTRIAGE_LLM_URL right?")
    if not exchange.complete:
        return LlmUnavailable(f"the answer of {place} broke off: try again later", status=status)
    if 300 <= status < 400:
        return LlmRefused(
            f"{place} redirects elsewhere, which is not followed: set LITTRIAGE_LLM_URL to the address itself",
            status=status,
        )
    if status >= 400:
        return _refused(exchange, status, request)
    if _object(exchange.body) is None:
        return LlmRefused(f"{place} answers, but not with JSON: is LITTRIAGE_LLM_URL right?", status=status)
    return MalformedReply(f"{place} answered without an answer of the model")


def tokens_of(body: bytes) -> tuple[int | None, int | None]:
    """Tokens of the question and of the answer as the server counts them; None where it does not tell."""
    usage = (_object(body) or {}).get("usage")
    if not isinstance(usage, dict):
        return None, None
    return _count(usage, "prompt_tokens", "input_tokens"), _count(usage, "completion_tokens", "output_tokens")


def cleaner(key: str) -> Callable[[str], str]:
    """A function that takes a key, each longer piece of it, and what looks like one out of a text, which it cuts."""
    pieces = {key[at : at + _PIECE] for at in range(max(1, len(key) - _PIECE + 1))} if key else set()

    def clean(text: str) -> str:
        words = quoted(text[:_LOOKED_AT], _LOOKED_AT).split(" ")
        hidden = ("[hidden]" if any(piece in word for piece in pieces) else word for word in words)
        return quoted(_LIKE_A_KEY.sub("[hidden]", " ".join(hidden)), QUOTED_CHARS)

    return clean


_PIECE = 6
_LOOKED_AT = 2_000
_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|key)-[\w*.-]{4,}|\bBearer\s+\S+", re.IGNORECASE)


def _refused(exchange: Exchange, status: int, request: Request) -> LittriageError:
    """The error for a status from 400 on."""
    place = request.place
    message, codes, parameter = _words(exchange.body)
    if (status in _MAY_PASS or status >= 500) and not codes & _NO_CREDIT:
        wait_s = _told_wait_s(exchange.headers)
        later = "later" if wait_s is None else f"in {wait_s:.0f} s"
        return LlmUnavailable(f"{place} answered with status {status}: try again {later}", status=status, wait_s=wait_s)
    if status in (401, 403):  # its words are not quoted: they may hold a part of the key
        return LlmRefused(
            f"{place} refuses the key (status {status}): set LITTRIAGE_LLM_KEY to one that it takes", status=status
        )
    if status == 402 or codes & _NO_CREDIT:
        return LlmRefused(f"the account at {place} has no credit left (status {status})", status=status)
    said = request.clean(message)
    quote = f": {said}" if said else ""
    if status == 404:
        return LlmRefused(
            f"{place} knows no model {request.model!r}, or nothing is at that address (status 404{quote}): set "
            "LITTRIAGE_LLM_MODEL and LITTRIAGE_LLM_URL to what it serves",
            status=status,
        )
    parts = (
        {"unsupported": named}
        if status in _BAD_REQUEST and (named := _unsupported(message, parameter, request))
        else {}
    )
    return LlmRefused(f"{place} refuses the request (status {status}{quote})", status=status, **parts)


def _unsupported(message: str, parameter: str, request: Request) -> str | None:
    """What a refusal of the request itself names: FORM, or a parameter that was sent."""
    for words in (parameter, message):
        if request.rung is not Rung.PROMPT and _ABOUT_FORM.search(words):
            return FORM
        for name in request.parameters:
            # A limit may also be too large for the model, which no other name would change.
            if re.search(rf"\b{name}\b", words) and (name not in LIMITS or _NOT_TAKEN.search(message)):
                return name
    return None


def _words(body: bytes) -> tuple[str, set[str], str]:
    """The message of an error body, its codes, and the parameter that it names.

    OpenAI and its followers have `error.message`, `error.code`, `error.type` and `error.param`, Anthropic the first and
    the third, FastAPI's servers `detail` with places and messages, others a plain `message` or `error`.
    """
    found = _object(body)
    if found is None:
        return body[:_LOOKED_AT].decode("utf-8", "replace"), set(), ""
    error = found.get("error", found)
    if not isinstance(error, dict):
        return str(error), set(), ""
    message = error.get("message") or error.get("detail") or ""
    if isinstance(message, list):
        message = "; ".join(
            f"{'.'.join(map(str, one.get('loc', ())))}: {one.get('msg', '')}"
            for one in message
            if isinstance(one, dict)
        )
    codes = {str(error[name]) for name in ("code", "type") if error.get(name)}
    return str(message)[:_LOOKED_AT], codes, str(error.get("param") or "")


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _count(usage: Mapping[str, Any], *names: str) -> int | None:
    """The first of these that is a number of tokens."""
    found = (usage.get(name) for name in names)
    return next((n for n in found if isinstance(n, int) and not isinstance(n, bool) and n >= 0), None)


def _told_wait_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks for, from the answer's own Date (RFC 9110, section 10.2.3); None without one."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())
