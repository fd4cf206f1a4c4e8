"""What a run remembers of itself."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from littriage.model import Catalogue
from littriage.progress import Quiet
from littriage.run import Run, add_up, added, measured, peak_mib, progress
from littriage.warehouse import Warehouse

START = datetime(2024, 7, 20, 12)


@pytest.fixture
def run(warehouse: Warehouse) -> Run:
    """A run on an empty catalogue; each look at the clock is a second after the one before."""
    seconds = count()
    now = lambda: START + timedelta(seconds=next(seconds))  # noqa: E731
    return Run(warehouse, Catalogue((), ()), START.date(), now, Quiet(), settings={"model": "minilm", "名": "值"})


def test_a_run_is_named_after_its_start(run: Run) -> None:
    assert (run.id, run.started_at) == ("20240720T120000.000000Z", START)


def test_a_run_is_written_down_as_it_comes_along(run: Run, warehouse: Warehouse) -> None:
    """First that it runs, then how it ended; its stages and failures are those of the last time."""
    run.record("running")
    run.fail("harvest", "demo", "status 503")
    with measured(run, "match") as counts:
        counts["papers"] = 3
    run.as_of = date(2024, 7, 11)
    run.record("complete")
    run.record("complete")

    ((id_, started, finished, state, as_of, settings, stages),) = warehouse.connection.execute("from run").fetchall()
    assert (id_, started, state, as_of) == (run.id, START, "complete", date(2024, 7, 11))
    assert finished == START + timedelta(seconds=2)
    assert json.loads(settings) == {"model": "minilm", "名": "值"}
    ((stage),) = json.loads(stages)
    assert (stage["name"], stage["counts"]) == ("match", {"papers": 3})
    assert warehouse.connection.execute("from failure").fetchall() == [(run.id, "harvest", "demo", "status 503")]
    assert run.summary() == {
        "run": run.id,
        "as_of": "2024-07-11",
        "stages": [stage],
        "failures": [{"stage": "harvest", "subject": "demo", "reason": "status 503"}],
    }


def test_a_run_goes_on_from_what_another_began(run: Run) -> None:
    """Its stages and failures are this one's, each failure once."""
    with measured(run, "harvest") as counts:
        counts["stored"] = 3
    run.fail("harvest", "demo", "status 503")
    later = Run(run.warehouse, Catalogue((), ()), START.date(), lambda: START + timedelta(minutes=5), Quiet())
    later.fail("harvest", "demo", "status 503")
    later.go_on_from(json.loads(json.dumps(run.summary())))

    assert later.stages == run.stages
    assert later.failures == [("harvest", "demo", "status 503")]
    assert later.id != run.id


def test_a_run_that_goes_on_has_no_end(run: Run, warehouse: Warehouse) -> None:
    run.record("running")

    assert warehouse.connection.execute("select finished_at, as_of, state from run").fetchall() == [
        (None, None, "running")
    ]


def test_a_killed_run_is_known_by_the_next_one(run: Run, warehouse: Warehouse) -> None:
    """Two runs cannot hold the file at once: what runs while another begins has been interrupted."""
    run.record("running")
    later = Run(warehouse, Catalogue((), ()), START.date(), lambda: START + timedelta(days=7), Quiet())
    later.record("running")
    later.record("complete")

    states = warehouse.connection.execute("select state from run order by id").fetchall()
    assert states == [("interrupted",), ("complete",)]


def test_a_stage_is_timed_and_its_memory_noted(run: Run) -> None:
    """The peak is that of the stage: a block that takes 64 MiB more than it had shows them."""
    with measured(run, "small"):
        before = peak_mib()
    with measured(run, "large"):
        block = bytearray(64 * 2**20)
        block[::4096] = b"x" * len(block[::4096])

    small, large = run.stages
    assert (small.name, large.name) == ("small", "large")
    assert large.seconds > 0
    assert large.peak_mib >= before + 32


@pytest.mark.parametrize("absent", [False, True])
def test_a_system_without_proc(monkeypatch: pytest.MonkeyPatch, absent: bool) -> None:
    """macOS tells the peak since the process began; Windows has no such module, and 0 stands for not known."""

    def no_proc(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", no_proc)
    if absent:
        monkeypatch.setitem(sys.modules, "resource", None)

    assert (peak_mib() == 0) is absent


def test_a_stage_that_fails_is_no_stage(run: Run) -> None:
    """What it raised comes out; nothing is reported as done."""
    with pytest.raises(ValueError, match="broken"), measured(run, "match"):
        raise ValueError("broken")
    assert run.stages == []


def test_counts_are_added() -> None:
    counts = {"papers": 2, "model": "m"}

    assert added(counts, papers=3, hits=1) == {"papers": 5, "model": "m", "hits": 1}
    assert counts == {"papers": 2, "model": "m"}
    add_up(counts, {"papers": 1})
    assert counts == {"papers": 3, "model": "m"}


def test_progress_is_finished_whatever_happens(run: Run) -> None:
    """A bar does not stay on the screen after an error."""
    seen: list[object] = []

    class Watcher(Quiet):
        def start(self, label: str, total: int | None) -> None:
            seen.append((label, total))

        def advance(self, done: int = 1) -> None:
            seen.append(done)

        def finish(self) -> None:
            seen.append("finished")

    run.progress = Watcher()
    with pytest.raises(KeyError), progress(run, "match", 5) as advance:  # noqa: PT012
        advance(2)
        raise KeyError
    assert seen == [("match", 5), 2, "finished"]
