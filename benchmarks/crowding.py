"""Asks whether the signs that stand beside the counts say anything of what comes next.

    python benchmarks/crowding.py WAREHOUSE [--category cs.CL] [--first 2015] [--last 2023] [--phrases N]

WAREHOUSE is the folder of a warehouse whose members are decided; it is copied, and the copy is cut to the papers of one
category, in which every direction is then measured. With --phrases N the topics are phrases instead: of those that the
papers up to the day make topics, N with 30 papers or more in 12 months, by the MD5 of their names. For each January 20
the signs are made from what was there, and set beside the change of the topic's share from the 12 months before to the
12 months that end 24 months later. Prints for each sign the topics and days (n), the AUC for a rise by more than 20%,
the rank correlation with the change, the same with what size and last year's growth tell taken out (within each day),
its 95% interval from 1,000 resamples of topics, and by how much the AUC of a logistic model of size and growth, each
topic predicted from the others, rises when the sign is added. Directions with fewer than 15 papers in the 12 months are
left out. The series of the category must be whole; the vectors' model has read texts of later years.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from littriage.crowding import SignKind
from littriage.crowding.papers import month_number
from littriage.crowding.people import shrunk
from littriage.crowding.whole import signs_of
from littriage.phrases import phrases_of
from littriage.resources import WORKING
from littriage.trends import last_settled_month, month_after, month_span
from littriage.warehouse import Warehouse, crowding
from littriage.warehouse.vectors import FOLDER

LEAST_PAPERS = 15
LEAST_OF_PHRASE = 30
RISE = float(np.log(1.2))
RESAMPLES = 1_000
SEED = 20210601

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """A direction on a day."""

    direction: str
    day: date
    size: float
    """Log of its papers in the last 12 months."""
    growth: float
    """Log change of its share on the year before, over its standard error."""
    change: float
    """Log change of its share over the next 24 months."""
    signs: dict[SignKind, float]


def cut(source: Path, folder: Path, category: str) -> None:
    """A copy of the warehouse that knows no other category."""
    shutil.copy(source / WORKING, folder / WORKING)
    if (source / FOLDER).is_dir():
        shutil.copytree(source / FOLDER, folder / FOLDER)
    with duckdb.connect(str(folder / WORKING)) as connection:
        connection.execute(
            "delete from membership where paper_id in (select id from paper where not list_contains(categories, ?))",
            [category],
        )


def take_phrases(warehouse: Warehouse, category: str, days: Sequence[date], each: int) -> dict[date, list[str]]:
    """Make phrases the directions of the warehouse; the topics of each day."""
    found = warehouse.connection.execute(
        "select id, title, abstract, year(month) * 12 + month(month) - 1 from paper "
        "where not_counted is null and list_contains(categories, ?) order by month, id",
        [category],
    ).fetchall()
    months = np.array([month for *_, month in found])
    phrases = phrases_of([(title, abstract) for _, title, abstract, _ in found], months)
    topics: dict[date, list[str]] = {}
    for day in days:
        last = month_number(last_settled_month(day))
        recent = phrases.texts[(months > last - 12) & (months <= last)].sum(axis=0)
        papers = np.asarray(recent).ravel()
        large = [phrases.names[place] for place in phrases.topics(last) if papers[place] >= LEAST_OF_PHRASE]
        topics[day] = sorted(large, key=lambda name: hashlib.md5(name.encode()).digest())[:each]
    wanted = {name for own in topics.values() for name in own}
    columns = phrases.texts.tocsc()
    pairs = [
        (found[row][0], name)
        for place, name in enumerate(phrases.names)
        if name in wanted
        for row in columns.indices[columns.indptr[place] : columns.indptr[place + 1]].tolist()
    ]
    warehouse.empty("membership")
    warehouse.insert(
        "membership",
        {"paper_id": [paper for paper, _ in pairs], "direction": [name for _, name in pairs]},
        similarity=0.0, probability=1.0, member=True, rule="phrase",
    )  # fmt: skip
    return topics


def monthly(warehouse: Warehouse, category: str) -> tuple[dict[str, dict[date, int]], dict[date, int]]:
    """Members of each direction by month, and papers of the category."""
    members: dict[str, dict[date, int]] = defaultdict(dict)
    for slug, month, papers in warehouse.connection.execute(
        "select direction, month, count(*) from membership join paper on id = paper_id "
        "where member and not_counted is null group by all"
    ).fetchall():
        members[slug][month] = papers
    field = warehouse.connection.execute(
        "select month, count(*) from paper where not_counted is null and list_contains(categories, ?) group by all",
        [category],
    ).fetchall()
    return members, dict(field)


def year(counts: dict[date, int], end: date) -> int:
    """Papers of the 12 months that end with a month."""
    return sum(counts.get(month_after(end, -back), 0) for back in range(12))


def rows_of(
    warehouse: Warehouse, category: str, model: str, days: Sequence[date], topics: dict[date, list[str]] | None
) -> list[Row]:
    """Every direction that is large enough, on every day."""
    members, field = monthly(warehouse, category)
    rows = []
    for day in days:
        start, last = time.perf_counter(), last_settled_month(day)
        wanted = {slug: category for slug, own in members.items() if year(own, last) >= LEAST_PAPERS}
        if topics is not None:
            wanted = dict.fromkeys(topics[day], category)
        span = crowding.span_of(last, month_span(month_after(last, -23), last))
        with threadpool_limits(1):
            signs = shrunk(
                {
                    slug: signs_of(own, one.around, span, model)
                    for one in crowding.material(warehouse, wanted, model, last)
                    for slug, own in one.own.items()
                }
            )
        for slug, own in signs.items():
            before, now, later = (year(members[slug], month_after(last, months)) for months in (-12, 0, 24))
            sizes = [year(field, month_after(last, months)) for months in (-12, 0, 24)]
            shares = [np.log((papers + 0.5) / of) for papers, of in zip((before, now, later), sizes, strict=True)]
            se = (1 / (before + 0.5) + 1 / (now + 0.5)) ** 0.5
            rows.append(
                Row(
                    slug,
                    day,
                    float(np.log(now)),
                    float((shares[1] - shares[0]) / se),
                    float(shares[2] - shares[1]),
                    {one.kind: one.value for one in own if one.value is not None},
                )
            )
        print(f"{day}: {len(signs)} directions, {time.perf_counter() - start:.1f} s", flush=True)
    return rows


def within_days(values: Floats, days: NDArray[np.int64]) -> Floats:
    """Ranks within each day, from -0.5 to 0.5."""
    ranks = np.empty(len(values))
    for day in np.unique(days):
        own = days == day
        ranks[own] = (rankdata(values[own]) - 0.5) / own.sum() - 0.5
    return ranks


def without(values: Floats, controls: Floats) -> Floats:
    """What the controls do not tell of the values."""
    design = np.column_stack([np.ones(len(values)), controls])
    return np.asarray(values - design @ np.linalg.lstsq(design, values, rcond=None)[0])


def correlation(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if one.std() > 0 and other.std() > 0 else 0.0


def resampled(slugs: Sequence[str], statistic: Callable[[NDArray[np.int64]], float]) -> tuple[float, float]:
    """95% interval of a statistic of places, over resamples of directions."""
    random = np.random.default_rng(SEED)
    own: dict[str, list[int]] = defaultdict(list)
    for place, slug in enumerate(slugs):
        own[slug].append(place)
    names = sorted(own)
    found = []
    for _ in range(RESAMPLES):
        drawn = random.integers(len(names), size=len(names))
        found.append(statistic(np.array([place for name in drawn for place in own[names[name]]])))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def predicted(features: Floats, rose: NDArray[np.bool_], slugs: Sequence[str]) -> Floats:
    """Probability of a rise, each tenth of the directions predicted from the others."""
    names = sorted(set(slugs))
    random = np.random.default_rng(SEED).permutation(len(names))
    part = {name: int(random[number]) % 10 for number, name in enumerate(names)}
    parts = np.array([part[slug] for slug in slugs])
    chance = np.empty(len(rose))
    for one in range(10):
        train = parts != one
        if (parts == one).any():
            model = LogisticRegression(C=1.0).fit(features[train], rose[train])
            chance[parts == one] = model.predict_proba(features[parts == one])[:, 1]
    return chance


def report(kind: SignKind, rows: Sequence[Row]) -> str:
    """One line of the table."""
    known = [row for row in rows if kind in row.signs]
    rose = np.array([row.change > RISE for row in known])
    if len(known) < 40 or not 5 <= rose.sum() <= len(known) - 5:
        return f"{kind.value:32} {len(known):4}  too few"
    slugs = [row.direction for row in known]
    days = np.array([row.day.toordinal() for row in known])
    sign, change, size, growth = (
        within_days(np.array(values), days)
        for values in (
            [row.signs[kind] for row in known],
            [row.change for row in known],
            [row.size for row in known],
            [row.growth for row in known],
        )
    )
    controls = np.column_stack([size, growth, size * growth])
    own, left = without(sign, controls), without(change, controls)
    low, high = resampled(slugs, lambda places: correlation(own[places], left[places]))
    base = roc_auc_score(rose, predicted(4 * controls, rose, slugs))
    more = roc_auc_score(rose, predicted(4 * np.column_stack([controls, sign]), rose, slugs))
    return (
        f"{kind.value:32} {len(known):4} {len(set(slugs)):4} {rose.mean():5.2f}  {roc_auc_score(rose, sign):5.2f}  "
        f"{correlation(sign, change):+5.2f}  {correlation(own, left):+5.2f} ({low:+.2f} to {high:+.2f})  "
        f"{base:5.2f}  {more - base:+6.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--category", default="cs.CL")
    parser.add_argument("--first", type=int, default=2015)
    parser.add_argument("--last", type=int, default=2023)
    parser.add_argument("--phrases", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cut(options.warehouse, Path(folder), options.category)
        with Warehouse.open(Path(folder), create=False) as warehouse:
            (model,) = warehouse.connection.execute(
                "select model from vector group by model order by count(*) desc, model limit 1"
            ).fetchone() or ("",)
            days = [date(year, 1, 20) for year in range(options.first, options.last + 1)]
            topics = take_phrases(warehouse, options.category, days, options.phrases) if options.phrases else None
            rows = rows_of(warehouse, options.category, model, days, topics)
    print(f"\n{options.category}, {model}, days {days[0]} to {days[-1]}")
    print(f"{'sign':32} {'n':>4} {'dirs':>4} {'rose':>5}  {'AUC':>5}  {'rho':>5}  "
          f"{'rho beyond (95%)':23}  {'base':>5}  {'gain':>6}")  # fmt: skip
    for kind in SignKind:
        print(report(kind, rows))


if __name__ == "__main__":
    main()
