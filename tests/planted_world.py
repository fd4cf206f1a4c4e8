"""A simulated record with words that rise and fall as planted, as papers and as a shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

import numpy as np
from scipy.sparse import csr_matrix

from littriage.outlook.shelf import Shelf
from littriage.panel import Floats, Ints
from littriage.phrases import phrases_of

FIRST = date(2015, 1, 1)
CONSONANTS, VOWELS = "bdfgklmnprtvz", "aeio"


def made_words(count: int) -> list[str]:
    """Words that no plural rule folds."""
    syllables = ["".join(pair) for pair in product(CONSONANTS, VOWELS)]
    return [one + other + "q" for one, other in product(syllables, syllables)][::7][:count]


@dataclass(frozen=True)
class Paper:
    id: str
    month: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True)
class World:
    papers: tuple[Paper, ...]
    months: int
    words: tuple[str, ...]
    pace: Floats
    """Growth of each word's log share a year; shape (words,)."""


def planted(months: int = 60, a_month: int = 160, words: int = 60, seed: int = 1) -> World:
    """A third of the words rises all the time, a third falls, a third stays as it is; counts are chance."""
    random = np.random.default_rng(seed)
    names = made_words(words)
    pace = np.array([0.35, -0.35, 0.0])[np.arange(words) % 3]
    years = (np.arange(months) - months / 2) / 12
    share = np.exp(np.log(random.uniform(0.02, 0.05, words))[:, None] + pace[:, None] * years)
    papers = []
    for month in range(months):
        for number in range(a_month):
            said = [names[place] for place in np.flatnonzero(random.random(words) < share[:, month])]
            random.shuffle(said)
            half = (len(said) + 1) // 2
            people = tuple(f"person {one}" for one in random.integers(0, 400, random.integers(1, 4)))
            category = "cs.CL" if random.random() < 0.6 else "cs.LG"
            extra = ("cs.IR",) if random.random() < 0.2 else ()
            year, of_year = divmod(month, 12)
            papers.append(
                Paper(
                    f"{15 + year:02}{of_year + 1:02}.{number:05}", month, ", ".join(said[:half]),
                    ", ".join(said[half:]), tuple(dict.fromkeys(people)), (category, *extra),
                )
            )  # fmt: skip
    return World(tuple(papers), months, tuple(names), pace)


def shelf_of(papers: Sequence[Paper], months: int, columns: tuple[list[str], list[str]] | None = None) -> Shelf:
    """The shelf of cs.CL; `columns` are authors and categories in their order, for papers that lack some."""
    people, places = columns or columns_of(papers)
    month: Ints = np.array([one.month for one in papers], dtype=np.int64)
    return Shelf(
        tuple(one.id for one in papers),
        FIRST,
        phrases_of(((one.title, one.abstract) for one in papers), month, papers=20, titles=3),
        _matrix([one.authors for one in papers], people),
        _matrix([one.categories for one in papers], places),
        np.array(["cs.CL" in one.categories for one in papers], dtype=np.bool_),
        np.ones(months, dtype=np.bool_),
    )


def columns_of(papers: Sequence[Paper]) -> tuple[list[str], list[str]]:
    return (
        sorted({name for one in papers for name in one.authors}),
        sorted({name for one in papers for name in one.categories}),
    )


def _matrix(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> csr_matrix:
    place = {name: number for number, name in enumerate(columns)}
    pairs = [(row, place[name]) for row, names in enumerate(rows) for name in names if name in place]
    row, column = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    return csr_matrix((np.ones(len(pairs), np.float32), (row, column)), shape=(len(rows), len(columns)))


def renamed(paper: Paper, **changed: object) -> Paper:
    return replace(paper, **changed)  # type: ignore[arg-type]
