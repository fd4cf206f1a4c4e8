"""How often complete months give a false alarm of missing ids, and how often a deleted block of ids is found.

    python benchmarks/id_gaps.py PAPERS.parquet... --coverage COVERAGE.csv [--seed 0]

The files hold `id` and `categories` (and `popularity_sample`, whose papers are left out); the coverage file says which
months of which category are complete (A or B). Months are complete for all its categories together, or for one of them
alone. Copies thinner than the real ones are made by leaving out papers at random. The table is that of docs/method.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from littriage.idgaps import Audit, Sequence, audits

Month = tuple[date, NDArray[np.int32]]
BLOCKS = (200, 500)
DENSITIES = (0.0, 0.03, 0.06, 0.09, 0.15, 1.0)
KEPT = (1.0, 0.8, 0.6, 0.5, 0.35, 0.3)
TRIALS = 400

_IDS = """
select make_date(2000 + left(id, 2)::integer, substr(id, 3, 2)::integer, 1) as month,
       list(distinct split_part(id, '.', 2)::integer order by split_part(id, '.', 2)::integer) as numbers
from read_parquet($files, union_by_name = true)
where regexp_matches(id, '^[0-9]{4}[.][0-9]{4,5}$') and not coalesce(popularity_sample, false)
  and ($category::text is null or list_contains(string_split(categories, ' '), $category::text))
group by month order by month
"""
_COMPLETE = """
select strptime(month || '-01', '%Y-%m-%d')::date as first
from read_csv($coverage, all_varchar = true)
where $category::text is null or category = $category
group by first having bool_and(status in ('A', 'B')) order by first
"""


def complete_months(files: list[str], coverage: str, category: str | None) -> list[Month]:
    """The months of one category, or of all together, that the coverage file calls complete."""
    with duckdb.connect() as connection:
        complete = {
            first for (first,) in connection.execute(_COMPLETE, {"coverage": coverage, "category": category}).fetchall()
        }
        found = connection.execute(_IDS, {"files": files, "category": category}).fetchall()
    return [(month, np.array(numbers, np.int32)) for month, numbers in found if month in complete]


def audit(month: date, numbers: NDArray[np.int32]) -> Audit:
    (found,) = audits([Sequence(month, "", numbers)])
    return found


def alarms(months: Iterable[Month]) -> str:
    found = [audit(*one) for one in months]
    return f"{sum(bool(one.holes) for one in found)} of {len(found)} months"


def thinned(months: list[Month], part: float, rng: np.random.Generator) -> list[Month]:
    return [(month, numbers[rng.random(len(numbers)) < part]) for month, numbers in months]


def found_part(months: list[Month], block: int, rng: np.random.Generator) -> float:
    """Part of the deleted blocks, one at a time, that the audit finds."""
    hits = 0
    for _ in range(TRIALS):
        month, numbers = months[rng.integers(len(months))]
        first = int(rng.integers(1, numbers[-1] - block))
        kept = numbers[(numbers < first) | (numbers >= first + block)]
        holes = audit(month, kept).holes
        hits += any(int(one.first[5:]) < first + block and int(one.last[5:]) >= first for one in holes)
    return hits / TRIALS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--coverage", required=True, type=Path)
    parser.add_argument("--category", default="cs.CL", help="the category that is looked at alone")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    files, coverage = [str(file) for file in arguments.files], str(arguments.coverage)

    whole = complete_months(files, coverage, None)
    print(f"false alarms, all categories: {alarms(whole)}")
    print(f"false alarms, {arguments.category}: {alarms(complete_months(files, coverage, arguments.category))}")
    copies = [one for part in KEPT for _ in range(2) for one in thinned(whole, part, rng)]
    print(f"false alarms, copies with {min(KEPT):.0%} to {max(KEPT):.0%} of the papers: {alarms(copies)}")
    print("| part of the ids that the copy holds | " + " | ".join(f"{block} ids" for block in BLOCKS) + " |")
    for low, high in pairwise(DENSITIES):
        own = [one for one in copies if len(one[1]) > 20 and low <= len(one[1]) / one[1][-1] < high]
        if own:
            parts = " | ".join(f"{found_part(own, block, rng):.0%}" for block in BLOCKS)
            print(f"| {low:.0%} to {high:.0%} ({len(own)} months) | {parts} |")


if __name__ == "__main__":
    main()
