"""Small stand-ins for what the tests must not wait for."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from littriage.errors import LittriageError
from littriage.ports import LlmCall, Prompt, Reply


@dataclass
class FakeEmbedder:
    """Bags of words, each word hashed to one of `dim` signed places: texts that share words are near each other."""

    model: str = "fast@fake"
    tier: str = "fast"
    dim: int = 256
    asked: list[str] = field(default_factory=list)
    """Every text encoded so far."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.extend(texts)
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace(".", " ").split() or [""]:
                number = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
                row[number % self.dim] += 1 if number >> 63 else -1
            row[0] += 1e-3  # words that cancel out must not leave a row of zeros
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@dataclass
class FakeClock:
    """A clock that only moves when told to; `sleeps` is its history."""

    seconds: float = 0.0
    """Its monotonic reading."""
    day: date = date(2026, 1, 1)
    sleeps: list[float] = field(default_factory=list)

    def today(self) -> date:
        return self.day

    def now(self) -> datetime:
        return datetime.combine(self.day, time()) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds


LlmAnswer = Mapping[str, Any] | Reply | LittriageError | BaseException
"""What FakeLlm is told to give: an answer, a whole reply, an error of the client, or what is raised inside the call."""


class FakeLlm:
    """A language model that gives what a function of the prompt says, or the next of a queue; every answer one call.

    A mapping is an answer, an error of littriage is a reply without one, a Reply is given as it is, and anything else
    that can be raised is raised. An empty queue fails the test.
    """

    def __init__(
        self,
        replies: Callable[[Prompt], LlmAnswer] | Iterable[LlmAnswer] = (),
        *,
        model: str = "fake-1",
        place: str = "fake.invalid/v1",
        tokens: tuple[int, int] | None = (100, 10),
        usd_per_million: tuple[float, float] | None = None,
    ) -> None:
        self.replies = replies if callable(replies) else deque(replies)
        self.model = model
        self.place = place
        self.tokens = tokens
        """In and out, of every call that the fake makes up; None: the server does not tell."""
        self.usd_per_million = usd_per_million
        """Price of a million tokens in and out; None: not known."""
        self.history: list[Prompt] = []
        """Every prompt asked, in the order in which it came."""
        self.allowed: list[int | None] = []
        """`most_calls` of each of them."""
        self.closed = False
        self._lock = threading.Lock()

    def ask(self, prompt: Prompt, most_calls: int | None = None) -> Reply:
        with self._lock:
            self.history.append(prompt)
            self.allowed.append(most_calls)
            if isinstance(self.replies, deque):
                assert self.replies, f"asked once more than expected: {prompt.data}"
                given: LlmAnswer = self.replies.popleft()
        if callable(self.replies):
            given = self.replies(prompt)
        if isinstance(given, Reply):
            return given
        if isinstance(given, LittriageError):
            return Reply(None, (self.call(type(given).__name__, str(given)),), given)
        if isinstance(given, BaseException):
            raise given
        return Reply(given, (self.call(),))

    def call(self, outcome: str = "answered", reason: str = "") -> LlmCall:
        """One call as the fake's settings make it."""
        tokens_in, tokens_out = self.tokens or (None, None)
        cost = None if tokens_in is None or tokens_out is None else self.price(tokens_in, tokens_out)
        return LlmCall(datetime(2026, 1, 1), 0.5, outcome, reason, tokens_in, tokens_out, cost)

    def price(self, tokens_in: int, tokens_out: int) -> float | None:
        if self.usd_per_million is None:
            return None
        return (tokens_in * self.usd_per_million[0] + tokens_out * self.usd_per_million[1]) / 1_000_000

    def close(self) -> None:
        self.closed = True
