"""Panels of counts whose truth is known, sound or with the faults that real records have.

What the laws of a verdict and the coverage of intervals are measured on. Everything is drawn from a seed: equal
arguments give equal panels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np

from littriage.errors import LittriageError
from littriage.panel import Bools, Floats, Ints, Panel


class Shape(StrEnum):
    """How a topic's true share moves."""

    FLAT = "flat"
    EXPONENTIAL = "exponential"
    """Grows or falls by 0.1 to 0.6 log units a year, for ever."""
    LOGISTIC = "logistic"
    GOMPERTZ = "gompertz"
    BASS = "bass"
    """Cumulative adopters of the Bass model: nothing to speak of before a launch, then an S to a ceiling."""
    HUMP = "hump"
    """Rises and falls, faster or slower, to a floor of 2% to 20% of the peak."""
    STEP = "step"
    """One level, then another, 1.5 to 4 times higher or lower."""
    BREAK = "break"
    """One growth, then another, from one month to the next."""
    RANDOM_WALK = "random walk"
    """Growth itself wanders, by 0.3 log units within a year, and is drawn back to 0 within about three years."""


S_SHAPES = frozenset({Shape.LOGISTIC, Shape.GOMPERTZ, Shape.BASS})
"""The shapes that have a ceiling."""

MIX: Mapping[Shape, float] = {
    Shape.FLAT: 0.15,
    Shape.EXPONENTIAL: 0.05,
    Shape.LOGISTIC: 0.15,
    Shape.GOMPERTZ: 0.10,
    Shape.BASS: 0.05,
    Shape.HUMP: 0.15,
    Shape.STEP: 0.05,
    Shape.BREAK: 0.10,
    Shape.RANDOM_WALK: 0.20,
}
"""Part of each shape in a mixed population."""

SIZES = (10, 30, 100, 400)
"""Expected papers of a topic in the last 12 months."""

_FLOOR = 1e-3
"""Of the ceiling: what an S-shaped topic has long before its time, so that a log share exists."""
_HIGHEST_SHARE = 0.25
_DEADLINES = np.array([0.86, 0.88, 0.98, 1.06, 1.14, 1.08, 0.90, 0.86, 1.08, 1.22, 1.04, 0.90])
"""Papers by month of the year, January first, against a year's mean: peaks follow the conferences' deadlines."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What nobody knows of a real record. Columns are those of the panel, 0 the first."""

    shapes: tuple[Shape, ...]
    log_share: Floats
    """Shape (topics, months): log of the true share."""
    inflection: Floats
    """Shape (topics,): column, in parts of months, of the steepest growth of share; NaN where the shape has no S."""
    ceiling: Floats
    """Shape (topics,): the share that an S goes to; NaN where the shape has none."""

    def growth(self, column: int = -1) -> Floats:
        """Change of the log share over the 12 months that end with a column, in log units a year."""
        ends = self.log_share[:, column]
        return np.asarray(ends - self.log_share[:, column - 12], dtype=np.float64)

    def right(self, ceilings: Floats, column: int, *, months: int = 36, tolerance: float = 0.3) -> Bools:
        """Whether ceilings, shares of shape (topics,), that were stated at a column are right; NaN is not.

        Of a shape with a ceiling: within `tolerance` of it. Of any other: the true share stays that near to the stated
        one for all the `months` that follow, so a hump or a wandering share counts as a miss unless it stood still.
        """
        after = np.exp(self.log_share[:, column + 1 : column + 1 + months])
        stays = (np.abs(after / ceilings[:, None] - 1) <= tolerance).all(axis=1)
        near = np.abs(ceilings / self.ceiling - 1) <= tolerance
        return np.asarray(np.where(np.isfinite(self.ceiling), near, stays), dtype=np.bool_)

    def peak(self, column: int | None = None) -> Ints:
        """Column of the highest true share up to a column, the first of several."""
        stop = None if column is None else column + 1
        return np.asarray(self.log_share[:, :stop].argmax(axis=1), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Simulated:
    """Counts and the truth behind them; row for row the same topics."""

    panel: Panel
    truth: Truth


def simulate(
    topics: int,
    seed: int,
    *,
    months: int = 168,
    first: date = date(2011, 7, 1),
    mix: Mapping[Shape, float] = MIX,
    sizes: Sequence[float] = SIZES,
    dispersion: float = 1.3,
    inflection: tuple[float, float] | None = None,
    spread: tuple[float, float] = (5.0, 20.0),
    field: float = 400.0,
    doubling_months: float = 48.0,
) -> Simulated:
    """A panel of `topics` topics of one field over `months` months from `first`, without faults.

    `mix` gives the part of each shape; each topic draws its shape and its size, the papers expected in the last 12
    months (less where its share would exceed a quarter of the field at its peak). Counts are negative binomial with a
    variance of `dispersion` (1 or more) times their mean. The S of a topic turns at a column drawn evenly from
    `inflection` (by default from a fifth of the months to a year after the last one), with a time constant drawn from
    `spread`, in months. The field has `field` papers a month at first, doubles every `doubling_months`, and keeps
    conference deadlines, in which topics share. To know what came after a month, cut the panel there with `until`.
    Raises LittriageError on fewer than 13 months, no topic, or a dispersion below 1.
    """
    if topics < 1 or months < 13 or dispersion < 1:
        raise LittriageError(
            f"{topics} topics, {months} months, dispersion {dispersion}: a simulation needs at least 1 topic, "
            "13 months and a dispersion of 1"
        )
    rng = np.random.default_rng(seed)
    expected_field = _expected_field(months, first, field, doubling_months)
    exposure = rng.poisson(expected_field).astype(np.float64)
    parts = np.array([mix[shape] for shape in mix], dtype=np.float64)
    kinds = rng.choice(len(parts), size=topics, p=parts / parts.sum())
    shapes = tuple(tuple(mix)[kind] for kind in kinds)
    early, late = inflection or (months / 5, months + 12)
    shortest, longest = spread
    drawn = _Drawn(rng, rng.uniform(early, late, topics), rng.uniform(shortest, longest, topics), months)
    log_share, ceiling, inflected = _curves(shapes, drawn)
    log_share, ceiling = _sized(log_share, ceiling, rng.choice(np.asarray(sizes, float), size=topics), expected_field)
    papers = _negative_binomial(rng, np.exp(log_share) * exposure, dispersion)
    width = len(str(topics))
    names = tuple(f"topic-{number:0{width}}" for number in range(topics))
    whole = np.broadcast_to(exposure, papers.shape).copy()
    panel = Panel(names, first, papers, whole, whole > 0)
    return Simulated(panel, Truth(shapes, log_share, inflected, ceiling))


def _expected_field(months: int, first: date, field: float, doubling_months: float) -> Floats:
    column = np.arange(months)
    deadlines = _DEADLINES[(first.month - 1 + column) % 12]
    return np.asarray(field * np.exp2(column / doubling_months) * deadlines, dtype=np.float64)


def _negative_binomial(rng: np.random.Generator, mean: Floats, dispersion: float) -> Floats:
    """Counts with variance = dispersion x mean; Poisson at 1."""
    if dispersion == 1:
        return rng.poisson(mean).astype(np.float64)
    rate = rng.gamma(np.maximum(mean, 1e-12) / (dispersion - 1), dispersion - 1)
    return rng.poisson(rate).astype(np.float64)


# --- shapes -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What each topic is made of. One element a topic, whatever its shape."""

    rng: np.random.Generator
    turn: Floats
    """Column at which something happens."""
    spread: Floats
    """Months."""
    months: int

    @property
    def since(self) -> Floats:
        """Shape (topics, months): months since the turn."""
        return np.asarray(np.arange(self.months) - self.turn[:, None], dtype=np.float64)

    def of(self, rows: Bools) -> _Drawn:
        return replace(self, turn=self.turn[rows], spread=self.spread[rows])


def _curves(shapes: Sequence[Shape], drawn: _Drawn) -> tuple[Floats, Floats, Floats]:
    """Log share up to a constant, ceiling on the same scale, and the column of the inflection."""
    log_share = np.zeros((len(shapes), drawn.months))
    of_an_s = np.array([shape in S_SHAPES for shape in shapes])
    for shape in sorted(set(shapes)):
        rows = np.array([own is shape for own in shapes])
        log_share[rows] = _CURVES[shape](drawn.of(rows))
    ceiling = np.where(of_an_s, 1.0, np.nan)
    return log_share, ceiling, np.where(of_an_s, drawn.turn, np.nan)


def _flat(drawn: _Drawn) -> Floats:
    return np.zeros((len(drawn.turn), drawn.months))


def _exponential(drawn: _Drawn) -> Floats:
    sign = np.where(drawn.rng.random(len(drawn.turn)) < 0.7, 1.0, -1.0)
    growth = sign * drawn.rng.uniform(0.1, 0.6, size=len(drawn.turn))
    return np.asarray(growth[:, None] / 12 * np.arange(drawn.months), dtype=np.float64)


def _logistic(drawn: _Drawn) -> Floats:
    return _floored(1 / (1 + np.exp(-_scaled(drawn))))


def _gompertz(drawn: _Drawn) -> Floats:
    return _floored(np.exp(-np.exp(-_scaled(drawn))))


def _bass(drawn: _Drawn) -> Floats:
    """F(t) = (1 - e) / (1 + r e), e = exp(-(p + q) t), r = q / p: steepest at log(r) / (p + q) after the launch."""
    ratio = drawn.rng.uniform(10, 60, size=len(drawn.turn))[:, None]
    since_launch = _scaled(drawn) + np.log(ratio)
    fading = np.exp(-np.maximum(since_launch, 0.0))
    return _floored(np.where(since_launch > 0, (1 - fading) / (1 + ratio * fading), 0.0))


def _hump(drawn: _Drawn) -> Floats:
    fall = drawn.rng.uniform(1.0, 2.5, size=len(drawn.turn))[:, None]
    width = 1.5 * drawn.spread[:, None] * np.where(drawn.since > 0, fall, 1.0)
    floor = drawn.rng.uniform(0.02, 0.2, size=len(drawn.turn))[:, None]
    return np.asarray(np.log(floor + (1 - floor) * np.exp(-((drawn.since / width) ** 2) / 2)), dtype=np.float64)


def _step(drawn: _Drawn) -> Floats:
    height = drawn.rng.uniform(np.log(1.5), np.log(4), size=len(drawn.turn))
    height *= np.where(drawn.rng.random(len(drawn.turn)) < 0.7, 1.0, -1.0)
    return np.where(drawn.since >= 0, height[:, None], 0.0)


def _break(drawn: _Drawn) -> Floats:
    before = drawn.rng.normal(0.0, 0.4, size=len(drawn.turn))[:, None] / 12
    after = drawn.rng.normal(0.0, 0.4, size=len(drawn.turn))[:, None] / 12
    return np.asarray(np.where(drawn.since < 0, before, after) * drawn.since, dtype=np.float64)


def _random_walk(drawn: _Drawn) -> Floats:
    kept = np.exp(-1 / 36)
    growth = np.zeros((len(drawn.turn), drawn.months))
    shocks = drawn.rng.normal(0.0, 0.3 / np.sqrt(12), size=growth.shape)
    growth[:, 0] = drawn.rng.normal(0.0, 0.35, size=len(drawn.turn))
    for column in range(1, drawn.months):
        growth[:, column] = kept * growth[:, column - 1] + shocks[:, column]
    return np.cumsum(growth / 12, axis=1)


def _scaled(drawn: _Drawn) -> Floats:
    """Cut off where exp would overflow."""
    return np.asarray(np.clip(drawn.since / drawn.spread[:, None], -50, 50), dtype=np.float64)


def _floored(part: Floats) -> Floats:
    return np.asarray(np.log(_FLOOR + (1 - _FLOOR) * part), dtype=np.float64)


_CURVES: Mapping[Shape, Callable[[_Drawn], Floats]] = {
    Shape.FLAT: _flat,
    Shape.EXPONENTIAL: _exponential,
    Shape.LOGISTIC: _logistic,
    Shape.GOMPERTZ: _gompertz,
    Shape.BASS: _bass,
    Shape.HUMP: _hump,
    Shape.STEP: _step,
    Shape.BREAK: _break,
    Shape.RANDOM_WALK: _random_walk,
}


def _sized(log_share: Floats, ceiling: Floats, sizes: Floats, field: Floats) -> tuple[Floats, Floats]:
    a_year = np.exp(log_share[:, -12:]) @ field[-12:]
    highest = np.fmax(np.exp(log_share.max(axis=1)), ceiling)
    factor = np.minimum(sizes / a_year, _HIGHEST_SHARE / highest)
    return log_share + np.log(factor)[:, None], ceiling * factor


# --- faults -----------------------------------------------------------------------------------------------------


def outage(panel: Panel, column: int, days: int, *, known: bool, seed: int = 0) -> Panel:
    """The panel where nothing was collected for `days` days from the middle of a month.

    Known: the months it touches are unusable. Unknown: the papers of those days are lacking from topics and field
    alike, and a month of which nothing is left is unusable. Months count as 30 days; counts must be whole.
    """
    lost = np.zeros(panel.papers.shape[1])
    left = days / 30
    lost[column] = min(0.5, left)
    for later in range(column + 1, panel.papers.shape[1]):
        lost[later] = min(1.0, max(0.0, left - lost[:later].sum()))
    if known:
        return _unusable(panel, lost > 0)
    return _thinned(panel, 1 - lost, field_too=True, seed=seed)


def coverage_loss(panel: Panel, column: int, part: float = 0.2, *, field_too: bool = True, seed: int = 0) -> Panel:
    """The panel where from a column on each paper is lacking with probability `part`, and nobody knows.

    `field_too`: the field loses as many; otherwise only the topics do. Counts must be whole.
    """
    kept = np.where(np.arange(panel.papers.shape[1]) >= column, 1 - part, 1.0)
    return _thinned(panel, kept, field_too=field_too, seed=seed)


def _thinned(panel: Panel, kept: Floats, *, field_too: bool, seed: int) -> Panel:
    """Each paper stays with probability `kept`. A field is thinned once, the same for each of its topics.

    The papers of a topic and the others of its field are drawn apart in truth; a topic is a small part of its field.
    """
    rng = np.random.default_rng(seed)
    papers = rng.binomial(panel.papers.astype(np.int64), kept).astype(np.float64)
    exposure = panel.exposure
    if field_too and len(panel.topics):
        fields, which = np.unique(panel.exposure, axis=0, return_inverse=True)
        exposure = rng.binomial(fields.astype(np.int64), kept).astype(np.float64)[which.reshape(-1)]
        exposure = np.maximum(exposure, papers)
    known = panel.usable & (exposure > 0)
    return replace(panel, papers=np.where(known, papers, 0.0), exposure=np.where(known, exposure, 0.0), usable=known)


def duplicates(panel: Panel, columns: Sequence[int], copies: int = 2) -> Panel:
    """The panel where each paper of some months is counted `copies` times, in the topics and not in the field."""
    papers = panel.papers.copy()
    papers[:, list(columns)] *= copies
    return replace(panel, papers=papers, exposure=np.maximum(panel.exposure, papers))


def giant_month(panel: Panel, column: int, times: float = 20.0) -> Panel:
    """The panel where one month has `times` the papers in the topics, and at least 20, and the field as many more."""
    papers, exposure = panel.papers.copy(), panel.exposure.copy()
    papers[:, column] = np.maximum(20.0, np.rint(times * papers[:, column]))
    exposure[:, column] += papers[:, column] - panel.papers[:, column]
    return replace(panel, papers=papers, exposure=exposure)


def holes(panel: Panel, part: float, seed: int) -> Panel:
    """The panel where each month is unusable with probability `part`, for all topics alike."""
    return _unusable(
        panel, np.asarray(np.random.default_rng(seed).random(panel.papers.shape[1]) < part, dtype=np.bool_)
    )


def title_only(panel: Panel, start: int, stop: int) -> Panel:
    """The panel where the columns `start` to `stop`, without the last, came as titles, which no model may use."""
    column = np.arange(panel.papers.shape[1])
    return _unusable(panel, (column >= start) & (column < stop))


def silent(panel: Panel) -> Panel:
    """The panel where no topic has a paper, though the field has."""
    return replace(panel, papers=np.zeros_like(panel.papers))


def _unusable(panel: Panel, columns: Bools) -> Panel:
    known = panel.usable & ~columns
    return replace(
        panel, papers=np.where(known, panel.papers, 0.0), exposure=np.where(known, panel.exposure, 0.0), usable=known
    )
