"""Kills an OAI-PMH harvest at random moments, resumes it, and compares the tables with an undisturbed harvest's.

    python benchmarks/killed_harvests.py [--kills 50] [--papers 4000] [--page-size 20] [--seed 1]

The papers are simulated and served by the replica in this process, so many on a page. Moments are drawn evenly over the
time that an undisturbed `littriage harvest --channel oai` takes; the kill is SIGKILL. Some harvests are killed again
while they resume. The tables of papers and listings must be equal row by row, and the ledger must tell of each paper
stored once. (A harvest that was killed at its very end has a listing more than the others: of listings, only where they
stand is compared.) Needs Linux (/proc).
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
from pathlib import Path
from typing import Any

from killed_runs import LITTRIAGE, killed, some_queries, today

from littriage.directions import load_catalogue
from littriage.replica import Replica
from littriage.replica.simulate import load_shapes, simulated_papers
from littriage.trends import last_settled_month
from littriage.warehouse import Warehouse

HARVEST = (*LITTRIAGE, "harvest", "--channel", "oai", "--warehouse")
KILLED_AGAIN = 0.3
"""The part of the harvests that are killed a second time."""
COMPARED = {
    "papers": "select * from paper order by id",
    "listings": "select set_spec, token, under_way, base, current_to from oai_list order by set_spec",
    "papers stored, by the ledger": "select sum(stored) from harvest_request where source = 'oai-pmh'",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, metavar="N")
    parser.add_argument("--papers", type=int, default=4000, metavar="N")
    parser.add_argument("--page-size", type=int, default=20, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    started_on = today()
    scratch = tempfile.TemporaryDirectory(prefix="littriage-kills-")
    folder = Path(scratch.name)
    queries = some_queries(folder / "queries", 12, draw)
    corpus = simulated_papers(
        load_catalogue(queries),
        load_shapes(),
        seed=arguments.seed,
        last_month=last_settled_month(started_on),
        papers=arguments.papers,
    )
    bad = kills = late = 0
    with scratch, Replica(corpus, oai_page_size=arguments.page_size) as replica:
        environment = {
            **os.environ,
            "LITTRIAGE_OAI": replica.oai_address,
            "LITTRIAGE_QUERIES": str(queries),
            "LITTRIAGE_INTERVAL_S": "0",
            "XDG_STATE_HOME": str(folder / "state"),
        }
        expected, _ = undisturbed(folder / "first", environment)
        again, whole = undisturbed(folder / "second", environment)
        pages = len(replica.requests) // 2
        print(f"{len(expected['papers'])} papers on {pages} pages; undisturbed: {whole:.1f} s", flush=True)
        if again != expected:
            print("two undisturbed harvests differ: nothing can be said about killed ones")
            return 1
        while kills < arguments.kills and late <= arguments.kills:
            warehouse = folder / "killed"
            moment = draw.uniform(0, whole)
            if killed(warehouse, environment, moment, HARVEST) is None:
                late += 1
                shutil.rmtree(warehouse)
                continue
            kills += 1
            moments = [moment]
            if draw.random() < KILLED_AGAIN:
                moments.append(draw.uniform(0, whole))
                killed(warehouse, environment, moments[-1], HARVEST)
            stored = held(warehouse, folder / "probe")
            found, seconds = undisturbed(warehouse, environment)
            wrong = [name for name in COMPARED if found[name] != expected[name]]
            bad += bool(wrong)
            at = ", ".join(f"{one:.1f}" for one in moments)
            verdict = f"DIFFERENT: {', '.join(wrong)}" if wrong else "OK"
            print(f"{kills:>3}  killed at {at} s, {stored} papers; again {seconds:4.1f} s  {verdict}", flush=True)
            shutil.rmtree(warehouse)
    if today() != started_on:
        print("a day has passed since the first harvest, so that first_seen differs: run it again")
        return 1
    print(f"{kills - bad} of {kills} killed harvests ended as if nothing had happened ({late} ended before their kill)")
    return int(bad > 0)


def undisturbed(warehouse: Path, environment: dict[str, str]) -> tuple[dict[str, list[Any]], float]:
    """What is stored after a harvest to its end, and its seconds."""
    start = time.perf_counter()
    ended = subprocess.run([*HARVEST, str(warehouse)], env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if ended.returncode:
        sys.exit(f"a harvest to its end failed with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    with Warehouse.open(warehouse) as opened:
        return {name: opened.connection.execute(query).fetchall() for name, query in COMPARED.items()}, seconds


def held(warehouse: Path, probe: Path) -> int:
    """Papers that the killed harvest had stored. Looks at a copy."""
    if not (warehouse / "littriage.duckdb").exists():
        return 0
    shutil.copytree(warehouse, probe)
    try:
        with Warehouse.open(probe) as opened:
            return int(opened.connection.execute("select count(*) from paper").fetchall()[0][0])
    finally:
        shutil.rmtree(probe)


if __name__ == "__main__":
    sys.exit(main())
