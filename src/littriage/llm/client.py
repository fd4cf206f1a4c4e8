"""A language model on a server, as the port Llm: one question, and every request that it takes, counted.

The protocols are spoken by pydantic-ai, through its direct request: its agents would repeat requests out of our sight,
and fall to no other format when a server refuses one. Ours are the ladder of formats, the repair of a wrong answer, the
repetitions, and the note of each request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any

from littriage.errors import LittriageError, LlmUnavailable, MalformedReply, SettingsError
from littriage.llm.addresses import FAMILIES, OPENAI, is_own, place_of, server_address
from littriage.llm.answers import checked_answer
from littriage.llm.failures import FORM, LIMITS, Request, cleaner, failure_of, tokens_of
from littriage.llm.ladder import Ladder, Rung
from littriage.llm.rendering import answered, complaint, rendered
from littriage.ports import Clock, LlmCall, Prompt, Reply
from littriage.prompts import quoted

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse

MOST_CALLS = 4
"""Requests for one question, the first included."""
FIRST_WAIT_S = 1.0
"""Before the first repetition; doubles with each."""
MOST_WAIT_S = 60.0
"""A server that asks for more is not asked again for this question."""
TIMEOUT_S = 120.0
REASON_CHARS = 200
"""Of an error, in the ledger."""


@dataclass(frozen=True, slots=True)
class Prices:
    """In US dollars per million tokens."""

    per_million_in: float
    per_million_out: float


@dataclass(frozen=True, slots=True)
class _Step:
    """What came of one request."""

    call: LlmCall | None
    """None: nothing was sent."""
    value: Mapping[str, Any] | None
    error: LittriageError | None
    text: str
    """Of the answer, for its repair."""


class LanguageModel:
    """A model on a server of one of the two families (`addresses.FAMILIES`), as an Llm.

    `url` empty: the family's own service. `key` empty: the server needs none. `prices` None: those that genai-prices
    knows for the server and the model. It may be asked from several threads at once; how many is the caller's choice.
    Raises SettingsError for a family or an address that cannot be used, and where the extra `llm` is not installed.
    """

    def __init__(
        self,
        model: str,
        *,
        clock: Clock,
        family: str = OPENAI,
        url: str = "",
        key: str = "",
        timeout_s: float = TIMEOUT_S,
        prices: Prices | None = None,
        most_calls: int = MOST_CALLS,
    ) -> None:
        if family not in FAMILIES:
            raise SettingsError(f"there is no family {family!r} of language models: take {' or '.join(FAMILIES)}")
        address = server_address(url, family)
        for package in ("pydantic_ai", "openai", "anthropic"):
            if find_spec(package) is None:
                raise SettingsError(
                    f'a language model is asked with {package}, which is not installed: pip install "littriage[llm]"',
                    missing=package,
                )
        from littriage.llm.line import Line

        self.model = model
        self.place = place_of(address)
        self._address = address
        self._clock = clock
        self._prices = prices
        self._most_calls = most_calls
        self._timeout_s = timeout_s
        self._clean = cleaner(key)
        self._ladder = Ladder(*(rung for rung in Rung if family == OPENAI or rung is not Rung.JSON_OBJECT))
        # A vendor's own service shows the schema to the model. Others often bind the answer by masking tokens, and a
        # model that is not told what for answers worse (https://github.com/pydantic/pydantic-ai/issues/3490).
        self._shows_schema = is_own(address, family)
        # OpenAI's own service wants the newer name of the limit, other servers may know the older one only.
        names = {"temperature", "max_completion_tokens" if is_own(address, OPENAI) else "max_tokens"}
        self._parameters = frozenset(names | {"seed"} if family == OPENAI else names)
        self._refused: set[str] = set()
        self._lock = Lock()
        self._line = Line(family, address, model, key, timeout_s)

    def ask(self, prompt: Prompt, most_calls: int | None = None) -> Reply:
        """One question, with the repairs and repetitions that it needs: at most `most_calls` requests.

        A wrong answer is sent back once, with what is wrong. A failure that may pass is repeated, after the wait that
        the server asks for or a growing one of ours. Raises ValueError for less than one request.
        """
        most = self._most_calls if most_calls is None else min(self._most_calls, most_calls)
        if most < 1:
            raise ValueError(f"at most {most} requests: a question takes at least one")
        calls: list[LlmCall] = []
        turns: list[tuple[str, str]] = []
        wait_s = FIRST_WAIT_S
        for attempt in count(1):
            rung, parameters = self._ladder.rung, self._parameters
            step = self._step(prompt, turns, rung, parameters)
            if step.call is not None:
                calls.append(step.call)
            if step.error is None:
                self._ladder.note_answer(rung)
                return Reply(step.value, tuple(calls))
            left = len(calls) < most and attempt < most + len(Rung)
            if isinstance(step.error, MalformedReply):
                fallen = step.error.parts.get("of_form", True) and self._ladder.note_malformed(rung)
                left = left and step.error.parts.get("again", True) and (fallen or not turns)
                turns = [] if fallen else [(answered(step.text), complaint(step.error.message))]
            elif isinstance(step.error, LlmUnavailable):
                told_s = step.error.parts.get("wait_s") or 0.0
                left = left and told_s <= MOST_WAIT_S
                if left:
                    self._clock.sleep(max(wait_s, told_s))
                    wait_s = min(2 * wait_s, MOST_WAIT_S)
            else:
                left = self._yields(step.error.parts.get("unsupported"), rung, parameters) and left
            if not left:
                break
        return Reply(None, tuple(calls), step.error)

    def price(self, tokens_in: int, tokens_out: int) -> float | None:
        """What a request of that size costs in US dollars; None where the price is not known.

        Prices of the settings, else of the table that comes with genai-prices, by server and model
        (https://github.com/pydantic/genai-prices); nothing is fetched.
        """
        if self._prices is not None:
            return (self._prices.per_million_in * tokens_in + self._prices.per_million_out * tokens_out) / 1e6
        from genai_prices import Usage, calc_price

        try:
            usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
            return float(calc_price(usage, self.model, provider_api_url=self._address).total_price)
        except LookupError:
            return None

    def close(self) -> None:
        """Ends the connections; nothing may be asked afterwards."""
        self._line.close()

    def _yields(self, unsupported: str | None, rung: Rung, parameters: frozenset[str]) -> bool:
        """Whether the next request can do without what the server refused; what it refused is remembered."""
        if unsupported is None:
            return False
        if unsupported == FORM:
            return self._ladder.fall(rung)
        with self._lock:
            self._refused.add(unsupported)
            names = self._parameters - {unsupported}
            if unsupported in LIMITS:
                other = next((name for name in LIMITS if name not in self._refused), None)
                if other is None:
                    return False
                names |= {other}
            self._parameters = names
            return True

    def _step(self, prompt: Prompt, turns: list[tuple[str, str]], rung: Rung, parameters: frozenset[str]) -> _Step:
        """One request and what came of it."""
        texts = rendered(prompt, with_schema=rung is not Rung.JSON_SCHEMA or not self._shows_schema)
        asked_at, start = self._clock.now(), self._clock.monotonic()
        exchange, response = self._line.ask(prompt, texts, turns, rung, parameters)
        seconds = self._clock.monotonic() - start
        value: Mapping[str, Any] | None = None
        error: LittriageError | None = None
        text = ""
        if response is None:
            request = Request(self.place, self.model, rung, parameters, self._timeout_s, self._clean)
            error = failure_of(exchange, request)
        else:
            text = _text(response)
            try:
                value = _answer(prompt, response, text)
            except MalformedReply as malformed:
                error = malformed.with_traceback(None)
        if not exchange.sent:
            return _Step(None, value, error, text)
        tokens_in, tokens_out = tokens_of(exchange.body)
        cost_usd = None if tokens_in is None or tokens_out is None else self.price(tokens_in, tokens_out)
        outcome, reason = ("answered", "") if error is None else (type(error).__name__, error.message)
        call = LlmCall(asked_at, seconds, outcome, quoted(reason, REASON_CHARS), tokens_in, tokens_out, cost_usd)
        return _Step(call, value, error, text)


def _text(response: ModelResponse) -> str:
    from pydantic_ai.messages import TextPart

    return "".join(part.content for part in response.parts if isinstance(part, TextPart))


def _answer(prompt: Prompt, response: ModelResponse, text: str) -> Mapping[str, Any]:
    """The answer to a question.

    Raises MalformedReply; `parts["again"]` False: asking again would not help; `parts["of_form"]` False: it says
    nothing of whether the server keeps to the format.
    """
    from pydantic_ai.messages import ToolCallPart

    if response.finish_reason == "content_filter":
        raise MalformedReply("the model declines to answer", again=False, of_form=False)
    if any(isinstance(part, ToolCallPart) for part in response.parts):
        raise MalformedReply("the answer calls a tool, and none was offered")
    if response.finish_reason == "length":
        raise MalformedReply(f"the answer was cut at its limit of {prompt.max_tokens} tokens", of_form=False)
    return checked_answer(text, prompt.schema)
