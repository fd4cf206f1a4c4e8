"""Who does the shards of a stage: this process, or the workers of a cluster, as far as no engine is needed to say it.

What needs Prefect, Dask or Ray lies in `flows/runners.py`.
"""

from __future__ import annotations

import importlib.util
import pickle
import platform
import re
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from littriage import __version__
from littriage.errors import SettingsError, WorkersUnavailable
from littriage.ports import Done, Shard

LOCAL, THREADS, DASK, RAY = RUNNERS = ("local", "threads", "dask", "ray")

AHEAD = 2
"""Shards that wait for a worker, or for the caller to take what was made of them, beside those that are worked on."""

REACH_S = 5.0
"""How long a scheduler may take to accept a connection."""


@dataclass(slots=True)
class Here:
    """This process: one shard is worked on while the caller stores what came of the one before.

    numpy, torch and faiss use all cores by themselves, so that one thread is enough.
    """

    name: str = LOCAL
    count: int = 1

    def map(self, work: Callable[[Shard], Done], shards: Iterable[Shard]) -> Iterator[Done]:
        """As ports.Workers says."""
        with ThreadPoolExecutor(self.count, thread_name_prefix="shard") as pool:
            yield from in_order(lambda shard: pool.submit(work, shard), shards, self.count + AHEAD)


Result = TypeVar("Result", covariant=True)


class Promise(Protocol[Result]):
    """What a future of any engine can do."""

    def result(self) -> Result: ...

    def cancel(self) -> object: ...


def in_order(submit: Callable[[Shard], Promise[Done]], shards: Iterable[Shard], at_once: int) -> Iterator[Done]:
    """What comes of each shard, in the order of the shards, with at most `at_once` submitted and not given back.

    What is left is cancelled where a shard fails, and where the caller stops asking.
    """
    waiting: deque[Promise[Done]] = deque()
    try:
        for shard in shards:
            waiting.append(submit(shard))
            if len(waiting) >= at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for one in waiting:
            one.cancel()


# --- what travels to a worker -----------------------------------------------------------------------------------


def packed(work: Callable[[Shard], Any], shard: Shard) -> bytes:
    """A shard and what is to be done with it, for `done`."""
    return pickle.dumps((work, shard), protocol=pickle.HIGHEST_PROTOCOL)


def done(task: bytes) -> Any:
    """What comes of a packed shard. A worker unpacks it here, in the thread that works: that may load a model."""
    work, shard = pickle.loads(task)
    return work(shard)


@dataclass(frozen=True, slots=True)
class Versions:
    """Of what must be the same here and on a worker, for what travels between them to mean the same."""

    littriage: str
    python: str
    """The major and the minor number."""

    def __str__(self) -> str:
        return f"littriage {self.littriage} on Python {self.python}"


def versions() -> Versions:
    """Those of this process."""
    return Versions(__version__, ".".join(platform.python_version_tuple()[:2]))


def refuse_other_versions(found: Iterable[tuple[str, Versions | BaseException]]) -> None:
    """Raises SettingsError for the first of these workers, by address, that has other versions, or no littriage."""
    own = versions()
    for where, there in found:
        if there == own:
            continue
        has = "no littriage that can be used" if isinstance(there, BaseException) else str(there)
        because = f" ({there})" if isinstance(there, BaseException) else ""
        raise SettingsError(
            f"the worker {where} has {has}{because}, this process has {own}: install the same on every worker, with "
            f'"pip install littriage=={own.littriage}"',
            worker=where,
        )


# --- before anything is started ---------------------------------------------------------------------------------

_ENGINES = {DASK: "prefect_dask", RAY: "prefect_ray"}
_ADDRESSES = {
    DASK: (re.compile(r"((?:tcp|tls)://)?(?P<host>[^/:\s]+|\[[0-9a-f:]+\]):(?P<port>\d+)"), "tcp://host:8786"),
    RAY: (re.compile(r"(ray://)?(?P<host>[^/:\s]+|\[[0-9a-f:]+\]):(?P<port>\d+)|auto"), "ray://host:10001, or auto"),
}


def check_names(runner: str, scheduler: str) -> None:
    """Raises SettingsError for a runner that is none, and for a scheduler's address that the runner cannot use."""
    if runner not in RUNNERS:
        raise SettingsError(
            f"there is no runner {runner!r}: take {', '.join(RUNNERS[:-1])} or {RUNNERS[-1]}", runner=runner
        )
    if not scheduler:
        return
    if runner not in _ADDRESSES:
        raise SettingsError(
            f"the runner {runner} uses no scheduler, and {scheduler!r} is given: leave it out, or take --runner dask "
            "or --runner ray",
            scheduler=scheduler,
        )
    pattern, example = _ADDRESSES[runner]
    if not pattern.fullmatch(scheduler):
        raise SettingsError(
            f"the scheduler {scheduler!r} is no address that {runner} knows: give one such as {example}",
            scheduler=scheduler,
        )


def refuse_unusable(runner: str, scheduler: str) -> None:
    """See, in seconds, whether the runner can be used, and start nothing.

    Raises SettingsError where the extra is not installed, WorkersUnavailable where nobody listens at the address.
    """
    if runner not in _ENGINES:
        return
    if importlib.util.find_spec(_ENGINES[runner]) is None:
        raise SettingsError(
            f"the runner {runner} needs an extra that is not installed: pip install 'littriage[{runner}]'",
            runner=runner,
        )
    found = _ADDRESSES[runner][0].fullmatch(scheduler)
    if found and found["host"]:
        try:
            socket.create_connection((found["host"].strip("[]"), int(found["port"])), timeout=REACH_S).close()
        except (OSError, OverflowError) as error:
            raise WorkersUnavailable(
                f"nobody answers at the scheduler's address {scheduler} ({error}): start it, give another one with "
                "--scheduler, or leave --runner out and work on this machine alone",
                scheduler=scheduler,
            ) from error
