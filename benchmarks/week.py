"""What a week costs beside a backfill: CPU seconds of each stage for all papers, for 1% new ones, and for none.

    python benchmarks/week.py [--papers 20000] [--new 0.01] [--corpus FILE.parquet...] [--warehouse DIR]

The papers are simulated, unless files of papers (--corpus) or a warehouse (--warehouse, which is copied and left as it
is) are given. The newest part of them is held back; then the stages that work paper by paper do everything from the
start: match, embed (fast tier), decide, screen, and the graph of nearest neighbours. Then the rest comes and they run
again, and once more with nothing new, which costs one look at what has changed. Ends with 1 where embedding, membership
and neighbours together cost more than QUIET of everything with nothing new, or the new papers more than MOST times
their share beyond that, with START_S seconds of grace for what starts once. 20,000 papers take a minute on two cores,
312,000 ten.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from measuring import Measured, machine, measured, print_table

from littriage import assistance, pipeline, resources, wiring
from littriage.configuration import Settings
from littriage.directions import load_catalogue
from littriage.model import HarvestNote, Window
from littriage.pipeline import Tiers
from littriage.ports import Embedder
from littriage.progress import Quiet
from littriage.replica.simulate import load_shapes, simulated_papers
from littriage.run import Run
from littriage.trends import last_settled_month
from littriage.warehouse import Warehouse, neighbours
from littriage.warehouse.papers import store_harvested

MONTHS = 60
MOST = 2.0
QUIET = 0.02
START_S = 0.5
DERIVED = ("hit", "membership", "learning", "vector", "vector_file", "neighbour_graph", "prototype_text", "derived")
STAGES = ("match", "embed", "decide", "screen", "neighbours")
COUNTED = ("embed", "decide", "neighbours")
HELD_BACK = "held back by the benchmark"
"""`paper.not_counted` of the papers of the week that is still to come."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=20_000, metavar="N", help="simulated papers")
    parser.add_argument("--new", type=float, default=0.01, metavar="PART", help="part of the papers that is new")
    parser.add_argument("--corpus", type=Path, nargs="+", metavar="FILE", help="files of papers to import instead")
    parser.add_argument("--warehouse", type=Path, metavar="DIR", help="a warehouse whose papers to take instead")
    wanted = parser.parse_args()
    print(machine("littriage", "duckdb", "numpy", "faiss-cpu"), flush=True)
    with tempfile.TemporaryDirectory(prefix="littriage-week-") as scratch:
        folder = Path(scratch) / "warehouse"
        if wanted.warehouse:
            shutil.copytree(wanted.warehouse, folder)
        with Warehouse.open(folder) as warehouse, wiring.tiers(Settings(warehouse=folder, read_limit=0)) as tiers:
            run = Run(warehouse, load_catalogue(resources.folder("queries")), today(), now, Quiet())
            if wanted.corpus:
                for path in wanted.corpus:
                    pipeline.take_in(run, path)
            elif not wanted.warehouse:
                simulate(run, wanted.papers)
            new, held = hold_back(warehouse, wanted.new)
            everything = stages(run, tiers)
            warehouse.connection.execute("update paper set not_counted = null where not_counted = ?", [HELD_BACK])
            week = stages(run, tiers)
            quiet = stages(run, tiers)
    return report(everything, week, quiet, new, held)


def today() -> date:
    return datetime.now(UTC).date()


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def simulate(run: Run, papers: int) -> None:
    """Papers of five years, as a harvest would have brought them."""
    last = last_settled_month(run.today)
    made = simulated_papers(run.catalogue, load_shapes(), seed=1, last_month=last, months=MONTHS, papers=papers)
    days = Window(made[0].published, run.today)
    note = HarvestNote("simulated", "", days, len(made), len(made), (), 1, None)
    store_harvested(run.warehouse, note, made, query="", now=run.now())


def hold_back(warehouse: Warehouse, part: float) -> tuple[int, int]:
    """Take the newest part of the papers away for now, and all that was derived; how many are new, and how many not."""
    execute = warehouse.connection.execute
    for table in DERIVED:
        execute(f"delete from {table}")
    ((countable,),) = execute("select count(*) from paper where not_counted is null").fetchall()
    new = max(1, round(countable * part))
    execute(
        "update paper set not_counted = ? where id in (select id from paper where not_counted is null "
        "order by published desc, id desc limit ?)",
        [HELD_BACK, new],
    )
    execute("update paper set matched_with = null")
    return new, countable - new


def stages(run: Run, tiers: Tiers) -> dict[str, Measured]:
    """Each of STAGES once, with the papers that it worked on as result."""
    assert tiers.fast
    works: dict[str, Callable[[], Any]] = {
        "match": lambda: pipeline.match(run)["matched"],
        "embed": lambda: pipeline.embed(run, tiers.fast)["papers"],
        "decide": lambda: pipeline.decide(run, tiers)["decided"],
        "screen": lambda: assistance.screen(run, None, tiers.models())["grey"],
        "neighbours": lambda: graph(run, tiers.fast),
    }
    found = {name: measured(name, works[name]) for name in STAGES}
    print(", ".join(f"{name} {one.cpu_s:.2f} s ({one.result:,})" for name, one in found.items()), flush=True)
    return found


def graph(run: Run, embedder: Embedder | None) -> int:
    """Bring the graph of all countable papers up to date; how many there are."""
    assert embedder
    places = run.warehouse.connection.execute(
        "select place from vector join paper on id = paper_id where model = ? and not_counted is null order by place",
        [embedder.model],
    ).fetchnumpy()["place"]
    return len(neighbours.current(run.warehouse, embedder.model, places, seed=run.seed).places)


def report(
    everything: dict[str, Measured], week: dict[str, Measured], quiet: dict[str, Measured], new: int, held: int
) -> int:
    """Prints the table; 1 where a week costs too much."""
    share, bad = new / held, 0
    print(f"\nCPU seconds; {held:,} papers, then {new:,} new ones ({share:.1%}), then none\n")
    rows = [
        (name, everything[name].cpu_s, week[name].cpu_s, ratio(week[name], everything[name]), quiet[name].cpu_s)
        for name in STAGES
    ]
    sums = [sum(each[name].cpu_s for name in COUNTED) for each in (everything, week, quiet)]
    rows.append((" + ".join(COUNTED), sums[0], sums[1], f"{sums[1] / sums[0]:.1%}", sums[2]))
    print_table(("stage", "all papers", "1% new" if round(share, 2) == 0.01 else "new", "ratio", "nothing new"), rows)
    for what, cost, allowed in (
        ("nothing new", sums[2], QUIET * sums[0] + START_S),
        ("new papers beyond that", sums[1] - sums[2], MOST * share * sums[0] + START_S),
    ):
        print(f"\n{what}: {cost:.2f} s, and {allowed:.2f} s are allowed")
        bad += cost > allowed
    return int(bad > 0)


def ratio(part: Measured, whole: Measured) -> str:
    return f"{part.cpu_s / max(whole.cpu_s, 1e-9):.1%}"


if __name__ == "__main__":
    sys.exit(main())
