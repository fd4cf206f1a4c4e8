"""Texts to batches: tokenized ahead in a thread of its own, sorted by length, filled up to a number of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from littriage.workers import in_order

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WINDOW = 2048
"""Texts that are tokenized and sorted together: enough that neighbours have about the same length."""
FIRST_WINDOW = 512
"""Nothing is computed while the first one is tokenized."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of some texts, one text after another."""

    ids: NDArray[np.int64]
    """Shape (tokens,)."""
    ends: NDArray[np.int64]
    """Where each text ends, after a 0; shape (texts + 1,)."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each text; shape (texts,)."""
        return np.diff(self.ends)

    def padded(self, texts: NDArray[np.int64], multiple: int, pad: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The tokens of these texts in rows of one length, a multiple of `multiple`, filled up with `pad` at the right.

        And where tokens are; both of shape (texts, length).
        """
        lengths = self.lengths[texts]
        length = -(-int(lengths.max()) // multiple) * multiple
        columns = np.arange(length)
        filled = columns < lengths[:, None]
        places = np.where(filled, self.ends[texts][:, None] + columns, 0)
        return np.where(filled, self.ids[places], pad), filled


def tokenized(tokenizer: Tokenizer, texts: Sequence[str], marks: bool = True) -> Tokens:
    """The tokens of these texts, cut where the tokenizer cuts, on all cores; `marks`: with those of start and end."""
    found = [one.ids for one in tokenizer.encode_batch_fast(list(texts), add_special_tokens=marks)]
    ends = np.cumsum([0, *map(len, found)])
    return Tokens(np.fromiter(chain.from_iterable(found), np.int64, int(ends[-1])), ends)


def windows(tokenizer: Tokenizer, texts: Sequence[str], marks: bool = True) -> Iterator[tuple[int, Tokens]]:
    """The tokens of all texts, window by window, each with the number of its first text.

    The next windows are tokenized while the caller works on this one.
    """
    starts = [0, *range(FIRST_WINDOW, len(texts), WINDOW)]
    parts = [texts[start:end] for start, end in zip(starts, [*starts[1:], len(texts)], strict=True)]
    # Two threads: while the tokenizer's own are busy with one window, Python collects the ids of the other.
    with ThreadPoolExecutor(2, thread_name_prefix="tokens") as pool:
        found = in_order(lambda part: pool.submit(tokenized, tokenizer, part, marks), parts, 3)
        yield from zip(starts, found, strict=True)


def filled(lengths: NDArray[np.int64], budget: int, multiple: int = 1) -> Iterator[NDArray[np.int64]]:
    """Numbers of texts, longest first, in batches of at most `budget` tokens with their padding, at least one text.

    `lengths` are tokens; rows are padded to a multiple of `multiple`. Texts of one length stay in their order.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        longest = -(-max(int(lengths[order[start]]), 1) // multiple) * multiple
        end = start + max(budget // longest, 1)
        yield order[start:end]
        start = end
