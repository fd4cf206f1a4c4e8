"""A run on a million made-up papers with vectors: seconds, processor time and peak memory of every stage.

    python benchmarks/million.py [--papers 1000000] [--folder FOLDER] [--again]

The papers are made, none is real: 168 months that double every three years, about 150 words each from a vocabulary with
topics and a long tail of rare words, one to five authors, and the categories of the catalogue. Three in ten speak of a
direction of the shipped catalogue, in the phrases of its query, by months that follow its measured shape. They are
written as a Parquet file and imported as any file is. Their vectors are random unit rows around a centre for each
topic, for a direction its prototype, stored under the fast tier's name. Making the papers is not timed, and embedding
is no part of this; all other stages are.

--again runs all stages on a warehouse that an earlier call has left in FOLDER: what a run with no new paper costs.
Ends with 1 where a stage takes more than 12 GiB. A million papers take about half an hour and 6 GB of disk.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
from measuring import machine, measured_apart, print_table

from littriage import pipeline, wiring
from littriage.configuration import Settings
from littriage.membership import prototypes
from littriage.model import Catalogue
from littriage.progress import Quiet
from littriage.replica.simulate import load_shapes, monthly_shape
from littriage.run import Counts
from littriage.trends import last_settled_month, month_after
from littriage.warehouse import Warehouse, vectors
from littriage.warehouse.derived import Text

MONTHS = 168
DOUBLING_MONTHS = 36
ABOUT_A_DIRECTION = 0.3
"""Part of the papers of the last two years."""
TOPICS = 400
"""Subjects of no direction."""
CATEGORIES = {"cs.LG": 26, "cs.CL": 19, "cs.AI": 18, "cs.CV": 17, "stat.ML": 7, "eess.AS": 4, "cs.IR": 4, "cs.RO": 5}
"""Of papers about no direction, with their weight."""
MOST_MIB = 12 * 1024
AT_ONCE = 20_000
GRAMMAR = "the of and to in a we for that is with on as are this by from our an be can which using"
PARTS = 24
"""Pieces of about six words that an abstract is made of."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--folder", type=Path, help="keep the warehouse here [default: a temporary folder]")
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="littriage-million-") as scratch:
        settings = Settings(warehouse=options.folder or Path(scratch) / "warehouse", read_limit=0)
        rows: list[Row] = []
        if not options.again:
            made = Path(scratch) / "papers.parquet"
            last_month = month_after(last_settled_month(datetime.now(UTC).date()), -1)
            measured_apart("make", lambda: make_papers(wiring.catalogue(settings), made, options.papers, last_month))
            print(f"{options.papers:,} papers, {made.stat().st_size / 1e6:,.0f} MB as Parquet", flush=True)
            for name, work in (
                ("import", lambda: bring_in(settings, made)),
                ("store vectors", lambda: embed(settings)),
            ):
                found = measured_apart(name, work)
                rows.append((name, found.wall_s, found.cpu_s, found.peak_mib, _told(found.result)))
                print(f"{name}: {found.wall_s:.1f} s", flush=True)
            made.unlink()
        rows += bring_up(settings)
    peak = max(row[3] for row in rows)
    rows.append(("together", sum(row[1] for row in rows), sum(row[2] for row in rows), peak, ""))
    print(machine("duckdb", "numpy", "scipy", "scikit-learn"))
    print_table(("stage", "seconds", "CPU s", "peak MiB", "counts"), rows)
    return int(peak > MOST_MIB)


# --- the run ----------------------------------------------------------------------------------------------------

Row = tuple[str, float, float, float, str]
"""Stage, seconds, seconds of the processor, peak MiB, counts."""


def bring_in(settings: Settings, made: Path) -> Counts:
    """Import the file."""
    with wiring.opened_run(settings, Quiet()) as run:
        return pipeline.take_in(run, made)


def embed(settings: Settings) -> Counts:
    """A unit row for every countable paper, around the centre of its topic."""
    with wiring.opened_run(settings, Quiet(), create=False) as run, wiring.tiers(settings) as tiers:
        directions = run.catalogue.directions
        random = np.random.default_rng(3)
        others = random.standard_normal((TOPICS, tiers.broad.dim)).astype(np.float32)
        others /= np.linalg.norm(others, axis=1, keepdims=True)
        centres = np.concatenate([prototypes(directions, tiers.broad).matrix[: len(directions)], others])
        held = 0
        for texts, topics in _subjects(run.warehouse):
            noise = random.standard_normal((len(texts), tiers.broad.dim)).astype(np.float32)
            rows = centres[topics] + noise * np.float32(1.0 / tiers.broad.dim**0.5)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            vectors.store(run.warehouse, texts, rows, tiers.broad.model)
            held += len(texts)
    return {"vectors": held, "dim": tiers.broad.dim}


def _subjects(warehouse: Warehouse) -> Iterator[tuple[list[Text], list[int]]]:
    """Papers with their subjects, which stand in the comments."""
    held = warehouse.connection.cursor().execute(
        "select id, text_hash, comments from paper where not_counted is null order by id"
    )
    while rows := held.fetchmany(AT_ONCE):
        yield [Text(id_, "", None, (), hash_) for id_, hash_, _ in rows], [int(one.split()[1]) for _, _, one in rows]


def bring_up(settings: Settings) -> list[Row]:
    """All stages after the harvest, in this process."""
    spent: list[float] = []

    def step(name: str, work: Callable[[], Counts]) -> Counts:
        start, cpu = time.perf_counter(), _cpu()
        found = work()
        spent.append(_cpu() - cpu)
        print(f"{name}: {time.perf_counter() - start:.1f} s", flush=True)
        return found

    with wiring.opened_run(settings, Quiet(), create=False) as run, wiring.tiers(settings) as tiers:
        pipeline.bring_up_to_date(run, tiers, wiring.SOURCE_NAME, step)
        return [
            (one.name, one.seconds, cpu, one.peak_mib, _told(one.counts))
            for one, cpu in zip(run.stages, spent, strict=True)
        ]


def _cpu() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _told(counts: Counts) -> str:
    told = [f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in counts.items()]
    return ", ".join(one for one in told if "/" not in one)  # no paths


# --- papers -----------------------------------------------------------------------------------------------------


def make_papers(catalogue: Catalogue, target: Path, papers: int, last_month: date) -> None:
    """A Parquet file of papers in the order of months; the same arguments, the same papers."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table made (id text, title text, abstract text, authors text, categories text, published date, "
            "comments text)"
        )
        columns = ", ".join(f"unnest(${name}::{kind}[])" for name, kind in COLUMNS.items())
        for batch in _papers(catalogue, papers, last_month):
            connection.execute(f"insert into made select {columns}", dict(zip(COLUMNS, batch, strict=True)))
        connection.execute(f"copy made to '{target}' (format parquet)")


COLUMNS = {
    "id": "text", "title": "text", "abstract": "text", "authors": "text", "categories": "text", "published": "date",
    "comments": "text",
}  # fmt: skip


def _papers(catalogue: Catalogue, papers: int, last_month: date) -> Iterator[tuple[list[Any], ...]]:
    """Columns of papers, some at a time."""
    random = np.random.default_rng(7)
    language = _Language(catalogue, Random(7))
    parts = _parts(catalogue)
    for place, total in enumerate(_totals(papers)):
        month = month_after(last_month.replace(day=1), place - MONTHS + 1)
        subjects = random.choice(len(parts), total, p=parts[:, place])
        for first in range(0, total, AT_ONCE):
            chosen = subjects[first : first + AT_ONCE]
            titles, abstracts = language.texts(chosen, random)
            count = len(chosen)
            days = np.sort(random.integers(1, 29, count))
            yield (
                [f"{month:%y%m}.{number:05}" for number in range(first + 1, first + count + 1)],
                titles,
                abstracts,
                language.authors(count, random),
                language.categories(chosen, random),
                [month.replace(day=int(day)) for day in days],
                [f"subject {subject}" for subject in chosen.tolist()],
            )


def _totals(papers: int) -> list[int]:
    size = 2.0 ** (np.arange(1, MONTHS + 1) / DOUBLING_MONTHS)
    ends = np.rint(papers * np.cumsum(size) / size.sum()).astype(int)
    return [int(count) for count in np.diff(ends, prepend=0)]


def _parts(catalogue: Catalogue) -> np.ndarray[Any, Any]:
    """Part of each month's papers that are about each direction, then each other topic; shape (subjects, months)."""
    shapes = load_shapes()
    usual = float(np.median([np.mean(shape.share) for shape in shapes.values()]))
    of = np.stack(
        [
            monthly_shape(shapes[one.slug], MONTHS) if one.slug in shapes else np.full(MONTHS, usual)
            for one in catalogue.directions
        ]
    )
    of *= ABOUT_A_DIRECTION / of[:, -24:].sum(axis=0).mean()
    of /= np.maximum(1.0, of.sum(axis=0) / 0.6)
    other = 1 / np.arange(2.0, TOPICS + 2) ** 0.7
    return np.concatenate([of, other[:, None] / other.sum() * (1 - of.sum(axis=0))])


class _Language:
    """Pieces of text: common ones, those of each subject, and rare words without end."""

    def __init__(self, catalogue: Catalogue, draw: Random) -> None:
        words = sorted({"".join(draw.choices("etaoinshrdlucmfwypvbgk", k=draw.randint(3, 10))) for _ in range(12_000)})
        draw.shuffle(words)
        grammar = GRAMMAR.split()
        heavy = [1 / (place + 20) for place in range(len(words))]

        def piece(own: Sequence[str] | None = None) -> str:
            chosen = draw.choices(words, heavy, k=6)
            for place in draw.sample(range(6), 3):
                chosen[place] = draw.choice(grammar)
            if own:
                chosen[draw.randrange(5)] = " ".join(draw.sample(own, 2))
            return " ".join(chosen) + draw.choice(("", "", ",", "."))

        self._common = [piece() for _ in range(30_000)]
        self._own: list[list[str]] = []
        self._heads: list[list[str]] = []
        self._homes: list[tuple[str, ...]] = []
        for subject in range(len(catalogue.directions) + TOPICS):
            own = draw.sample(words[400:], 12)
            self._own.append([piece(own) for _ in range(80)])
            self._heads.append([" ".join(draw.sample(own, 2)) for _ in range(12)])
            if subject < len(catalogue.directions):
                query = catalogue.directions[subject].query
                self._homes.append(tuple(query.categories) or ("cs.LG",))
        self._mentions = [
            [" with ".join(draw.choice(group) for group in one.query.all_of) for _ in range(40)]
            for one in catalogue.directions
        ]
        given = [word.capitalize() for word in words[:400]]
        family = [word.capitalize() for word in words[400:6000]]
        self._names = [f"{draw.choice(given)} {draw.choice(family)}" for _ in range(400_000)]

    def texts(self, subjects: np.ndarray[Any, Any], random: np.random.Generator) -> tuple[list[str], list[str]]:
        """Titles and abstracts."""
        count = len(subjects)
        common = (random.random((count, PARTS)) ** 2 * len(self._common)).astype(int).tolist()
        own = random.integers(80, size=(count, PARTS)).tolist()
        mine = (random.random((count, PARTS)) < 0.35).tolist()
        rare = (random.random((count, 2)) ** 3 * 4e6).astype(int).tolist()
        heads = random.integers(12, size=count).tolist()
        mention = random.integers(40, size=(count, 3)).tolist()
        titled = (random.random(count) < 0.5).tolist()
        titles, abstracts = [], []
        for row, subject in enumerate(subjects.tolist()):
            pieces = self._own[subject]
            told = [
                pieces[o] if m else self._common[c] for c, o, m in zip(common[row], own[row], mine[row], strict=True)
            ]
            head = f"{self._heads[subject][heads[row]]} of {self._common[common[row][0]].strip('.,')}"
            if subject < len(self._mentions):
                named = [self._mentions[subject][one] for one in mention[row]]
                told[3], told[PARTS // 2] = f"we study {named[0]}.", f"{named[1]} remains hard."
                head = f"{named[2]}: {head}" if titled[row] else head
            told.append(f"terms {rare[row][0]:x}q and {rare[row][1]:x}z.")
            titles.append(head[0].upper() + head[1:])
            abstracts.append(" ".join(told))
        return titles, abstracts

    def authors(self, count: int, random: np.random.Generator) -> list[str]:
        """One to five names, some of which write often."""
        teams = random.integers(1, 6, count)
        chosen = iter((random.random(int(teams.sum())) ** 2 * len(self._names)).astype(int).tolist())
        return ["; ".join(self._names[next(chosen)] for _ in range(team)) for team in teams.tolist()]

    def categories(self, subjects: np.ndarray[Any, Any], random: np.random.Generator) -> list[str]:
        """The home of each subject, and another category in half of the cases."""
        names, weight = list(CATEGORIES), np.array(list(CATEGORIES.values()), float)
        first, second = random.choice(len(names), (2, len(subjects)), p=weight / weight.sum()).tolist()
        both = (random.random(len(subjects)) < 0.5).tolist()
        found = []
        for row, subject in enumerate(subjects.tolist()):
            home = self._homes[subject][first[row] % len(self._homes[subject])] if subject < len(self._homes) else None
            listed = [home or names[first[row]], *([names[second[row]]] if both[row] else [])]
            found.append(" ".join(dict.fromkeys(listed)))
        return found


if __name__ == "__main__":
    sys.exit(main())
