"""Runs the flow on the same papers by each runner, kills workers on the way, and compares the tables.

    python benchmarks/runners.py [--runners local,threads,dask,ray] [--papers 1200] [--directions 12] [--shard 100]

The papers are simulated, for so many directions, chosen at random, served by the replica in this process and harvested
once. Then `littriage run --no-harvest --runner NAME` works on a copy of that warehouse, with the packaged models: Dask
and Ray each with two workers on this machine, and again with one of these two killed (SIGKILL) when it has used half of
the CPU time that the busiest worker used in the run before. All exports must be the same bytes as those of `local`, the
killed worker must have been at work, and no process may stay behind. Ends with 1 otherwise. Shards are cut smaller than
usual, so that each worker gets several. A runner whose extra is not installed is left out, and said to be. 1,200 papers
take twelve minutes on two cores. Needs Linux (/proc).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from killed_runs import GRACE_S, LITTRIAGE, TABLES, alive, descendants, some_queries, today
from measuring import machine, print_table

from littriage.directions import load_catalogue
from littriage.replica import Replica
from littriage.replica.simulate import load_shapes, simulated_papers
from littriage.trends import last_settled_month

ENGINES = {"dask": "prefect_dask", "ray": "prefect_ray"}
MARKS = {"dask": "multiprocessing.spawn", "ray": "ray::done"}
"""What the command line of a worker's process holds; one of Ray says what it does just now."""
PART = 0.5
TICKS = os.sysconf("SC_CLK_TCK")
PROGRAM = """
import sys

if __name__ == "__main__":
    from littriage import cli, pipeline

    size = int(sys.argv.pop(1))
    pipeline.EMBED_BATCH.update({name: size for name in pipeline.EMBED_BATCH})
    cli.main()
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run to its end."""

    seconds: float
    shards: int
    """That Prefect saw."""
    busiest_s: float
    """CPU seconds of the worker that used most."""
    worker_mib: float
    """Peak resident memory of the worker that took most."""
    killed: str
    """Which worker, and when; empty where none was to be."""
    left: int
    """Processes that stayed behind."""
    exports: Mapping[str, bytes]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runners", default="local,threads,dask,ray", metavar="NAMES")
    parser.add_argument("--papers", type=int, default=1_200, metavar="N")
    parser.add_argument("--directions", type=int, default=12, metavar="N")
    parser.add_argument("--months", type=int, default=60, metavar="N")
    parser.add_argument("--shard", type=int, default=100, metavar="N", help="papers of a shard that is embedded")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    wanted = parser.parse_args()
    names = dict.fromkeys(["local", *wanted.runners.split(",")])
    absent = [name for name in names if name in ENGINES and importlib.util.find_spec(ENGINES[name]) is None]
    print(machine("littriage", "prefect", "prefect-dask", "dask", "prefect-ray", "ray", "torch"))
    print("".join(f"left out, not installed: {name}\n" for name in absent), end="", flush=True)
    started_on = today()
    with tempfile.TemporaryDirectory(prefix="littriage-runners-") as scratch:
        folder = Path(scratch)
        environment, count = harvested(folder, wanted)
        rows: list[list[object]] = []
        bad = 0
        first: Ran | None = None
        for name in [name for name in names if name not in absent]:
            usual = ran(folder, environment, name, wanted.shard)
            first = first or usual
            bad += told(rows, name, usual, first)
            if name in ENGINES:
                bad += told(rows, name, ran(folder, environment, name, wanted.shard, usual.busiest_s * PART), first)
        if today() != started_on:
            print("a day has passed since the first run, so that the verdicts' date differs: run it again")
            return 1
        print(f"\n{count:,} simulated papers, shards of {wanted.shard} papers to embed; each engine with two workers\n")
        print_table(["runner", "seconds", "ratio", "shards", "MiB of a worker", "worker killed", "tables"], rows)
    return int(bad > 0)


def harvested(folder: Path, wanted: argparse.Namespace) -> tuple[dict[str, str], int]:
    """The environment of commands, with a harvested warehouse in `folder/warehouse`, and how many papers there are."""
    queries = some_queries(folder / "queries", wanted.directions, random.Random(wanted.seed))
    corpus = simulated_papers(
        load_catalogue(queries),
        load_shapes(),
        seed=wanted.seed,
        last_month=last_settled_month(today()),
        months=wanted.months,
        papers=wanted.papers,
    )
    (folder / "run.py").write_text(PROGRAM, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LITTRIAGE_")}
    environment |= {
        "LITTRIAGE_QUERIES": str(queries),
        "LITTRIAGE_INTERVAL_S": "0",
        "LITTRIAGE_CHANNEL": "oai",
        "LITTRIAGE_HARVEST_MONTHS": str(wanted.months),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    with Replica(corpus, day=today()) as replica:
        subprocess.run(
            [*LITTRIAGE, "harvest", "--warehouse", str(folder / "warehouse")],
            env={**environment, "LITTRIAGE_ARXIV": replica.address, "LITTRIAGE_OAI": replica.oai_address},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return environment, len(corpus)


def told(rows: list[list[object]], name: str, found: Ran, first: Ran) -> bool:
    """Add a row for the run; whether anything about it is wrong."""
    wrong = [f"{table} differs" for table in TABLES if found.exports[table] != first.exports[table]]
    wrong += [f"{found.left} processes stayed"] if found.left else []
    wrong += ["none was killed"] if found.killed == "none" else []
    verdict = ", ".join(wrong) or "same"
    memory = found.worker_mib or "-"
    rows.append(
        [name, found.seconds, found.seconds / first.seconds, found.shards, memory, found.killed or "-", verdict]
    )
    print(f"{name}: {found.seconds:.1f} s, killed: {found.killed or '-'}, tables: {verdict}", flush=True)
    return bool(wrong)


def ran(folder: Path, environment: dict[str, str], name: str, shard: int, kill_at_s: float | None = None) -> Ran:
    """Run the flow on a copy of the warehouse; kill the first worker that has used `kill_at_s` CPU seconds."""
    warehouse = folder / f"by-{name}{'-killed' if kill_at_s else ''}"
    shutil.copytree(folder / "warehouse", warehouse)
    before = shards_of(folder)
    start = time.perf_counter()
    command = [sys.executable, str(folder / "run.py"), str(shard), "run", "--no-harvest", "--json", "--runner", name]
    process = subprocess.Popen(
        [*command, "--warehouse", str(warehouse)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    busiest, memory, killed, started = watched(process, MARKS.get(name), kill_at_s)
    out, err = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode or json.loads(out)["failures"]:
        sys.exit(f"the run by {name} failed with {process.returncode}:\n{out.decode()}{err.decode()}")
    until = time.monotonic() + GRACE_S
    while (left := [pid for pid in started if alive(pid)]) and time.monotonic() < until:
        time.sleep(0.1)
    exports = {
        table: subprocess.check_output(
            [*LITTRIAGE, "export", table, "--format", "csv", "--warehouse", str(warehouse)], env=environment
        )
        for table in TABLES
    }
    shutil.rmtree(warehouse)
    return Ran(seconds, shards_of(folder) - before, busiest, memory, killed, len(left), exports)


def watched(
    process: subprocess.Popen[bytes], mark: str | None, kill_at_s: float | None
) -> tuple[float, float, str, set[int]]:
    """Wait for the end: CPU seconds and MiB of the busiest worker, which was killed and when, and all processes seen.

    What the run prints fits into a pipe.
    """
    start = time.perf_counter()
    busiest, memory, killed, seen = 0.0, 0.0, "none" if kill_at_s else "", set[int]()
    while process.poll() is None:
        time.sleep(0.1)
        for pid in descendants(process.pid):
            seen.add(pid)
            if not mark or mark not in command_line(pid):
                continue
            used = cpu_s(pid)
            busiest, memory = max(busiest, used), max(memory, peak_mib(pid))
            if kill_at_s and killed == "none" and used >= kill_at_s and alive(pid):
                os.kill(pid, 9)
                killed = f"after {time.perf_counter() - start:.0f} s and {used:.1f} CPU s of its own"
    return busiest, memory, killed, seen


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def peak_mib(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):  # it has ended
        return 0.0


def cpu_s(pid: int) -> float:
    """User and system time (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def shards_of(folder: Path) -> int:
    """Shards that Prefect has seen done."""
    database = folder / "state" / "littriage" / "prefect" / "prefect.db"
    if not database.exists():
        return 0
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        try:
            ((count,),) = opened.execute(
                "select count(*) from task_run where task_key like '%shard%' and state_type = 'COMPLETED'"
            )
        except sqlite3.OperationalError:  # the tables are not there yet
            return 0
    return int(count)


if __name__ == "__main__":
    sys.exit(main())
