"""Measure how each direction's share moved over five years, and print it as TOML: figures only, no text of any paper.

    python scripts/measure_shapes.py --coverage coverage.csv CORPUS.parquet... > src/littriage/replica/shapes.toml

A direction is measured inside one category of its query, so that a hole in one category's record does not move the
share of another: the category with the most trusted months (coverage A or B) among those with 30 hits in them. A
half-year without a trusted month is interpolated linearly in log share, and marked so.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from littriage.directions import Matcher, load_catalogue
from littriage.resources import folder

FIRST, LAST = "2020-07", "2025-06"
SINCE = "2016-07"
"""Half-years before the first one shown only serve to interpolate."""
LEAST_HITS = 30

_PAPERS = """
select '20' || id[1:2] || '-' || id[3:4] as month, title, abstract, string_split(categories, ' ') as categories
from read_parquet($files, union_by_name = true)
where abstract is not null and categories is not null and not coalesce(popularity_sample, false)
    and regexp_matches(id, '^[0-9]{4}[.]') and '20' || id[1:2] || '-' || id[3:4] between $since and $last
"""


_HEAD = """\
# Shares of directions on arXiv: papers that match a direction's query, per 1,000 papers of one category, by half-year.
# Written by scripts/measure_shapes.py from arXiv's metadata (CC0) with a file of measured coverage:
#     python scripts/measure_shapes.py --coverage coverage.csv CORPUS.parquet... > src/littriage/replica/shapes.toml
# measured: one digit a half-year; 1 = at least one month of coverage A or B, 0 = INTERPOLATED linearly in log share.
# hits: papers in trusted months since the first half-year. Figures only: no text of any paper is in this file.
""".splitlines()


def half(month: str) -> int:
    """Half-years since the year 0."""
    return int(month[:4]) * 2 + (int(month[5:7]) > 6)


@dataclass(frozen=True, slots=True)
class Series:
    """Trusted papers of one direction in one category, by half-year."""

    category: str
    hits: dict[int, int]
    papers: dict[int, int]

    def log_shares(self) -> dict[int, float]:
        # Half a paper more, so that a half-year without one has a logarithm.
        return {at: math.log((self.hits.get(at, 0) + 0.5) / papers) for at, papers in self.papers.items()}

    def total(self) -> int:
        return sum(count for at, count in self.hits.items() if at >= half(FIRST))


def measured(files: Sequence[str], coverage: Path) -> Iterator[tuple[str, list[Series]]]:
    """Each direction with its series, one for each category of its query that the coverage file speaks of."""
    directions = load_catalogue(folder("queries")).directions
    matcher = Matcher(directions)
    with coverage.open(encoding="utf-8", newline="") as rows:
        trusted = {(row["category"], row["month"]) for row in csv.DictReader(rows) if row["status"] in "AB"}
    hits, papers = Counter[tuple[str, str, int]](), Counter[tuple[str, int]]()
    found = duckdb.connect().execute(_PAPERS, {"files": list(files), "since": SINCE, "last": LAST})
    while chunk := found.fetchmany(5000):
        for month, title, abstract, categories in chunk:
            known = [category for category in set(categories) if (category, month) in trusted]
            papers.update((category, half(month)) for category in known)
            for hit in matcher.hits(title, abstract, categories) if known else ():
                hits.update((hit.direction, category, half(month)) for category in known)
    for direction in directions:
        yield (
            direction.slug,
            [
                Series(
                    category,
                    {at: count for (slug, c, at), count in hits.items() if (slug, c) == (direction.slug, category)},
                    {at: count for (c, at), count in papers.items() if c == category},
                )
                for category in direction.query.categories
                if any(c == category for c, _ in papers)
            ],
        )


def interpolated(known: dict[int, float], at: int) -> float:
    """The value at a half-year, on the straight line between its neighbours; that of the nearest beyond the ends."""
    before = max((place for place in known if place <= at), default=None)
    after = min((place for place in known if place >= at), default=None)
    if before is None or after is None:
        return known[min(known, key=lambda place: abs(place - at))]
    if before == after:
        return known[at]
    part = (at - before) / (after - before)
    return known[before] * (1 - part) + known[after] * part


def lines(directions: Iterator[tuple[str, list[Series]]]) -> Iterator[str]:
    """The TOML file, line by line."""
    span = range(half(FIRST), half(LAST) + 1)
    without: list[str] = []
    yield from _HEAD
    yield f'first = "{FIRST}"'
    yield f'last = "{LAST}"'
    yield ""
    yield "[directions]"
    for slug, series in directions:
        enough = [one for one in series if one.total() >= LEAST_HITS]
        if not enough:
            without.append(slug)
            continue
        best = max(enough, key=lambda one: sum(at in one.papers for at in span))
        known = best.log_shares()
        shares = ", ".join(f"{1000 * math.exp(interpolated(known, at)):.3g}" for at in span)
        mask = "".join("01"[at in known] for at in span)
        source = f'category = "{best.category}", hits = {best.total()}, measured = "{mask}"'
        yield f"{slug} = {{ {source}, share = [{shares}] }}"
    yield ""
    yield "[without]"
    yield f"# Fewer than {LEAST_HITS} hits in trusted months: no shape, and no simulated papers."
    yield "directions = ["
    yield from (f'  "{slug}",' for slug in without)
    yield "]"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", nargs="+", help="Parquet files of papers: id, title, abstract, categories")
    parser.add_argument("--coverage", type=Path, required=True, help="CSV: month, category, status")
    arguments = parser.parse_args()
    print("\n".join(lines(measured(arguments.corpus, arguments.coverage))))


if __name__ == "__main__":
    main()
