"""Shards of a stage, done in this process by one thread beside the caller's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from littriage.ports import Done, Shard

AHEAD = 2
"""Shards that wait for each worker, or for the caller to take what was made of them."""


@dataclass(slots=True)
class Here:
    """This process: one shard is worked on while the caller stores what came of the one before.

    numpy, torch and faiss use all cores by themselves, so that one thread is enough.
    """

    name: str = "local"
    count: int = 1

    def map(self, work: Callable[[Shard], Done], shards: Iterable[Shard]) -> Iterator[Done]:
        """As ports.Workers says."""
        with ThreadPoolExecutor(self.count, thread_name_prefix="shard") as pool:
            waiting: deque[Future[Done]] = deque()
            try:
                for shard in shards:
                    waiting.append(pool.submit(work, shard))
                    if len(waiting) >= self.count + AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for one in waiting:
                    one.cancel()
