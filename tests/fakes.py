"""Small stand-ins for what the tests must not wait for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray


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
