"""Do the titles of accepted conference papers and arXiv agree on which way a direction goes?

    littriage import PAPERS... ; littriage import conferences.parquet ; littriage run --no-harvest --warehouse DIR
    python benchmarks/venues.py DIR [--queries queries] [--from 2014] [--to 2024]

As of each 30 June the directions are weighed and judged on arXiv as `littriage run --as-of` would, on a copy of the
warehouse, and the conferences are asked as of the same day. Both look back: arXiv over the year up to May, conferences
over two (or four) years of proceedings up to the December before, so that a turn shows here before it shows there.

Rows: what arXiv says (up or down by more than 10% a year, at 90%; flat at 50%, as the stages have it, and at 80%, as
the conferences do).
Columns: what the conferences say. Then how often both are sure and agree, and how often they say opposite things. One
direction at several dates is several rows, and they are not independent. Below, how much of arXiv a title finds: of
papers whose title matches, the mean probability to belong to the direction, and the part of a direction's papers that
they are; with a phrase of every OR-group in the title (the rule), and of any. A minute on two cores.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from littriage.channels import API, SOURCES
from littriage.directions import Matcher, load_catalogue
from littriage.model import Catalogue, Direction, Stage, Verdict
from littriage.pipeline import weigh
from littriage.progress import Quiet
from littriage.resources import WORKING
from littriage.run import Run
from littriage.venues import Sign, VenueOpinion, opinions
from littriage.verdicts import judge
from littriage.warehouse import Warehouse
from littriage.warehouse.venues import count_titles, venue_counts, venue_totals

UNJUDGED = {Stage.TOO_LITTLE_DATA, Stage.INCOMPLETE, Stage.NOT_MEASURABLE}
SHOWN = (Sign.UP, Sign.FLAT, Sign.DOWN, Sign.UNSURE)
EVERY_PAPER = 3
"""Titles are compared on one paper in so many."""

Pair = tuple[Verdict, VenueOpinion]


def sign_of(verdict: Verdict, flat: float) -> Sign | None:
    """What arXiv says, in the words of the conferences; None where it has no verdict."""
    growth = verdict.growth
    if growth is None or verdict.stage in UNJUDGED:
        return None
    if growth.low >= 0.1 or growth.high <= -0.1:
        return Sign.UP if growth.low > 0 else Sign.DOWN
    return Sign.FLAT if growth.p_flat >= flat else Sign.UNSURE


def pairs(warehouse: Warehouse, catalogue: Catalogue, first: int, last: int) -> list[Pair]:
    """Verdict and opinion of each direction as of each 30 June."""
    found: list[Pair] = []
    count_titles(warehouse, catalogue.directions)
    counts = venue_counts(warehouse, [one.slug for one in catalogue.directions])
    totals = venue_totals(warehouse)
    today = datetime.now(UTC).replace(tzinfo=None)
    for year in range(first, last + 1):
        as_of = date(year, 6, 30)
        run = Run(warehouse, catalogue, today.date(), lambda: today, Quiet(), as_of=as_of)
        weigh(run, SOURCES[API])
        asked = opinions(counts, totals, as_of)
        verdicts = judge(run.points, as_of)
        found += [(verdict, asked[verdict.direction]) for verdict in verdicts]
        told = Counter(one.reason or one.sign.value for one in asked.values())
        measured = sum(verdict.stage not in UNJUDGED for verdict in verdicts)
        rest = ", ".join(f"{name} {count}" for name, count in sorted(told.items()))
        print(f"{as_of}  arXiv has a verdict on {measured}; conferences: {rest}", flush=True)
    return found


def print_agreement(found: Sequence[Pair], change: int, flat: float) -> None:
    """The table of signs; `change` 0 is over two years, 1 over four."""
    table: Counter[tuple[Sign, Sign]] = Counter()
    against: list[str] = []
    years = 2 * (change + 1)
    for verdict, opinion in found:
        theirs = next((one.sign for one in opinion.changes if one.last_year - one.first_year == years), None)
        if (ours := sign_of(verdict, flat)) and theirs:
            table[ours, theirs] += 1
            if {ours, theirs} == {Sign.UP, Sign.DOWN}:
                against.append(f"{verdict.direction} {verdict.as_of.year}: {ours.value} on arXiv")
    print(f"\nover {years} years, arXiv flat from {flat:.0%} (rows: arXiv)")
    print(f"{'':8}" + "".join(f"{sign.value:>8}" for sign in SHOWN))
    for ours in SHOWN:
        print(f"{ours.value:8}" + "".join(f"{table[ours, theirs]:8}" for theirs in SHOWN))
    sure = {pair: count for pair, count in table.items() if Sign.UNSURE not in pair}
    same = sum(count for (ours, theirs), count in sure.items() if ours is theirs)
    moving = {pair: count for pair, count in sure.items() if Sign.FLAT not in pair}
    opposite = sum(count for (ours, theirs), count in moving.items() if ours is not theirs)
    print(f"both sure: {sum(sure.values())}, of which the same: {same}")
    print(f"both up or down: {sum(moving.values())}, of which opposite: {opposite} {against or ''}")


def print_titles(connection: duckdb.DuckDBPyConnection, directions: Sequence[Direction]) -> None:
    """What a title rule finds of arXiv's papers, against the memberships."""
    alone = [
        replace(one, slug=f"{one.slug}#{number}", query=replace(one.query, all_of=(group,), categories=()))
        for one in directions
        for number, group in enumerate(one.query.all_of)
    ]
    matcher, groups = Matcher(alone), {one.slug: len(one.query.all_of) for one in directions}
    probability: dict[str, Mapping[str, float]] = {}
    total = 0.0
    sample = f"select id from paper where not_counted is null and hash(id) % {EVERY_PAPER} = 0"
    members = f"select paper_id, direction, probability from membership where paper_id in ({sample})"
    for paper, direction, value in connection.execute(members).fetchall():
        probability[paper] = {**probability.get(paper, {}), direction: value}
        total += value
    found, core = Counter[str](), Counter[str]()
    for paper, title in connection.execute(f"select id, title from paper where id in ({sample})").fetchall():
        held = Counter(hit.direction.partition("#")[0] for hit in matcher.hits(title, None))
        for direction, count in held.items():
            for rule in ("any group", *(["every group"] if count == groups[direction] else [])):
                found[rule] += 1
                core[rule] += probability.get(paper, {}).get(direction, 0.0)
    print(f"\n{'title has':14}{'matches':>9}{'of the direction':>18}{'of its papers':>15}")
    for rule in ("every group", "any group"):
        print(f"{rule:14}{found[rule]:9,}{core[rule] / found[rule]:18.1%}{core[rule] / total:15.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--queries", type=Path, default=Path("queries"))
    parser.add_argument("--from", dest="first", type=int, default=2014)
    parser.add_argument("--to", dest="last", type=int, default=2024)
    arguments = parser.parse_args()
    catalogue = load_catalogue(arguments.queries)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(arguments.warehouse / WORKING, folder)
        with Warehouse.open(Path(folder)) as warehouse:
            found = pairs(warehouse, catalogue, arguments.first, arguments.last)
            for change in (0, 1):
                for flat in (0.5, 0.8):
                    print_agreement(found, change, flat)
            print_titles(warehouse.connection, catalogue.directions)


if __name__ == "__main__":
    main()
