"""Who does the shards: this process, in order and a few ahead, and what is refused before anything is started."""

from __future__ import annotations

import pickle
import socket
import sys
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage import __version__, workers
from littriage.cli import scheduling
from littriage.configuration import settings_from
from littriage.errors import SettingsError, WorkersUnavailable


def plus(more: int, shard: int) -> int:
    return shard + more


def refused(shard: int) -> int:
    raise SettingsError(f"shard {shard} cannot be used", shard=shard)


# --- this process -----------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(shards=st.lists(st.integers(), max_size=12), count=st.integers(1, 4))
def test_results_come_in_the_order_of_the_shards(shards: list[int], count: int):
    """However many are done at a time, and also for none and for one."""
    assert list(workers.Here(count=count).map(partial(plus, 1), shards)) == [shard + 1 for shard in shards]


def test_a_late_shard_is_waited_for():
    """The first shard ends last, and still comes first."""
    second_done = threading.Event()

    def work(shard: int) -> int:
        if shard == 1:
            assert second_done.wait(10)
        else:
            second_done.set()
        return shard

    assert list(workers.Here(count=2).map(work, [1, 2])) == [1, 2]


def test_shards_are_taken_a_few_ahead():
    """Neither all shards nor all results are ever held: of a hundred, three are taken before one is given back."""
    taken: list[int] = []

    def shards() -> Iterator[int]:
        for shard in range(100):
            taken.append(shard)
            yield shard

    found = workers.Here().map(partial(plus, 0), shards())
    assert (next(found), len(taken)) == (0, 1 + workers.AHEAD)
    assert (next(found), len(taken)) == (1, 2 + workers.AHEAD)
    found.close()
    assert len(taken) == 2 + workers.AHEAD


def test_what_the_work_raised_is_raised():
    """With its parts, at its place in the order; what waits behind it is not done any more."""
    found = workers.Here().map(refused, [7, 8])
    with pytest.raises(SettingsError, match="shard 7 cannot be used") as raised:
        next(found)
    assert raised.value.parts == {"shard": 7}


# --- what travels -----------------------------------------------------------------------------------------------


def test_a_packed_shard_is_done_elsewhere():
    """Work and shard are values: bytes here, the result there."""
    task = workers.packed(partial(plus, 5), 10)

    assert isinstance(task, bytes)
    assert workers.done(pickle.loads(pickle.dumps(task))) == 15


def test_an_error_keeps_its_parts_on_the_way():
    """A cluster sends what the work raised back as it is."""
    error = pickle.loads(pickle.dumps(WorkersUnavailable("gone", scheduler="tcp://a:1")))

    assert (type(error), str(error), error.parts) == (WorkersUnavailable, "gone", {"scheduler": "tcp://a:1"})


def test_workers_of_the_same_versions_are_taken():
    """None of them is named."""
    workers.refuse_other_versions([("tcp://a:1", workers.versions()), ("tcp://b:1", workers.versions())])


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (workers.Versions("0.0.1", workers.versions().python), "has littriage 0.0.1 on Python"),
        (workers.Versions(__version__, "2.7"), "on Python 2.7"),
        (ModuleNotFoundError("No module named 'littriage'"), "no littriage that can be used .*No module named"),
    ],
)
def test_a_worker_of_another_version_is_refused(there: workers.Versions | BaseException, told: str):
    """The message names the worker, both versions and the remedy: other code gives other results, or none."""
    with pytest.raises(SettingsError, match=rf"tcp://b:1 has .*pip install littriage=={__version__}") as raised:
        workers.refuse_other_versions([("tcp://a:1", workers.versions()), ("tcp://b:1", there)])
    assert raised.match(told)


# --- names and addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runner", "scheduler"),
    [
        ("local", ""), ("threads", ""), ("dask", ""), ("ray", ""),
        ("dask", "tcp://host:8786"), ("dask", "tls://10.0.0.1:8786"), ("dask", "host:8786"), ("dask", "tcp://[::1]:8786"),
        ("ray", "ray://host:10001"), ("ray", "host:6379"), ("ray", "auto"),
    ],
)  # fmt: skip
def test_runners_and_their_addresses(runner: str, scheduler: str):
    """What Dask and Ray know as an address is taken."""
    found = settings_from({"LITTRIAGE_RUNNER": runner, "LITTRIAGE_SCHEDULER": scheduler})

    assert (found.runner, found.scheduler) == (runner, scheduler)


@pytest.mark.parametrize(
    ("runner", "scheduler", "told"),
    [
        ("spark", "", "no runner 'spark': take local, threads, dask or ray"),
        ("local", "tcp://host:8786", "local uses no scheduler"),
        ("threads", "ray://host:10001", "threads uses no scheduler"),
        ("dask", "ray://host:10001", "no address that dask knows: give one such as tcp://host:8786"),
        ("dask", "tcp://host", "no address that dask knows"),
        ("dask", "auto", "no address that dask knows"),
        ("ray", "tcp://host:8786", "no address that ray knows: give one such as ray://host:10001"),
    ],
)
def test_what_is_no_runner_or_no_address_of_it(runner: str, scheduler: str, told: str):
    """A usage error, which says what would do."""
    with pytest.raises(SettingsError, match=told):
        settings_from({}, runner=runner, scheduler=scheduler)


def test_by_default_nothing_is_needed():
    """One process, no cluster, no extra."""
    assert settings_from({}).runner == "local"
    workers.refuse_unusable("local", "")
    workers.refuse_unusable("threads", "")


def test_a_schedule_keeps_the_runner(monkeypatch: pytest.MonkeyPatch):
    """cron knows none of this shell's variables, so both become options of its line."""
    monkeypatch.setattr(sys, "argv", ["/opt/littriage"])
    found = settings_from({"LITTRIAGE_RUNNER": "dask", "LITTRIAGE_SCHEDULER": "tcp://host:8786"})

    assert scheduling._command(found).endswith("run --runner dask --scheduler tcp://host:8786")


@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_an_extra_that_is_missing_is_named(runner: str, monkeypatch: pytest.MonkeyPatch):
    """With the command that installs it."""
    monkeypatch.setattr(workers.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(SettingsError, match=rf"pip install 'littriage\[{runner}\]'"):
        workers.refuse_unusable(runner, "")


@pytest.mark.parametrize(("runner", "scheme"), [("dask", "tcp://"), ("dask", ""), ("ray", "ray://"), ("ray", "")])
def test_a_scheduler_that_nobody_runs(runner: str, scheme: str, monkeypatch: pytest.MonkeyPatch):
    """Told at once, with the address; a port that somebody listens at is taken."""
    monkeypatch.setattr(workers.importlib.util, "find_spec", lambda name: object())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"{scheme}127.0.0.1:{listening.getsockname()[1]}"
        workers.refuse_unusable(runner, address)

    with pytest.raises(WorkersUnavailable, match="nobody answers at the scheduler's address") as raised:
        workers.refuse_unusable(runner, address)
    assert raised.value.parts == {"scheduler": address}


def test_a_port_that_cannot_be(monkeypatch: pytest.MonkeyPatch):
    """The same error, no traceback."""
    monkeypatch.setattr(workers.importlib.util, "find_spec", lambda name: object())

    with pytest.raises(WorkersUnavailable, match="99999"):
        workers.refuse_unusable("dask", "tcp://127.0.0.1:99999")


def test_rays_own_search_is_left_to_ray(monkeypatch: pytest.MonkeyPatch):
    """`auto` names no host that could be asked."""
    monkeypatch.setattr(workers.importlib.util, "find_spec", lambda name: object())

    workers.refuse_unusable("ray", "auto")
