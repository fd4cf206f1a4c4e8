"""What littriage needs from outside, as Protocols. The edges implement them; the tests have small fakes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from littriage.errors import LittriageError
from littriage.model import Attempt, Drop, Paper, Query, Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a source: some of the papers of a window."""

    papers: tuple[Paper, ...]
    total: int
    """How many papers the source says that the window holds."""
    received: int
    """Entries in the answer, the dropped ones included."""
    dropped: tuple[Drop, ...] = ()


class PaperSource(Protocol):
    """A place to harvest papers from. Both calls raise SourceUnavailable, MalformedFeed or HarvestRefused."""

    name: str

    def count(self, query: Query, window: Window) -> int:
        """How many papers match, from a well-formed answer."""
        ...

    def pages(self, query: Query, window: Window) -> Iterator[Page]:
        """The matching papers, page by page, oldest first; the last page completes the window or an error says why."""
        ...

    def attempts(self) -> tuple[Attempt, ...]:
        """Every request since the last call, the failed ones included, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One answer of a listing by date of change: papers as they are now."""

    papers: tuple[Paper, ...]
    deleted: tuple[str, ...]
    """Base ids of records that the source has deleted."""
    token: str | None
    """Where the listing goes on; None: it is complete."""
    responded_on: date
    """The source's own day."""
    oldest: date | None
    """First and last datestamp of the page; None for a page without records."""
    newest: date | None
    in_order: bool
    """The datestamps within the page never go back."""
    received: int
    """Records in the answer, the dropped ones included."""
    dropped: tuple[Drop, ...] = ()


class RecordSource(Protocol):
    """A place that lists records by the day of their last change.

    Raises SourceUnavailable, MalformedFeed, HarvestRefused, and TokenRejected for a token that it no longer takes.
    """

    name: str

    def pages(self, set_spec: str, since: date | None, token: str | None = None) -> Iterator[RecordPage]:
        """What has changed in a set since a day, page by page, or the rest of a listing from its token on."""
        ...

    def attempts(self) -> tuple[Attempt, ...]:
        """Every request since the last call, the failed ones included, oldest first."""
        ...


class Embedder(Protocol):
    """Text to vectors."""

    model: str
    """Name and revision: the key of the vector cache."""
    tier: str
    """`fast` or `transformer`."""
    dim: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows, float32, shape (len(texts), dim). The same list gives the same bits."""
        ...


@dataclass(frozen=True)
class Prompt:
    """One question to a language model. What others wrote stands in `data` alone, never in the instructions."""

    task: str
    """screen, name, brief or read."""
    version: str
    """Of the instructions and the schema: raise it with every change of either."""
    instructions: str
    """Ours; the same for every question of a task and version."""
    data: str
    """JSON: what the question is about. Papers and documents are quoted here as values."""
    schema: Mapping[str, Any]
    """JSON Schema (draft 2020-12) of the answer, an object; closed, with enums and bounded strings."""
    max_tokens: int
    """Of the answer."""

    @cached_property
    def question(self) -> str:
        """sha256 of everything above, in hex: the same question, whoever answers it."""
        parts = [self.task, self.version, self.instructions, self.data, self.schema, self.max_tokens]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def key(self, model: str) -> str:
        """The key of the cache: `answer_key` of this question."""
        return answer_key(self.question, model)


def answer_key(question: str, model: str) -> str:
    """sha256 of the model's name and the question, in hex: the key of the cache."""
    return hashlib.sha256(f"{model}\n{question}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class LlmCall:
    """One request to a language model, as the ledger keeps it. No key and no text of the answer is part of it."""

    asked_at: datetime
    """UTC, without a zone."""
    seconds: float
    outcome: str = "answered"
    """`answered`, or the name of the error."""
    reason: str = ""
    tokens_in: int | None = None
    """None: the server did not tell."""
    tokens_out: int | None = None
    cost_usd: float | None = None
    """None: the price is not known; never 0 in its place."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one question: an answer or an error, and every request that it took."""

    value: Mapping[str, Any] | None
    """Fits the question's schema; None where there is no answer."""
    calls: tuple[LlmCall, ...]
    error: LittriageError | None = None
    """Why there is no answer: LlmUnavailable, LlmRefused or MalformedReply."""


class Llm(Protocol):
    """A language model that answers questions. It may be asked from several threads at once."""

    model: str
    """Its name, as the server knows it."""
    place: str
    """Host and path that are asked, without credentials."""

    def ask(self, prompt: Prompt, most_calls: int | None = None) -> Reply:
        """One question, with the repairs and repetitions that it needs: at most `most_calls` requests."""
        ...

    def price(self, tokens_in: int, tokens_out: int) -> float | None:
        """What a request of that size costs in US dollars; None where the price is not known."""
        ...

    def close(self) -> None: ...


Shard = TypeVar("Shard")
Done = TypeVar("Done")


class Workers(Protocol):
    """Where independent shards of a stage are done: in this process, or by the workers of a cluster."""

    name: str
    """local, threads, dask or ray."""
    count: int
    """How many shards are done at a time."""

    def map(self, work: Callable[[Shard], Done], shards: Iterable[Shard]) -> Iterator[Done]:
        """What `work` makes of each shard, in the order of the shards.

        Shards are taken a few ahead of what has been given back, so that neither they nor what is made of them has to
        fit into memory at once; meanwhile the caller can store what it was given. `work` is a function of a module, or
        a `functools.partial` of one, and shards are values: both may travel to another process. It writes nothing, for
        it may be done twice, by a worker that died and by another one. Raises what `work` raised for a shard.
        """
        ...


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def today(self) -> date:
        """The UTC day."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def now(self) -> datetime:
        """The UTC time, without a zone."""
        ...

    def sleep(self, seconds: float) -> None: ...


class Progress(Protocol):
    """Where long work reports to; quiet where nobody watches."""

    def start(self, label: str, total: int | None) -> None: ...

    def advance(self, done: int = 1) -> None: ...

    def finish(self) -> None: ...
