"""Words of many texts as numbers, found a batch of texts at a time by whole arrays: no object for each word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]
Keys = NDArray[np.uint64]
_Places = NDArray[np.int64]

BREAK = -1
"""Stands for punctuation, and for the end of a text."""

_WITHIN, _PUNCTUATION = "-+'’", '.,;:!?()[]"“”—'
_LETTER, _JOIN, _MARK = 1, 2, 3
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio, odd: the upper bits of a product with it are evenly spread (Knuth 6.4)."""
_BASE = 0xD1342543DE82EF95 & ~7 | 3
"""Of the polynomial that hashes a word, 3 modulo 8: no difference of two small powers has many factors of 2."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of some texts, one text after the other, each with a BREAK behind it."""

    numbers: Numbers
    """Shape (words,): number in the vocabulary, or BREAK."""
    ends: _Places
    """Shape (texts,): where each text's words end, its last BREAK included."""


class Vocabulary:
    """Words by number, in the order in which they first come.

    A word is a run of letters and digits of any script, which single hyphens, pluses and apostrophes hold together.
    Two words are one where the 64 bits of their hashes are: of a million words, less than one chance in a million.
    """

    def __init__(self) -> None:
        self.spelt: list[str] = []
        self._table = Table()

    def words(self, texts: Sequence[str]) -> Words:
        """The words of texts in lower case; new ones get the next numbers."""
        joined = "".join([f"{text}\n" for text in texts])
        letters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
        kind = _kinds()[letters]
        ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1) - 1
        kind[ends] = _MARK
        word = kind == _LETTER
        word[1:-1] |= (kind[1:-1] == _JOIN) & word[:-2] & word[2:]
        edges = np.flatnonzero(np.diff(word, prepend=False))
        first, after = edges[::2], edges[1::2]  # a text ends with a mark, so every word has an end
        marks = np.flatnonzero(kind == _MARK)
        place = np.concatenate([first, marks])
        order = np.argsort(place, kind="stable")
        numbers = np.full(len(place), BREAK, np.int32)
        numbers[: len(first)] = self._numbered(_hashes(letters, first, after), joined, first, after)
        return Words(numbers[order], np.searchsorted(place[order], ends, side="right"))

    def _numbered(self, keys: Keys, joined: str, first: _Places, after: _Places) -> Numbers:
        numbers = self._table.find(keys)
        unknown = np.flatnonzero(numbers == BREAK)
        if len(unknown):
            new, begin = np.unique(keys[unknown], return_index=True)
            order = np.argsort(begin)
            self._table.add(new[order])
            places = unknown[begin[order]]
            self.spelt += [
                joined[start:end] for start, end in zip(first[places].tolist(), after[places].tolist(), strict=True)
            ]
            numbers[unknown] = self._table.find(keys[unknown])
        return numbers


def _hashes(letters: NDArray[np.uint32], first: _Places, after: _Places) -> Keys:
    """A hash of each word: a polynomial of random numbers that stand for its letters, modulo 2**64."""
    size = 1 << max(16, len(letters).bit_length())
    sums = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum(_random()[letters] * _powers(_BASE, size)[: len(letters)], out=sums[1:])
    inverse = _powers(pow(_BASE, -1, 1 << 64), size)
    return np.asarray((sums[after] - sums[first]) * inverse[first], np.uint64)


@lru_cache(maxsize=4)
def _powers(base: int, count: int) -> Keys:
    return np.cumprod(np.concatenate([np.ones(1, np.uint64), np.full(count - 1, base, np.uint64)]))


@lru_cache(maxsize=1)
def _kinds() -> NDArray[np.uint8]:
    """What each character is to a word."""
    count = 0x110000
    found = np.fromiter(map(str.isalnum, map(chr, range(count))), np.bool_, count).astype(np.uint8)
    for kind, signs in ((_JOIN, _WITHIN), (_MARK, _PUNCTUATION)):
        found[[ord(sign) for sign in signs]] = kind
    return found


@lru_cache(maxsize=1)
def _random() -> Keys:
    return np.random.default_rng(1).integers(1 << 64, size=0x110000, dtype=np.uint64)


class Table:
    """Numbers of 64-bit keys, in the order in which they were added: open addressing, whole arrays at a time."""

    def __init__(self, keys: Keys | None = None) -> None:
        """A table of these keys, which must differ."""
        self._held = 0
        self._clear(16)
        if keys is not None:
            self.add(keys)

    def __len__(self) -> int:
        return self._held

    def _clear(self, bits: int) -> None:
        self._shift, self._last = np.uint64(64 - bits), (1 << bits) - 1
        self._keys = np.zeros(1 << bits, np.uint64)
        self._numbers = np.full(1 << bits, BREAK, np.int32)

    def _slots(self, keys: Keys) -> _Places:
        return ((keys * _SPREAD) >> self._shift).astype(np.int64)

    def find(self, keys: Keys) -> Numbers:
        """The number of each key; -1 for one that the table does not hold."""
        slots = self._slots(keys)
        numbers = self._numbers[slots]
        missed = np.flatnonzero((self._keys[slots] != keys) & (numbers != BREAK))
        slots = slots[missed]
        while len(missed):
            slots = (slots + 1) & self._last
            found = self._numbers[slots]
            numbers[missed] = found
            on = (self._keys[slots] != keys[missed]) & (found != BREAK)
            missed, slots = missed[on], slots[on]
        return numbers

    def add(self, keys: Keys) -> None:
        """Take in keys that differ from each other and from all that the table holds."""
        numbers = np.arange(self._held, self._held + len(keys), dtype=np.int32)
        self._held += len(keys)
        if 2 * self._held > self._last:
            held = self._numbers != BREAK
            keys, numbers = np.concatenate([self._keys[held], keys]), np.concatenate([self._numbers[held], numbers])
            self._clear((4 * self._held).bit_length())
        slots = self._slots(keys)
        while len(keys):
            free = np.flatnonzero(self._numbers[slots] == BREAK)
            taken, first = np.unique(slots[free], return_index=True)
            chosen = free[first]
            self._keys[taken], self._numbers[taken] = keys[chosen], numbers[chosen]
            rest = np.ones(len(keys), np.bool_)
            rest[chosen] = False
            keys, numbers, slots = keys[rest], numbers[rest], (slots[rest] + 1) & self._last
