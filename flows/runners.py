"""Runners: who does the shards of a flow's stages.

Stages run in the flow's own process, which alone writes to the warehouse. What they hand out are shards, and each one
is a Prefect task run, with a name, retries and a state, that a thread of this process watches. `threads` does the work
in that thread. `dask` and `ray` hand it to the cluster that Prefect's task runner has started or found, and wait.

Only the work travels to a worker, not the Prefect task: that would have to reach Prefect's server from there (Prefect
refuses to run a task where it cannot), and the server that littriage starts is on loopback, for it asks nobody who he
is. So a worker needs littriage and a way to its scheduler, nothing else. Results travel back as values; Prefect is told
that a shard is done, not what came of it.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, Protocol

from littriage import wiring, workers
from littriage.configuration import Settings
from littriage.errors import WorkersUnavailable
from littriage.ports import Done, Shard, Workers

wiring.prepare_prefect()

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.states import State
from prefect.task_runners import ThreadPoolTaskRunner

AT_ONCE = 128
"""Shards under way, at most: each is held here, in memory, until it has come back and been stored."""
LOOK_S = 1.0
"""How often a thread that waits for a worker looks up."""
WORKERS_S = 60.0
"""How long a cluster may be without any worker: they may just be starting, here or by an autoscaler."""
WORKER_BYTES = 2 << 30
"""Memory that a worker started here should have for itself: the transformer with a shard takes up to half of it."""
DEATHS = 3
"""Workers that may die under one shard before a cluster gives it up; it is then tried again as a whole."""


@contextmanager
def opened(settings: Settings) -> Iterator[Workers]:
    """The workers that these settings ask for. A cluster is started, or connected to, when the first shard comes.

    Raises SettingsError where the runner's extra is not installed, WorkersUnavailable where no scheduler listens.
    """
    workers.refuse_unusable(settings.runner, settings.scheduler)
    if settings.runner == workers.LOCAL:
        yield workers.Here()
        return
    with ExitStack() as ending:
        place: _Place
        if settings.runner == workers.DASK:
            place = _Dask(settings.scheduler, ending)
        elif settings.runner == workers.RAY:
            place = _Ray(settings.scheduler, ending, accelerated=settings.device != "cpu")
        else:
            place = _Threads()
        yield Watched(settings.runner, place)


def options(about: str) -> argparse.ArgumentParser:
    """The options of a flow that is run as a program."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner", metavar="NAME", help=", ".join(workers.RUNNERS))
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask or Ray cluster that runs already")
    return parser


class Watched:
    """ports.Workers whose shards are Prefect task runs."""

    def __init__(self, name: str, place: _Place) -> None:
        self.name = name
        self._place = place

    @property
    def count(self) -> int:
        """Connects to the cluster, or starts it, where that has not been done."""
        return self._place.started()

    def map(self, work: Callable[[Shard], Done], shards: Iterable[Shard]) -> Iterator[Done]:
        """As ports.Workers says; AT_ONCE shards are under way at most.

        Raises WorkersUnavailable where the cluster could not do a shard, however often it was tried.
        """
        rest = iter(shards)
        first = list(islice(rest, 1))
        if not first:
            return  # nothing to do: no cluster is started
        at_once = min(self.count + workers.AHEAD, AT_ONCE)
        label = getattr(getattr(work, "func", work), "__name__", self.name)
        numbers = count(1)
        stopped = threading.Event()
        with ThreadPoolTaskRunner(min(self._place.threads(), at_once)) as threads:

            def submit(shard: Shard) -> _Promise:
                job = _Job(f"{label} {next(numbers)}", self._place.job(work, shard, stopped))
                return _Promise(job, threads.submit(_shard, {"job": job}))

            try:
                yield from workers.in_order(submit, chain(first, rest), at_once)
            finally:
                stopped.set()


class _Job:
    """A shard's work and, once it is done, what came of it. No collection: Prefect looks into those."""

    __slots__ = ("label", "result", "work")

    def __init__(self, label: str, work: Callable[[], Any]) -> None:
        self.label = label
        self.work: Callable[[], Any] | None = work
        self.result: Any = None

    def __str__(self) -> str:
        return self.label


class _Promise:
    """workers.Promise of a job that Prefect runs."""

    def __init__(self, job: _Job, future: Any) -> None:
        self._job = job
        self._future = future

    def result(self) -> Any:
        self._future.result()
        return self._job.result

    def cancel(self) -> None:
        self._future.wrapped_future.cancel()


def _worth_another(task: object, task_run: object, state: State[Any]) -> bool:
    """Whether the cluster failed, and not the work itself."""
    return isinstance(state.result(raise_on_failure=False), WorkersUnavailable)


@task(
    name="shard",
    task_run_name="{job}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=1,
    retry_delay_seconds=5,
    retry_condition_fn=_worth_another,
)
def _shard(job: _Job) -> None:
    assert job.work, "a job is done once"
    job.result = job.work()
    job.work = None  # the shard is held no longer


# --- places -----------------------------------------------------------------------------------------------------


class _Place(Protocol):
    """Where shards are worked on."""

    def started(self) -> int:
        """How many are worked on at a time, once it has been started or found."""
        ...

    def threads(self) -> int:
        """How many threads here watch over them."""
        ...

    def job(self, work: Callable[[Shard], Done], shard: Shard, stopped: threading.Event) -> Callable[[], Done]:
        """What a thread is to call, again where it fails; it gives up when it is `stopped`."""
        ...


class _Threads:
    """This process."""

    def started(self) -> int:
        return _cores()

    def threads(self) -> int:
        return _cores()

    def job(self, work: Callable[[Shard], Done], shard: Shard, stopped: threading.Event) -> Callable[[], Done]:
        return lambda: work(shard)


class _Cluster:
    """What is common to Dask and Ray: when it is started, and how a shard's end is waited for."""

    engine = ""

    def __init__(self, address: str, ending: ExitStack) -> None:
        self.address = address
        self._ending = ending
        self._count = 0
        self._looking = threading.Lock()
        self._looked = 0.0
        self._empty_since: float | None = None

    def started(self) -> int:
        if not self._count or self.lost():
            self._count = self.start()
        return self._count

    def threads(self) -> int:
        return AT_ONCE

    def job(self, work: Callable[[Shard], Done], shard: Shard, stopped: threading.Event) -> Callable[[], Done]:
        packed = workers.packed(work, shard)
        return lambda: self.result(packed, stopped)

    def start(self) -> int:
        raise NotImplementedError

    def lost(self) -> bool:
        """Whether the connection has been given up; a stage that is tried again makes a new one."""
        raise NotImplementedError

    def result(self, packed: bytes, stopped: threading.Event) -> Any:
        raise NotImplementedError

    def workers_there(self) -> int:
        raise NotImplementedError

    @property
    def where(self) -> str:
        return self.address or f"the {self.engine} cluster on this machine"

    def look(self) -> None:
        """Raises WorkersUnavailable where the cluster has been without a worker for too long.

        A cluster waits for workers for ever by itself.
        """
        with self._looking:
            now = time.monotonic()
            if now - self._looked < 5 * LOOK_S:
                return
            self._looked = now
            if self.workers_there():
                self._empty_since = None
            elif now - (self._empty_since or now) > WORKERS_S:
                raise self.no_workers()
            else:
                self._empty_since = self._empty_since or now

    def no_workers(self) -> WorkersUnavailable:
        return WorkersUnavailable(
            f"{self.where} had no worker for {WORKERS_S:.0f} s: start some ({self.how_to_start}); the next run goes on "
            "where this one stopped",
            scheduler=self.address,
        )

    def gave_up(self, error: BaseException) -> WorkersUnavailable:
        return WorkersUnavailable(
            f"{self.where} gave a shard up ({type(error).__name__}: {_first_line(error)}): where its workers were "
            "killed, give them more memory; the next run goes on where this one stopped",
            scheduler=self.address,
        )

    def not_reached(self, error: BaseException) -> WorkersUnavailable:
        return WorkersUnavailable(
            f"{self.where} cannot be used ({type(error).__name__}: {_first_line(error)}): see that it runs, with the "
            f"{self.engine} that is installed here, or leave --runner out and work on this machine alone",
            scheduler=self.address,
        )

    @property
    def how_to_start(self) -> str:
        raise NotImplementedError


class _Dask(_Cluster):
    """The cluster of a DaskTaskRunner: a scheduler that runs already, or processes on this machine.

    Dask itself gives the shards of a worker that died to another one, up to DEATHS times (its `allowed-failures`).
    """

    engine = "Dask"

    def start(self) -> int:
        import distributed
        from prefect_dask import DaskTaskRunner

        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is raised, or mended
        # A shard travels with the request for it, so that the scheduler can give it to another worker.
        warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
        if self.address:
            runner = DaskTaskRunner(address=self.address, client_kwargs={"timeout": 2 * workers.REACH_S})
        else:
            runner = DaskTaskRunner(
                cluster_kwargs={
                    "n_workers": _processes(),
                    "threads_per_worker": 1,
                    "dashboard_address": "127.0.0.1:0",
                    "silence_logs": logging.CRITICAL,
                }
            )
        try:
            self._client: distributed.Client = self._ending.enter_context(runner).client
            self._client.wait_for_workers(1, timeout=WORKERS_S)
        except TimeoutError as error:
            raise self.no_workers() from error
        except (OSError, RuntimeError, ValueError) as error:
            raise self.not_reached(error) from error
        workers.refuse_other_versions(self._client.run(workers.versions, on_error="return").items())
        return self.workers_there()

    def lost(self) -> bool:
        return self._client.status in ("closing", "closed")

    def result(self, packed: bytes, stopped: threading.Event) -> Any:
        import distributed

        try:
            future = self._client.submit(workers.done, packed, key=f"shard-{uuid.uuid4().hex}", pure=False)
        except Exception as error:  # of the connection: there are only bytes to send
            raise self.gave_up(error) from error
        ended = threading.Event()
        future.add_done_callback(lambda _: ended.set())
        try:
            while not ended.wait(LOOK_S):
                if stopped.is_set():
                    raise CancelledError
                self.look()
            if future.status == "error" and not isinstance(future.exception(), distributed.KilledWorker):
                return future.result()  # raises what the work raised
            return self._gathered(future)
        finally:
            with suppress(Exception):
                future.cancel()

    def _gathered(self, future: Any) -> Any:
        import distributed

        try:
            return future.result()
        except (distributed.KilledWorker, CancelledError, OSError) as error:
            raise self.gave_up(error) from error

    def workers_there(self) -> int:
        try:
            return sum(self._client.nthreads().values())
        except (OSError, ValueError) as error:  # ValueError: a client whose connection is closed
            raise self.gave_up(error) from error

    @property
    def how_to_start(self) -> str:
        return f"dask worker {self.address}" if self.address else "there is too little memory for one"


class _Ray(_Cluster):
    """The cluster of a RayTaskRunner: one that runs already, or processes on this machine.

    Ray itself does a shard again whose worker died, up to DEATHS times (its `max_retries`). A shard takes a core, or a
    GPU where the cluster has any, unless the embedding model is to stay on the CPU.
    """

    engine = "Ray"

    def __init__(self, address: str, ending: ExitStack, *, accelerated: bool) -> None:
        super().__init__(address, ending)
        self._accelerated = accelerated

    def start(self) -> int:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no telemetry
        import ray
        from prefect_ray import RayTaskRunner

        logging.getLogger("ray").setLevel(logging.CRITICAL)  # what matters is raised, or mended
        self._ending.enter_context(redirect_stdout(sys.stderr))  # Ray prints there that a worker has died
        told: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
        if self.address == "auto":
            told["address"] = "auto"  # given as the address, Prefect would start a new cluster
        elif not self.address:
            told.update(num_cpus=_processes(), include_dashboard=False)
        address = None if self.address in ("", "auto") else self.address
        try:
            self._ending.enter_context(RayTaskRunner(address, told))
        except (OSError, RuntimeError, ValueError) as error:  # OSError: ConnectionError is one
            raise self.not_reached(error) from error
        self._ending.callback(ray.shutdown)
        until = time.monotonic() + WORKERS_S
        while not (there := self.workers_there()):
            if time.monotonic() > until:
                raise self.no_workers()
            time.sleep(LOOK_S)
        workers.refuse_other_versions(self._versions())
        needs = {"num_cpus": 0, "num_gpus": 1} if self._unit() == "GPU" else {"num_cpus": 1}
        self._remote = ray.remote(**needs, max_retries=DEATHS, retry_exceptions=False)(workers.done)
        return there

    def _versions(self) -> Iterator[tuple[str, workers.Versions | BaseException]]:
        """Of every node: all workers of one share what is installed there."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        ask = ray.remote(num_cpus=0)(workers.versions)
        nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        asked = [
            ask.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote()
            for node in nodes
        ]
        for node, reference in zip(nodes, asked, strict=True):
            try:
                found = ray.get(reference, timeout=WORKERS_S)
            except ray.exceptions.RayError as error:
                found = getattr(error, "cause", None) or error
            yield node["NodeManagerAddress"], found

    def lost(self) -> bool:
        import ray

        return not ray.is_initialized()

    def result(self, packed: bytes, stopped: threading.Event) -> Any:
        import ray

        try:
            reference = self._remote.remote(packed)
            try:
                while not ray.wait([reference], timeout=LOOK_S)[0]:
                    if stopped.is_set():
                        raise CancelledError
                    self.look()
            except BaseException:
                with suppress(Exception):
                    ray.cancel(reference)
                raise
            return ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            raise (error.cause or error) from error
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise self.gave_up(error) from error

    def workers_there(self) -> int:
        import ray

        try:
            return math.floor(ray.cluster_resources().get(self._unit(), 0))
        except (ray.exceptions.RayError, OSError, RuntimeError) as error:
            raise self.gave_up(error) from error

    def _unit(self) -> str:
        """What a shard takes one of."""
        import ray

        return "GPU" if self._accelerated and ray.cluster_resources().get("GPU") else "CPU"

    @property
    def how_to_start(self) -> str:
        return "ray start --address HEAD:6379 on each machine"


# --- this machine -----------------------------------------------------------------------------------------------


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processes() -> int:
    """Workers to start on this machine: one for each core, as far as memory goes, and one at least."""
    return max(1, min(_cores(), _memory() // WORKER_BYTES))


def _memory() -> int:
    """Bytes that this machine has, or that its control group may use (Linux: cgroup v2)."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # Windows
        return _cores() * WORKER_BYTES
    with suppress(OSError, ValueError):
        there = min(there, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return there


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
