"""A simulated corpus for the demo: its monthly volumes follow shapes measured on arXiv, its text is made up.

`shapes.toml` holds, for each direction, its share in ten half-years (scripts/measure_shapes.py). Its calendar is moved
so that the last measured month becomes the last simulated one. So few papers cannot show a hundred directions: those
that moved most, and those that moved least, get most of the papers, and the others a trickle.
"""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from littriage.directions import Matcher
from littriage.model import Catalogue, Direction, Paper
from littriage.replica.days import WITHDRAWAL
from littriage.replica.prose import authors, background_topics, direction_topic, title_and_abstract
from littriage.trends import month_after

DOUBLING_MONTHS = 24
"""arXiv's machine-learning categories doubled about every two years until 2025."""

RISING, FLAT, FALLING = 8, 9, 6
"""How many directions of each kind get most of the papers."""
RISING_WEIGHT, QUIET_WEIGHT = 3.0, 0.08
"""Papers of the last two years against those of a flat direction: growth needs more of them to be seen."""
LEAST_HITS, LEAST_MEASURED = 60, 5
"""What a shape must rest on to get most of the papers: hits, and measured half-years of the ten."""
LARGEST_PART = 0.85
"""Of the papers of a category, the part that belongs to directions in the busiest month for them."""

ASIDE_PART = 0.06
"""Of all papers, the part that mentions some other direction in passing."""

_TRIES = 8
"""A text that matches the query of a direction which it is not about is written anew, this often at most."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a direction's share moved."""

    share: tuple[float, ...]
    """Papers per 1,000 of its category, one number a half-year, oldest first."""
    measured: tuple[bool, ...]
    """False: interpolated."""
    hits: int
    """Papers behind the measured ones."""


@dataclass(frozen=True, slots=True)
class SimulatedPaper:
    """A paper with the truth about it."""

    paper: Paper
    direction: str | None
    """What it is about; None: no direction."""
    mentions: str | None = None
    """A direction whose phrases it names in passing."""


def load_shapes(path: Path | None = None) -> dict[str, Shape]:
    """The measured shapes by direction: those that come with the package, unless another file is given."""
    text = (path or Path(__file__).with_name("shapes.toml")).read_text(encoding="utf-8")
    return {
        slug: Shape(tuple(map(float, row["share"])), tuple(mark == "1" for mark in row["measured"]), row["hits"])
        for slug, row in tomllib.loads(text)["directions"].items()
    }


def simulated_papers(
    catalogue: Catalogue,
    shapes: Mapping[str, Shape],
    *,
    seed: int,
    last_month: date,
    months: int = 60,
    papers: int = 4000,
) -> list[Paper]:
    """The papers of `simulate`, without the truth about them."""
    simulated = simulate(catalogue, shapes, seed=seed, last_month=last_month, months=months, papers=papers)
    return [one.paper for one in simulated]


def simulate(
    catalogue: Catalogue,
    shapes: Mapping[str, Shape],
    *,
    seed: int,
    last_month: date,
    months: int = 60,
    papers: int = 4000,
) -> list[SimulatedPaper]:
    """Exactly so many papers, in order of id, in the months that end with `last_month`; the same seed, the same papers.

    Month totals grow by a fixed curve. Within a month, directions and background are drawn from a multinomial with
    `plan`'s shares. Directions without a shape get no papers.
    """
    directions = {direction.slug: direction for direction in catalogue.directions if direction.slug in shapes}
    expected = plan(directions, shapes, months)
    totals = month_totals(months, papers)
    draw, rng = np.random.default_rng(seed), Random(seed)
    names = list(expected)
    parts = np.array([expected[name] for name in names])
    writer = _Writer(directions, rng)
    found: list[SimulatedPaper] = []
    for place, total in enumerate(totals):
        month = month_after(last_month.replace(day=1), place - months + 1)
        counts = draw.multinomial(total, parts[:, place] / parts[:, place].sum())
        kinds = [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
        rng.shuffle(kinds)
        days = sorted(rng.randint(1, monthrange(month.year, month.month)[1]) for _ in kinds)
        found.extend(
            writer.write(kind, f"{month:%y%m}.{number:05}", month.replace(day=day), last_month)
            for number, (kind, day) in enumerate(zip(kinds, days, strict=True), start=1)
        )
    return found


# --- how many ---------------------------------------------------------------------------------------------------

Kind = tuple[str, str]
"""("direction", slug) or ("background", category)."""


def plan(directions: Mapping[str, Direction], shapes: Mapping[str, Shape], months: int) -> dict[Kind, _Floats]:
    """Expected papers of each kind, by month, up to a common factor; every month's sum follows the growth of arXiv.

    Each category grows by that same curve: what its directions leave is background, so a direction's part of its
    category has the measured shape.
    """
    growth = 2 ** (np.arange(months) / DOUBLING_MONTHS)
    leading = leading_directions({slug: shapes[slug] for slug in directions})
    expected: dict[Kind, _Floats] = {}
    fields: dict[str, _Floats] = {}
    for slug, direction in sorted(directions.items()):
        curve = monthly_shape(shapes[slug], months) * growth
        weight = leading.get(slug, QUIET_WEIGHT)
        expected["direction", slug] = weight * curve / curve[-24:].sum()
        field = _home(direction)
        fields[field] = fields.get(field, np.zeros(months)) + expected["direction", slug]
    for field, taken in sorted(fields.items()):
        size = float((taken / growth).max()) / LARGEST_PART
        expected["background", field] = size * growth - taken
    return expected


def leading_directions(shapes: Mapping[str, Shape]) -> dict[str, float]:
    """The directions that get most of the papers, with their weight: the steepest up and down, and the flattest.

    Steepness is the smaller of growth over the last year and over the last two; the flattest moved least last year.
    """
    sound = {
        s: shape for s, shape in shapes.items() if shape.hits >= LEAST_HITS and sum(shape.measured) >= LEAST_MEASURED
    }
    slope = {slug: _slope(shape) for slug, shape in sound.items()}
    order = sorted(sound, key=lambda slug: (slope[slug], slug))
    falling, rising = order[:FALLING], order[FALLING:][-RISING:]
    others = [slug for slug in order if slug not in falling and slug not in rising]
    flat = sorted(others, key=lambda slug: (abs(_growth(sound[slug], 2)), slug))[:FLAT]
    return dict.fromkeys(falling + flat, 1.0) | dict.fromkeys(rising, RISING_WEIGHT)


def monthly_shape(shape: Shape, months: int) -> _Floats:
    """The share of each month, the last month being the last of the last half-year; log-linear between half-years."""
    middles = np.arange(len(shape.share)) * 6 + 3 - len(shape.share) * 6
    at = np.arange(-months, 0) + 0.5
    return np.asarray(np.exp(np.interp(at, middles, np.log(shape.share))), dtype=np.float64)


def month_totals(months: int, papers: int) -> list[int]:
    """So many papers, spread over the months by the growth of arXiv, each month rounded, the sum exact."""
    growth = 2 ** (np.arange(1, months + 1) / DOUBLING_MONTHS) - 1
    steps = np.rint(papers * growth / growth[-1]).astype(int)
    return [int(count) for count in np.diff(steps, prepend=0)]


def _growth(shape: Shape, half_years: int) -> float:
    """Log growth a year of the last year's share, over that many half-years."""
    last, before = np.mean(shape.share[-2:]), np.mean(shape.share[-2 - half_years : -half_years])
    return float(np.log(last / before)) * 2 / half_years


def _slope(shape: Shape) -> float:
    one, two = _growth(shape, 2), _growth(shape, 4)
    return min(one, two, key=abs) if one * two > 0 else 0.0


def _home(direction: Direction) -> str:
    return direction.query.categories[0] if direction.query.categories else "cs.LG"


# --- papers -----------------------------------------------------------------------------------------------------


class _Writer:
    """Writes one paper after another with one random generator."""

    def __init__(self, directions: Mapping[str, Direction], rng: Random) -> None:
        self._directions = directions
        self._matcher = Matcher(tuple(directions.values()))
        self._topics = {slug: direction_topic(direction) for slug, direction in directions.items()}
        self._background = background_topics()
        self._rng = rng
        self._in_field: dict[str, list[str]] = {}
        for slug, direction in sorted(directions.items()):
            self._in_field.setdefault(_home(direction), []).append(slug)

    def write(self, kind: Kind, base: str, published: date, last_month: date) -> SimulatedPaper:
        """The paper of that id, all of it invented; its last version is no later than the last month."""
        rng, (sort, name) = self._rng, kind
        about = name if sort == "direction" else None
        field = _home(self._directions[name]) if about else name
        mentions = rng.choice(self._in_field[field]) if rng.random() < ASIDE_PART else None
        if mentions == about:
            mentions = None
        topic = self._topics[about] if about else rng.choice(self._background)
        cross_lists = self._directions[name].query.categories[1:] if about else ("cs.LG", "stat.ML", "cs.AI")
        categories = tuple(dict.fromkeys([field, *(other for other in cross_lists if rng.random() < 0.4)]))
        for _ in range(_TRIES):
            title, abstract = title_and_abstract(rng, topic, self._topics[mentions] if mentions else None)
            if {hit.direction for hit in self._matcher.hits(title, abstract, categories)} <= {about, mentions}:
                break
        version = rng.choices((1, 2, 3), (65, 25, 10))[0]
        moment = datetime.combine(published, time(rng.randrange(24), rng.randrange(60)), UTC)
        end = datetime.combine(month_after(last_month.replace(day=1)), time(), UTC) - timedelta(minutes=1)
        withdrawn = rng.random() < 0.005
        paper = Paper(
            id=base,
            title=title,
            abstract=abstract,
            authors=authors(rng),
            categories=categories,
            published=published,
            version=version,
            updated=min(moment + timedelta(days=30 * (version - 1) * rng.random()), end),
            comments=WITHDRAWAL if withdrawn else rng.choice(_COMMENTS),
            withdrawn=withdrawn,
        )
        return SimulatedPaper(paper, about, mentions)


_COMMENTS: Sequence[str | None] = (None, None, None, "12 pages, 4 figures", "Code will be released")
