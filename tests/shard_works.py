"""Work for shards, as a worker of a cluster imports it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fakes import FakeEmbedder
from littriage.errors import SettingsError


def rows(shard: int) -> tuple[int, NDArray[np.float32]]:
    """The process that did it, and an array."""
    return os.getpid(), np.full((1000, 4), shard, np.float32)


def refused(shard: int) -> int:
    if shard == 1:
        raise SettingsError("shard 1 cannot be used", shard=shard)
    return shard


def deadly(shard: int) -> int:
    if shard == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return shard


def deadly_once(mark: str, shard: int) -> int:
    """Kills the process that does shard 1, the first time."""
    if shard == 1 and first_time(mark):
        os.kill(os.getpid(), signal.SIGKILL)
    return shard


def first_time(mark: str) -> bool:
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@dataclass
class Mortal(FakeEmbedder):
    """An embedder whose first shard in another process ends that process."""

    home: int = 0
    mark: str = ""

    def encode(self, texts):  # type: ignore[no-untyped-def]
        if os.getpid() != self.home and first_time(self.mark):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts)
