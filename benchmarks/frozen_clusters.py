"""How well frozen sub-topics take later papers in: what finds no place, what is born, what a re-baseline would say.

    python benchmarks/frozen_clusters.py WAREHOUSE [--model NAME] [--weeks 9] [--directions N]

The warehouse is only read; it must hold members with vectors. Each direction's sub-topics are made of the papers that
are older than so many weeks; the later ones come week by week. Then, for radii that other parts of the founders reach:
the part of later papers that stays unassigned, the same for a random tenth of the older papers that was left out (which
no change of subject can explain), and clusters that were born. Then sub-topics are made anew of all, and compared
with the frozen ones. Last, the smallest sub-topic of each larger direction is left out, and its papers come as if they
were new. About a minute on 45,000 members.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from measuring import machine, measured, print_table
from sklearn.metrics import adjusted_rand_score

from littriage.clusters import frozen, grouping
from littriage.clusters.lineage import lineage
from littriage.warehouse import Warehouse, vectors

PARTS = (0.9, 0.95, 0.98)
LEAST_TO_LEAVE_OUT = 150
"""Papers of a direction from which a whole sub-topic is left out."""
_MEMBERS = """
    select
        membership.direction, list(epoch(paper.published) // 86400 order by paper.id),
        list(vector.place order by paper.id)
    from membership
    join paper on paper.id = membership.paper_id
    join vector on vector.paper_id = paper.id and vector.model = ?
    where membership.member and paper.not_counted is null
    group by membership.direction
    order by membership.direction
"""


class Direction:
    """Its papers' vectors in the order of ids, and the weeks in which they come: 0 for the older ones."""

    def __init__(self, rows: np.ndarray, weeks: np.ndarray) -> None:
        self.rows, self.weeks = rows, weeks

    @property
    def old(self) -> np.ndarray:
        return self.rows[self.weeks == 0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--model", help="whose vectors to take [default: the one with the most]")
    parser.add_argument("--weeks", type=int, default=9, metavar="N")
    parser.add_argument("--directions", type=int, default=10_000, metavar="N", help="the first N only")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    arguments = parser.parse_args()
    with Warehouse.read_only(arguments.warehouse) as warehouse:
        found = list(directions(warehouse, arguments.model, arguments.weeks, arguments.directions))
    if not found:
        print("no direction has 20 papers with vectors that are older than these weeks", file=sys.stderr)
        return 1
    later = sum(int((one.weeks > 0).sum()) for one in found)
    print(f"{machine('faiss-cpu', 'numpy')}\n{len(found)} directions with 20 papers or more, {later:,} later papers\n")
    print_table(
        ("founders within the radius", "later papers unassigned", "of a random tenth", "half of directions at most",
         "one in ten at least", "born", "CPU s"),
        [by_radius(found, part, arguments.seed) for part in PARTS],
    )  # fmt: skip
    print()
    print_table(("made anew", "events", "ARI, frozen and anew"), [made_anew(found, arguments.seed)])
    print()
    print_table(
        ("sub-topics left out", "their papers unassigned (median)", "born again"), [left_out(found, arguments.seed)]
    )
    return 0


def directions(warehouse: Warehouse, model: str | None, weeks: int, most: int) -> Iterator[Direction]:
    if model is None:
        (model,) = warehouse.connection.execute(
            "select model from vector group by model order by count(*) desc limit 1"
        ).fetchall()[0]
    rows = warehouse.connection.execute(_MEMBERS, [model]).fetchall()[:most]
    last = max(max(days) for _, days, _ in rows)
    for _, days, places in rows:
        week = weeks - (last - np.array(days, np.int64)) // timedelta(weeks=1).days
        one = Direction(vectors.taken(warehouse, model, places), np.maximum(week, 0))
        if len(one.old) >= grouping.MIN_TO_SPLIT:
            yield one


def made(rows: np.ndarray, seed: int) -> frozen.ClusterSet:
    """Clusters of these rows, numbered from 1."""
    newborns = [frozen.born(rows, group) for group in grouping.groups(rows, seed)]
    return frozen.as_set(range(1, len(newborns) + 1), newborns)


def by_radius(found: Sequence[Direction], part: float, seed: int) -> tuple[object, ...]:
    frozen.REACHED_BY = part
    sums: Counter[str] = Counter()
    shares: list[float] = []

    def work() -> None:
        for one in found:
            numbers, newcomers = weekly(one, made(one.old, seed))
            new = numbers[one.weeks > 0]
            shares.extend([float((new == 0).mean())] if len(new) >= 10 else [])
            drawn = np.random.default_rng(seed).permutation(len(one.old))
            out, kept = drawn[: len(drawn) // 10], np.sort(drawn[len(drawn) // 10 :])
            missed, _ = frozen.assigned(one.old[out], made(one.old[kept], seed))
            sums.update(later=len(new), unassigned=int((new == 0).sum()), born=newcomers)
            sums.update(tenth=len(out), missed=int((missed == 0).sum()))

    took = measured("weeks", work)
    frozen.REACHED_BY = 0.95
    half, most = np.quantile(shares, [0.5, 0.9]) if shares else (np.nan, np.nan)
    return (
        f"{part:.0%}", f"{sums['unassigned'] / max(sums['later'], 1):.1%}",
        f"{sums['missed'] / max(sums['tenth'], 1):.1%}", f"{half:.1%}", f"{most:.1%}", sums["born"], took.cpu_s,
    )  # fmt: skip


def weekly(one: Direction, clusters: frozen.ClusterSet) -> tuple[np.ndarray, int]:
    """The number of each paper's cluster after all weeks, 0 for the pool, and how many clusters were born."""
    numbers = np.zeros(len(one.rows), np.int64)
    numbers[one.weeks == 0], _ = frozen.assigned(one.old, clusters)
    born = 0
    usual = float(np.median(clusters.cohesions))
    for week in range(1, int(one.weeks.max()) + 1):
        fresh = np.flatnonzero(one.weeks == week)
        numbers[fresh], _ = frozen.assigned(one.rows[fresh], clusters)
        pool = np.flatnonzero((numbers == 0) & (one.weeks > 0) & (one.weeks <= week))
        for group in frozen.newcomers(one.rows[pool], usual):
            born += 1
            numbers[pool[group]] = len(clusters.numbers) + born
    return numbers, born


def made_anew(found: Sequence[Direction], seed: int) -> tuple[object, ...]:
    """What a version of all papers, the later ones included, would say of the frozen one."""
    events: Counter[str] = Counter()
    agreement, anew = [], 0
    for one in found:
        groups = grouping.groups(one.old, seed)
        old = np.zeros(len(one.rows), np.int64)
        before = np.flatnonzero(one.weeks == 0)
        for number, group in enumerate(groups, 1):
            old[before[group]] = number
        new = np.zeros(len(one.rows), np.int64)
        regrouped = grouping.groups(one.rows, seed)
        for number, group in enumerate(regrouped, 1):
            new[group] = number
        held = {f"{row}": int(old[row]) for row in before}
        happened = lineage(
            held, {f"{row}": int(new[row]) for row in range(len(new))}, range(1, len(groups) + 1), len(regrouped),
            len(groups),
        )  # fmt: skip
        events.update(event.kind.value for event in happened.events)
        anew += len(regrouped)
        if len(groups) > 1:
            agreement.append(adjusted_rand_score(old[before], new[before]))
    told = ", ".join(f"{kind} {count}" for kind, count in sorted(events.items()))
    return f"{anew} of {len(found)} directions", told, f"{np.mean(agreement):.2f}"


def left_out(found: Sequence[Direction], seed: int) -> tuple[object, ...]:
    shares, born = [], 0
    for one in found:
        if len(one.rows) < LEAST_TO_LEAVE_OUT:
            continue
        gone = grouping.groups(one.rows, seed)[-1]
        rest = made(np.delete(one.rows, gone, axis=0), seed)
        numbers, _ = frozen.assigned(one.rows[gone], rest)
        shares.append(float((numbers == 0).mean()))
        born += bool(frozen.newcomers(one.rows[gone][numbers == 0], float(np.median(rest.cohesions))))
    return len(shares), f"{np.median(shares):.0%}" if shares else "-", f"{born} of {len(shares)}"


if __name__ == "__main__":
    sys.exit(main())
