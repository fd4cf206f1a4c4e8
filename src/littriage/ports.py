"""What littriage needs from outside, as Protocols. The edges implement them; the tests have small fakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

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
