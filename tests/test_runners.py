"""Runners of the flows: shards as Prefect task runs, on threads, Dask and Ray, and workers that are killed."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from littriage import wiring
from littriage.replica import Replica
from small_field import corpus, write_queries
from test_flows import program

pytestmark = pytest.mark.slow

PROBE = """
import json, os, sys
from functools import partial
import shard_works


def main():
    from littriage import configuration, wiring
    wiring.load_flow("server").start()
    from prefect import flow
    runners = wiring.load_flow("runners")
    runners._shard.retry_delay_seconds = 0
    runner, scheduler, mark = sys.argv[1:]

    def told(call):
        try:
            return call()
        except Exception as error:
            return [type(error).__name__, str(error), getattr(error, "parts", None)]

    @flow(name="probe", persist_result=False)
    def probe():
        settings = configuration.settings_from({}, runner=runner, scheduler=scheduler or None)
        with runners.opened(settings) as found:
            nothing = list(found.map(shard_works.rows, []))
            started = getattr(found._place, "_count", None)
            rows = list(found.map(shard_works.rows, range(7)))
            answer = {
                "name": found.name, "count": found.count, "own": os.getpid(),
                "nothing": nothing, "started": started,
                "rows": [(pid, array.dtype.name, array.shape, int(array[0, 0])) for pid, array in rows],
                "refused": told(lambda: list(found.map(shard_works.refused, range(3)))),
                "stopped": next(found.map(shard_works.refused, [0] * 500)),
            }
            if runner != "threads" and mark:
                answer["deadly once"] = list(found.map(partial(shard_works.deadly_once, mark), range(3)))
                answer["deadly"] = told(lambda: list(found.map(shard_works.deadly, range(3))))
            return answer

    print(json.dumps(probe()))


if __name__ == "__main__":
    main()
"""

RUN = """
import os, sys
from contextlib import contextmanager
import shard_works


def main():
    from littriage import cli, pipeline, wiring
    pipeline.EMBED_BATCH.update({name: 20 for name in pipeline.EMBED_BATCH})
    mark = os.environ["MARK"]

    @contextmanager
    def mortal_tiers(settings):
        tiers = [shard_works.Mortal(name, tier, home=os.getpid(), mark=mark)
                 for name, tier in (("fast@fake", "fast"), ("minilm@fake", "transformer"))]
        yield pipeline.Tiers(*tiers, read_limit=500)

    wiring.tiers = mortal_tiers
    wiring.SystemClock.sleep = lambda clock, seconds: None
    cli.main()


if __name__ == "__main__":
    main()
"""

TABLES = ("trends", "verdicts", "outlooks", "papers", "clusters")
EXPORTS = f"""
import sys
from contextlib import suppress
from littriage.cli import main

for table in {TABLES}:
    sys.argv[1:] = ["export", table, "--format", "csv"]
    with suppress(SystemExit):
        main()
"""


def needs(extra: str) -> Any:
    package = {"dask": "prefect_dask", "ray": "prefect_ray"}.get(extra)
    absent = package is not None and importlib.util.find_spec(package) is None
    return pytest.param(extra, marks=pytest.mark.skipif(absent, reason=f"littriage[{extra}] is not installed"))


def script(folder: Path, text: str) -> str:
    """A program that runs the text as a file: the workers of a cluster import the file that started them."""
    file = folder / "script.py"
    file.write_text(text, encoding="utf-8")
    return f"import runpy; runpy.run_path({str(file)!r}, run_name='__main__')"


@pytest.fixture(scope="module", params=[needs("threads"), needs("dask"), needs("ray")])
def probed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a flow saw of a runner, and what Prefect kept of it."""
    folder = tmp_path_factory.mktemp(request.param)
    ended = program(
        script(folder, PROBE), request.param, "", str(folder / "mark"),
        folder=folder,
        DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    database = folder / "state" / "littriage" / "prefect" / "prefect.db"
    with closing(sqlite3.connect(database)) as opened:
        runs = opened.execute("select name, state_type, run_count from task_run").fetchall()
    return {**json.loads(ended.stdout), "runs": runs, "stderr": ended.stderr}


def test_nothing_to_do_starts_nothing(probed: dict[str, Any]):
    """No shard, no cluster."""
    assert probed["nothing"] == []
    assert probed["started"] in (0, None)


def test_shards_come_back_in_order(probed: dict[str, Any]):
    """As values, arrays with their type and shape; from other processes where there are any."""
    pids, *values = zip(*probed["rows"], strict=True)

    assert list(zip(*values, strict=True)) == [("float32", [1000, 4], shard) for shard in range(7)]
    assert (probed["own"] in pids) == (probed["name"] == "threads")
    assert probed["count"] >= 1


def test_an_error_of_the_work_arrives_as_it_is(probed: dict[str, Any]):
    """With its parts, and it is not tried again: the work would fail again."""
    assert probed["refused"] == ["SettingsError", "shard 1 cannot be used", {"shard": 1}]
    assert ("refused 2", "FAILED", 1) in probed["runs"]


def test_a_caller_that_stops_asking(probed: dict[str, Any]):
    """Of five hundred shards only those are done that were under way."""
    assert probed["stopped"] == 0
    assert "refused 400" not in {name for name, _, _ in probed["runs"]}


def test_prefect_knows_every_shard(probed: dict[str, Any]):
    """By the name of its work and its number."""
    assert {(f"rows {number}", "COMPLETED", 1) for number in range(1, 8)} <= set(probed["runs"])


def test_a_killed_worker_loses_nothing(probed: dict[str, Any]):
    """The cluster gives its shard to another worker, and Prefect does not even hear of it."""
    if probed["name"] == "threads":
        pytest.skip("threads die with their process")
    assert probed["deadly once"] == [0, 1, 2]
    assert ("deadly_once 2", "COMPLETED", 1) in probed["runs"]


def test_a_shard_that_kills_every_worker(probed: dict[str, Any]):
    """It is tried again by Prefect as well; then the run ends with an error that says what to do."""
    if probed["name"] == "threads":
        pytest.skip("threads die with their process")
    kind, message, _ = probed["deadly"]

    assert kind == "WorkersUnavailable"
    assert "gave a shard up" in message
    assert "the next run goes on where this one stopped" in message
    assert ("deadly 2", "FAILED", 2) in probed["runs"]


# --- a whole run ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with a warehouse that has been harvested, and the environment for commands on it."""
    folder = tmp_path_factory.mktemp("field")
    environment = {
        "LITTRIAGE_QUERIES": str(write_queries(folder / "queries")),
        "LITTRIAGE_WAREHOUSE": str(folder / "warehouse"),
        "LITTRIAGE_INTERVAL_S": "0",
        "MARK": str(folder / "nobody"),
    }
    with Replica(corpus()) as replica:
        ended = program(
            script(folder, RUN), "harvest", "--months", "26",
            folder=folder, LITTRIAGE_ARXIV=replica.address, **environment,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return folder, environment


def exports(folder: Path, environment: dict[str, str]) -> str:
    ended = program(EXPORTS, folder=folder, **environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.mark.parametrize("runner", [needs("dask"), needs("ray")])
def test_a_run_whose_worker_is_killed(harvested: tuple[Path, dict[str, str]], tmp_path: Path, runner: str):
    """Killed with SIGKILL over a shard of vectors: the run ends as if nothing had happened, with the same tables."""
    folder, environment = harvested
    found = {}
    for name, command in (
        ("local", ["rank"]),
        (runner, ["run", "--no-harvest", "--json", "--runner", runner]),
    ):
        shutil.copytree(folder / "warehouse", tmp_path / name)
        told = {**environment, "LITTRIAGE_WAREHOUSE": str(tmp_path / name), "MARK": str(tmp_path / "mark")}
        ended = program(script(tmp_path, RUN), *command, folder=tmp_path, **told)
        assert ended.returncode == 0, ended.stderr
        found[name] = exports(tmp_path, told)
    assert json.loads(ended.stdout)["failures"] == []
    assert (tmp_path / "mark").exists(), "a worker was killed"
    assert found[runner] == found["local"]
    assert found["local"].count("\n") > 100


def test_a_scheduler_of_the_users_own(tmp_path: Path):
    """Its workers are used, whoever started them, and they stay when the flow has ended."""
    distributed = pytest.importorskip("distributed", reason="littriage[dask] is not installed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        ended = program(script(tmp_path, PROBE), "dask", cluster.scheduler_address, "", folder=tmp_path)
        assert ended.returncode == 0, ended.stderr
        (pid,) = cluster.get_client().run(os.getpid).values()
    answer = json.loads(ended.stdout)
    assert (answer["count"], {used for used, *_ in answer["rows"]}) == (1, {pid})
    assert answer["refused"] == ["SettingsError", "shard 1 cannot be used", {"shard": 1}]


def test_a_cluster_without_workers(monkeypatch: pytest.MonkeyPatch):
    """A scheduler would wait for ever; the run ends and says what to start."""
    runners = wiring.load_flow("runners")
    moments = iter([10.0, 20.0, 50.0, 90.0])
    monkeypatch.setattr(runners.time, "monotonic", lambda: next(moments))

    class Empty(runners._Cluster):
        engine = "Dask"
        how_to_start = "dask worker tcp://a:1"

        def workers_there(self) -> int:
            return 0

    cluster = Empty("tcp://a:1", None)
    for _ in range(3):
        cluster.look()
    with pytest.raises(runners.WorkersUnavailable, match="had no worker for 60 s: start some"):
        cluster.look()
