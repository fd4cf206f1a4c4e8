"""What littriage needs from outside, as Protocols. The edges implement them; the tests have small fakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from littriage.model import Drop, Paper, Query, Window

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

    def sleep(self, seconds: float) -> None: ...


class Progress(Protocol):
    """Where long work reports to; quiet where nobody watches."""

    def start(self, label: str, total: int | None) -> None: ...

    def advance(self, done: int = 1) -> None: ...

    def finish(self) -> None: ...
