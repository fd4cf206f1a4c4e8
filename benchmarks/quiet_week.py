"""Runs `littriage run` on a warehouse that is up to date, and prints what a week without news costs.

    python benchmarks/quiet_week.py [--papers 3000] [--runs 3] [--channel oai] [--interval 0]

The papers are simulated and served by the replica in this process. The first run brings everything; the others find
nothing new, and must say so: they end with the answers of the first one, start no Prefect and load no model. Printed
for each: wall seconds, the requests that the replica saw, and how much of the time politeness took.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from littriage import resources
from littriage.directions import load_catalogue
from littriage.replica import Replica
from littriage.replica.simulate import load_shapes, simulated_papers
from littriage.trends import last_settled_month
from littriage.warehouse import Warehouse

RUN = (sys.executable, "-c", "from littriage.cli import main; main()", "run", "--json")
MONTHS = 54
TARGET_S = 5.0
"""Beside the waits of politeness."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=3_000, metavar="N")
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    parser.add_argument("--channel", choices=("oai", "api"), default="oai")
    parser.add_argument("--interval", type=float, default=0.0, metavar="SECONDS")
    arguments = parser.parse_args()
    corpus = simulated_papers(
        load_catalogue(resources.folder("queries")),
        load_shapes(),
        seed=1,
        last_month=last_settled_month(datetime.now(UTC).date()),
        months=MONTHS,
        papers=arguments.papers,
    )
    print(f"{len(corpus):,} papers, channel {arguments.channel}", flush=True)
    with tempfile.TemporaryDirectory(prefix="littriage-quiet-") as scratch, Replica(corpus) as replica:
        warehouse = Path(scratch) / "warehouse"
        environment = {
            **os.environ,
            "LITTRIAGE_ARXIV": replica.address,
            "LITTRIAGE_OAI": replica.oai_address,
            "LITTRIAGE_CHANNEL": arguments.channel,
            "LITTRIAGE_INTERVAL_S": str(arguments.interval),
            "LITTRIAGE_HARVEST_MONTHS": str(MONTHS),
            "LITTRIAGE_WAREHOUSE": str(warehouse),
            "XDG_STATE_HOME": str(Path(scratch) / "state"),
        }
        bad = 0
        for number in range(arguments.runs + 1):
            before, waited_before = len(replica.requests), waited_s(warehouse)
            start = time.perf_counter()
            ended = subprocess.run(RUN, env=environment, capture_output=True, text=True)
            seconds = time.perf_counter() - start
            if ended.returncode:
                sys.exit(f"the run failed with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
            quiet = json.loads(ended.stdout)["nothing_new"]
            waited = waited_s(warehouse) - waited_before
            asked = len(replica.requests) - before
            what = "nothing new" if quiet else "brought up to date"
            print(f"{seconds:6.1f} s, {waited:6.1f} s of it waiting, {asked:5} requests: {what}", flush=True)
            bad += number > 0 and (not quiet or seconds - waited > TARGET_S)
    return int(bad > 0)


def waited_s(warehouse: Path) -> float:
    """Seconds that requests were held back, by the ledger."""
    if not (warehouse / resources.WORKING).exists():
        return 0.0
    with Warehouse.open(warehouse, create=False) as opened:
        ((seconds,),) = opened.connection.execute("select coalesce(sum(waited_s), 0) from harvest_request").fetchall()
    return float(seconds)


if __name__ == "__main__":
    sys.exit(main())
