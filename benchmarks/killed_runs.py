"""Kills `littriage run` at random moments, runs it again, and compares what it publishes with an undisturbed run's.

    python benchmarks/killed_runs.py [--kills 20] [--papers 600] [--directions 12] [--channel oai] [--seed 1]

The papers are simulated, for so many directions, chosen at random, and served by the replica in this process. Moments
are drawn evenly over the time that an undisturbed run takes; the kill is SIGKILL, to the command's process alone, as
the kernel would. Every kill has a warehouse of its own. All exports must be the same bytes, and no process may stay
behind. Needs Linux (/proc).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from littriage import resources
from littriage.directions import load_catalogue
from littriage.replica import Replica
from littriage.replica.simulate import load_shapes, simulated_papers
from littriage.trends import last_settled_month
from littriage.warehouse import Warehouse

TABLES = ("trends", "verdicts", "outlooks", "papers", "clusters", "lineage")
LITTRIAGE = (sys.executable, "-c", "from littriage.cli import main; main()")
RUN = (*LITTRIAGE, "run", "--warehouse")
GRACE_S = 15.0
"""How long processes that a killed run started may take to notice."""
TRACES = {
    "harvest": "harvest_window",
    "exposure": "exposure",
    "match": "hit",
    "embed": "vector",
    "decide": "membership",
    "cluster": "cluster",
    "weigh": "trend_point",
    "judge": "verdict",
    "gauge": "sign",
    "look ahead": "outlook",
    "score": "forecast_outcome",
}
"""Each stage, in order, and a table that it fills."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, metavar="N")
    parser.add_argument("--papers", type=int, default=600, metavar="N")
    parser.add_argument("--directions", type=int, default=12, metavar="N")
    parser.add_argument("--months", type=int, default=60, metavar="N")
    parser.add_argument("--channel", choices=("api", "oai"), default="oai")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    started_on = today()
    scratch = tempfile.TemporaryDirectory(prefix="littriage-kills-")
    folder = Path(scratch.name)
    queries = some_queries(folder / "queries", arguments.directions, draw)
    corpus = simulated_papers(
        load_catalogue(queries),
        load_shapes(),
        seed=arguments.seed,
        last_month=last_settled_month(started_on),
        months=arguments.months,
        papers=arguments.papers,
    )
    bad = 0
    with scratch, Replica(corpus, day=started_on) as replica:
        environment = {
            **os.environ,
            "LITTRIAGE_ARXIV": replica.address,
            "LITTRIAGE_OAI": replica.oai_address,
            "LITTRIAGE_CHANNEL": arguments.channel,
            "LITTRIAGE_QUERIES": str(queries),
            "LITTRIAGE_INTERVAL_S": "0",
            "LITTRIAGE_HARVEST_MONTHS": str(arguments.months),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        expected, first = undisturbed(folder / "first", environment)
        again, whole = undisturbed(folder / "second", environment)  # the first made Prefect's database as well
        print(f"{len(corpus)} papers; undisturbed: {first:.1f} s, then {whole:.1f} s in a new warehouse", flush=True)
        if again != expected:
            print("two undisturbed runs differ: nothing can be said about killed ones")
            return 1
        kills = late = 0
        while kills < arguments.kills and late <= arguments.kills:
            warehouse = folder / f"kill-{kills}-{late}"
            moment = draw.uniform(0, whole)
            left = killed(warehouse, environment, moment)
            if left is None:  # the machine is quicker than before: draw again
                late += 1
                shutil.rmtree(warehouse)
                continue
            kills += 1
            stored = traces(warehouse, folder / "probe")
            found, seconds = undisturbed(warehouse, environment)
            wrong = [table for table in TABLES if found[table] != expected[table]]
            wrong += [f"process {pid} stayed" for pid in left]
            bad += bool(wrong)
            verdict = f"DIFFERENT: {', '.join(wrong)}" if wrong else "OK"
            print(f"{kills:>3}  killed at {moment:5.1f} s, {stored}; again {seconds:5.1f} s  {verdict}", flush=True)
            shutil.rmtree(warehouse)
    if today() != started_on:
        print("a day has passed since the first run, so that the verdicts' date differs: run it again")
        return 1
    print(f"{kills - bad} of {kills} killed runs ended as if nothing had happened ({late} ended before their kill)")
    return int(bad > 0)


def today() -> date:
    return datetime.now(UTC).date()


def some_queries(folder: Path, count: int, draw: random.Random) -> Path:
    """A folder of direction files: so many of those that come with littriage, and all themes."""
    shipped = resources.folder("queries")
    chosen = draw.sample(sorted(path for path in shipped.glob("*/[!_]*.toml") if path.stem in load_shapes()), count)
    for path in (*shipped.glob("*/_theme.toml"), *chosen):
        target = folder / path.relative_to(shipped)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return folder


def undisturbed(warehouse: Path, environment: dict[str, str]) -> tuple[dict[str, bytes], float]:
    """The exports after a run to its end, and its seconds."""
    start = time.perf_counter()
    ended = subprocess.run([*RUN, str(warehouse)], env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if ended.returncode:
        sys.exit(f"a run to its end failed with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    exports = {
        table: subprocess.check_output(
            [*LITTRIAGE, "export", table, "--format", "csv", "--warehouse", str(warehouse)], env=environment
        )
        for table in TABLES
    }
    return exports, seconds


def killed(
    warehouse: Path, environment: dict[str, str], moment: float, command: Sequence[str] = RUN
) -> list[int] | None:
    """Start the command, kill it after `moment` seconds; those processes that it had started and that stay behind.

    None: it had ended before.
    """
    process = subprocess.Popen(
        [*command, str(warehouse)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        started = descendants(process.pid)
        process.kill()
        process.wait()
    else:
        return None
    until = time.monotonic() + GRACE_S
    while (left := [pid for pid in started if alive(pid)]) and time.monotonic() < until:
        time.sleep(0.1)
    for pid in left:
        os.kill(pid, 9)
    return left


def descendants(pid: int) -> list[int]:
    """The process's children, and theirs."""
    parents = {int(stat.parent.name): status(stat)[1] for stat in Path("/proc").glob("[0-9]*/stat") if stat.exists()}
    found = [pid]
    for parent in found:
        found += [child for child, of in parents.items() if of == str(parent)]
    return found[1:]


def alive(pid: int) -> bool:
    state = status(Path(f"/proc/{pid}/stat"))[0]
    return state not in ("gone", "Z")


def status(stat: Path) -> tuple[str, str]:
    """State and parent of a process (proc(5)): its name, in brackets, may hold anything."""
    try:
        state, parent = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[:2]
    except OSError:
        return "gone", ""
    return state, parent


def traces(warehouse: Path, probe: Path) -> str:
    """What the killed run had stored: the last stage with anything to show for it. Looks at a copy."""
    if not (warehouse / "littriage.duckdb").exists():
        return "nothing stored"
    shutil.copytree(warehouse, probe)
    try:
        with Warehouse.open(probe) as opened:
            counts = {
                stage: opened.connection.execute(f"select count(*) from {table}").fetchall()[0][0]
                for stage, table in TRACES.items()
            }
    finally:
        shutil.rmtree(probe)
    reached = [f"{stage} {count}" for stage, count in counts.items() if count]
    published = ", published" if (warehouse / "published.duckdb").exists() else ""
    return f"stored: {reached[-1] if reached else 'empty tables'}{published}"


if __name__ == "__main__":
    sys.exit(main())
