"""How long an answer takes in a new process: `rising`, `show`, `export` and the like on a published file.

    python benchmarks/cold_start.py [--warehouse DIR] [--starts 10]

Each command is started so many times, in turns, so that a busy moment of the machine falls on all of them. The last
column sets the median beside a Python that does nothing.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from littriage.published import Published

LITTRIAGE = ("-c", "from littriage.cli import main; main()")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warehouse", type=Path, default=Path("demo-data"), metavar="DIR")
    parser.add_argument("--starts", type=int, default=10, metavar="N")
    arguments = parser.parse_args()
    if not (arguments.warehouse / "published.duckdb").exists():
        parser.error(f'nothing published in {arguments.warehouse}: run "littriage demo" first, or pass --warehouse')
    with Published.open(arguments.warehouse) as published:
        direction = published.slugs("")[0]

    place = ("--warehouse", str(arguments.warehouse))
    commands = {
        "python -c pass": ("-c", "pass"),
        "littriage --help": (*LITTRIAGE, "--help"),
        "littriage rising": (*LITTRIAGE, "rising", *place),
        "littriage rising --json": (*LITTRIAGE, "rising", "--json", *place),
        f"littriage show {direction}": (*LITTRIAGE, "show", direction, *place),
        f"littriage trend {direction}": (*LITTRIAGE, "trend", direction, *place),
        "littriage export verdicts": (*LITTRIAGE, "export", "verdicts", *place),
        "littriage export trends": (*LITTRIAGE, "export", "trends", *place),
    }
    for command in commands.values():
        seconds(command)  # the file system's cache and Python's compiled files are the same for all that follow
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(arguments.starts):
        for name, command in commands.items():
            times[name].append(seconds(command))

    bare = statistics.median(times["python -c pass"])
    print(f"{'milliseconds of wall time':<40} {'min':>6} {'median':>7} {'max':>6}  x python")
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:<40} {min(found) * 1e3:6.0f} {median * 1e3:7.0f} {max(found) * 1e3:6.0f}  {median / bare:8.1f}")


def seconds(arguments: Sequence[str]) -> float:
    """Wall time of one Python process; an answer that failed would be no measurement."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
