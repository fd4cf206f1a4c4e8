"""Several devices of one machine: a process for each, with its own copy of the model."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, islice
from queue import SimpleQueue

from littriage.embedding.recipes import use_device
from littriage.embedding.weights import may_have_gpu
from littriage.errors import WorkersUnavailable
from littriage.ports import Done, Shard
from littriage.workers import AHEAD, done, in_order, packed


@dataclass(slots=True)
class DeviceWorkers:
    """A process for each of these torch devices; a shard goes to the one that is free.

    The processes live as long as a `map`. A single shard is done in this process: to start one takes seconds. `map`
    raises WorkersUnavailable where a process dies.
    """

    devices: Sequence[str]
    name: str = "devices"
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.count = len(self.devices)

    def map(self, work: Callable[[Shard], Done], shards: Iterable[Shard]) -> Iterator[Done]:
        """As ports.Workers says."""
        coming = iter(shards)
        first = list(islice(coming, 2))
        if len(first) < 2:
            yield from map(work, first)
            return
        context = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
        with ExitStack() as stack:
            free: SimpleQueue[tuple[str, ProcessPoolExecutor]] = SimpleQueue()
            for device in self.devices:
                pool = ProcessPoolExecutor(1, context, initializer=use_device, initargs=(device,))
                free.put((device, stack.enter_context(pool)))
            threads = stack.enter_context(ThreadPoolExecutor(self.count, thread_name_prefix="device"))

            def on_a_free_one(task: bytes) -> Done:
                device, pool = free.get()
                try:
                    found: Done = pool.submit(done, task).result()
                except BrokenProcessPool as error:
                    raise WorkersUnavailable(
                        f"the process on {device} has died, for want of memory perhaps: what was stored is kept, and "
                        "the next run goes on from there; name fewer devices with --device where it dies again",
                        device=device,
                    ) from error
                finally:
                    free.put((device, pool))
                return found

            yield from in_order(
                lambda shard: threads.submit(on_a_free_one, packed(work, shard)),
                chain(first, coming),
                self.count * (1 + AHEAD),
            )


def device_names(device: str) -> tuple[str, ...]:
    """The torch devices that a setting means: names with commas between them, every CUDA device for `cuda` and `auto`.

    One name, as it is given, where there is one such device at most.
    """
    named = tuple(name.strip() for name in device.split(",") if name.strip())
    if named not in (("auto",), ("cuda",)):
        return named or ("auto",)
    if named == ("auto",) and not may_have_gpu():
        return named
    import torch

    found = tuple(f"cuda:{number}" for number in range(torch.cuda.device_count()))
    return found if len(found) > 1 else named
