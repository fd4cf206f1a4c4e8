"""Measures of forecasts against what came: ranking, calibration, skill, and their intervals.

A row is one topic at one origin. Every measure is built once from the rows (`auc(outcome, score, origin)`) and is then
a function of weights: its `point` takes every row once, and `resampled` takes whole topics by chance, since the rows of
one topic over many origins are no independent evidence. All measures that are resampled together see the same draws, so
that differences between them are paired.

A row with a NaN outcome, score, probability or growth does not enter. Where nothing is defined, a value is NaN, and
`reason` says why. No measure depends on the order of the rows: ties share what they win.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from littriage import proportions
from littriage.errors import LittriageError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RESAMPLES = 300
SEED = 20250630
LEVEL = 0.95
BINS = 10

_TOGETHER = 32
"""Resamples computed at once: more would leave the processor's cache."""
_SUREST = 1e-6
"""Probabilities are held this far from 0 and 1 where their logit is taken."""
_NEWTON_STEPS = 40
_STEEPEST = 50.0
"""A calibration slope beyond this is a separation of the classes, not an estimate."""


class Undefined(StrEnum):
    """Why a measure or its interval has no value."""

    NO_ROWS = "no rows"
    ONE_CLASS = "all rows rose, or none did"
    ALL_TIED = "all values are the same"
    NO_CALLS = "nothing was called"
    NO_FIT = "the classes are separated, or the fit did not settle"
    SURE_REFERENCE = "the reference makes no error"
    ONE_TOPIC = "one topic alone: nothing to resample"


@dataclass(frozen=True, slots=True)
class Statistic:
    """A measure as a function of weights."""

    rows: Ints
    """Places of the rows that enter, in the order that `of` needs."""
    of: Callable[[Floats], Floats]
    """Weights, shape (rows, draws), to values, shape (draws,); NaN where a draw does not define it."""
    undefined: Undefined
    """What it means that there is no value."""

    @property
    def point(self) -> float:
        """The measure with every row taken once; NaN where it is not defined."""
        return float(self.of(np.ones((len(self.rows), 1)))[0]) if len(self.rows) else float("nan")

    @property
    def reason(self) -> Undefined | None:
        """Why `point` is NaN; None where it is not."""
        if not len(self.rows):
            return Undefined.NO_ROWS
        return self.undefined if np.isnan(self.point) else None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with its interval over resampled topics."""

    value: float
    low: float
    high: float
    rows: int
    topics: int
    reason: Undefined | None
    """Why value, or low and high, are NaN."""


# --- ranking ----------------------------------------------------------------------------------------------------


def auc(outcome: ArrayLike, score: ArrayLike, origin: ArrayLike) -> Statistic:
    """Area under the ROC curve within each origin, averaged over the origins that hold both classes.

    The headline: a user compares topics of one day. Ties count one half (Mann-Whitney).
    """
    y, s, o = _columns(outcome, score, origin)
    rows = _rows(y, s)
    rows = rows[np.lexsort((s[rows], o[rows]))]
    ties = _starts(o[rows], s[rows])
    firsts = _starts(o[rows[ties]])
    return Statistic(rows, lambda w: _mean(_areas(w, y[rows], ties, firsts)), Undefined.ONE_CLASS)


def auc_pooled(outcome: ArrayLike, score: ArrayLike) -> Statistic:
    """Area under the ROC curve over all rows at once: it also rewards knowing in which years much rises."""
    return auc(outcome, score, np.zeros(len(np.asarray(outcome))))


def _areas(weights: Floats, y: Floats, ties: Ints, firsts: Ints) -> Floats:
    """Shape (origins, draws)."""
    rose = np.add.reduceat(weights * y[:, None], ties)
    fell = np.add.reduceat(weights, ties) - rose
    below = _before(fell, firsts)
    won = np.add.reduceat(rose * (below + fell / 2), firsts)
    return _ratio(won, np.add.reduceat(rose, firsts) * np.add.reduceat(fell, firsts))


def spearman(growth: ArrayLike, score: ArrayLike, origin: ArrayLike) -> Statistic:
    """Spearman's rank correlation of a score with realised growth within each origin, averaged over the origins."""
    g, s, o = _columns(growth, score, origin)
    rows = _rows(g, s)
    rows = rows[np.lexsort((s[rows], o[rows]))]
    firsts = _starts(o[rows])
    other = np.lexsort((g[rows], o[rows]))
    back = np.argsort(other)
    ties, other_ties = _starts(o[rows], s[rows]), _starts(o[rows], g[rows][other])

    def of(weights: Floats) -> Floats:
        a = _midranks(weights, ties)
        b = _midranks(weights[other], other_ties)[back]
        return _mean(_correlations(a, b, weights, firsts))

    return Statistic(rows, of, Undefined.ALL_TIED)


def _midranks(weights: Floats, ties: Ints) -> Floats:
    """Mean rank of each row's tie group up to a constant; the rows stand in the order ranked."""
    inside = np.add.reduceat(weights, ties)
    return np.repeat(np.cumsum(inside, axis=0) - inside / 2, np.diff(np.append(ties, len(weights))), axis=0)


def _correlations(a: Floats, b: Floats, weights: Floats, firsts: Ints) -> Floats:
    sizes = np.diff(np.append(firsts, len(weights)))
    total = np.add.reduceat(weights, firsts)

    def centred(values: Floats) -> Floats:
        return values - np.repeat(_ratio(np.add.reduceat(weights * values, firsts), total), sizes, axis=0)

    def summed(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(np.where(weights > 0, weights * values, 0.0), firsts))

    a, b = centred(a), centred(b)
    spread = summed(a * a) * summed(b * b)
    # Sums of squares of equal ranks leave rounding dust, and dust over dust is no correlation.
    return _ratio(summed(a * b), np.sqrt(np.where(spread > 1e-9, spread, 0.0)))


def csi(outcome: ArrayLike, score: ArrayLike, origin: ArrayLike) -> Statistic:
    """Critical success index: hits / (hits + misses + false alarms), calling as many per origin as truly rose.

    Hits and misses are summed over the origins first. Rows that tie for the last places share them, so a score that
    says nothing gets base rate / (2 - base rate). (Klavans, Boyack and Murdick 2020 use the index in this way.)
    """

    def of(hits: Floats, chosen: Floats) -> Floats:
        return _ratio(hits.sum(axis=0), (2 * chosen - hits).sum(axis=0))

    return _of_chosen(outcome, score, origin, lambda rose, every: rose, of)


def precision_top_tenth(outcome: ArrayLike, score: ArrayLike, origin: ArrayLike) -> Statistic:
    """Share that rose among the tenth with the highest scores of each origin; ties as in `csi`."""

    def of(hits: Floats, chosen: Floats) -> Floats:
        return _ratio(hits.sum(axis=0), chosen.sum(axis=0))

    return _of_chosen(outcome, score, origin, lambda rose, every: every / 10, of)


def _of_chosen(
    outcome: ArrayLike,
    score: ArrayLike,
    origin: ArrayLike,
    wanted: Callable[[Floats, Floats], Floats],
    of: Callable[[Floats, Floats], Floats],
) -> Statistic:
    """A measure of the best rows of each origin: `wanted` says how many from how many rose and how many there are."""
    y, s, o = _columns(outcome, score, origin)
    rows = _rows(y, s)
    rows = rows[np.lexsort((-s[rows], o[rows]))]
    ties = _starts(o[rows], s[rows])
    firsts = _starts(o[rows[ties]])

    def chosen(weights: Floats) -> Floats:
        every = np.add.reduceat(weights, ties)
        rose = np.add.reduceat(weights * y[rows][:, None], ties)
        places = wanted(np.add.reduceat(rose, firsts), np.add.reduceat(every, firsts))
        left = np.repeat(places, np.diff(np.append(firsts, len(ties))), axis=0) - _before(every, firsts)
        taken = np.clip(left, 0.0, every)
        hits = np.add.reduceat(taken * np.nan_to_num(_ratio(rose, every)), firsts)
        return of(hits, places)

    return Statistic(rows, chosen, Undefined.ONE_CLASS)


# --- a rule's own calls -----------------------------------------------------------------------------------------


def csi_of_calls(outcome: ArrayLike, call: ArrayLike) -> Statistic:
    """Critical success index of a rule that says 1 or 0 itself."""

    def of(y: Floats, c: Floats, weights: Floats) -> Floats:
        hits = (y * c) @ weights
        return _ratio(hits, np.maximum(y, c) @ weights)

    return _of_rows(of, Undefined.NO_CALLS, outcome, call)


def precision_of_calls(outcome: ArrayLike, call: ArrayLike) -> Statistic:
    """Share that rose among the rows that a rule called."""

    def of(y: Floats, c: Floats, weights: Floats) -> Floats:
        return _ratio((y * c) @ weights, c @ weights)

    return _of_rows(of, Undefined.NO_CALLS, outcome, call)


# --- probabilities ----------------------------------------------------------------------------------------------


def brier(outcome: ArrayLike, probability: ArrayLike) -> Statistic:
    """Brier score: mean squared error of a probability (Brier 1950); 0 is best."""

    def of(y: Floats, p: Floats, weights: Floats) -> Floats:
        return _ratio(((p - y) ** 2) @ weights, weights.sum(axis=0))

    return _of_rows(of, Undefined.NO_ROWS, outcome, probability)


def brier_skill(outcome: ArrayLike, probability: ArrayLike, reference: ArrayLike | None = None) -> Statistic:
    """Brier skill score: 1 - Brier / Brier of a reference forecast; 1 is best, below 0 worse than the reference.

    `reference` is a probability per row: climatology as it was known at the origin. None takes the base rate of the
    rows themselves, which nobody knew in advance: a harder reference, usual in the literature.
    """

    def of(y: Floats, p: Floats, r: Floats, weights: Floats) -> Floats:
        return 1 - _ratio(((p - y) ** 2) @ weights, ((r - y) ** 2) @ weights)

    def of_base_rate(y: Floats, p: Floats, weights: Floats) -> Floats:
        rate = _ratio(y @ weights, weights.sum(axis=0))
        return 1 - _ratio(((p - y) ** 2) @ weights, rate * (1 - rate) * weights.sum(axis=0))

    if reference is None:
        return _of_rows(of_base_rate, Undefined.ONE_CLASS, outcome, probability)
    return _of_rows(of, Undefined.SURE_REFERENCE, outcome, probability, reference)


def ece(outcome: ArrayLike, probability: ArrayLike, bins: int = BINS) -> Statistic:
    """Expected calibration error: |predicted - observed|, mean over bins of equal numbers of rows. The headline.

    Forecasts gather near the base rate, where bins of equal width hold nearly all rows, and the rest nearly none;
    bins of equal numbers have the smaller bias (Roelofs et al. 2022, Mitigating bias in calibration error estimation;
    Nixon et al. 2019). Equal probabilities stay in one bin. A perfectly calibrated forecast still gets about
    0.8 x mean over bins of sqrt(p (1 - p) / rows in the bin), by chance alone.
    """
    return _ece(outcome, probability, lambda p: _count_bins(p, bins))


def ece_equal_width(outcome: ArrayLike, probability: ArrayLike, bins: int = BINS) -> Statistic:
    """Expected calibration error over bins of equal width (Naeini et al. 2015; Guo et al. 2017)."""
    return _ece(outcome, probability, lambda p: _width_bins(p, bins))


def _ece(outcome: ArrayLike, probability: ArrayLike, binned: Callable[[Floats], Ints]) -> Statistic:
    y, p = _columns(outcome, probability)
    rows = _rows(y, p)
    bin_of = binned(p[rows])
    order = np.argsort(bin_of, kind="stable")
    rows, firsts = rows[order], _starts(bin_of[order])

    def of(weights: Floats) -> Floats:
        gaps = np.abs(np.add.reduceat(weights * (p - y)[rows][:, None], firsts))
        return _ratio(gaps.sum(axis=0), weights.sum(axis=0))

    return Statistic(rows, of, Undefined.NO_ROWS)


def calibration_gap(outcome: ArrayLike, probability: ArrayLike) -> Statistic:
    """Mean predicted minus observed share: above 0 where too much was promised. For parts such as a stage."""

    def of(y: Floats, p: Floats, weights: Floats) -> Floats:
        return _ratio((p - y) @ weights, weights.sum(axis=0))

    return _of_rows(of, Undefined.NO_ROWS, outcome, probability)


def calibration_slope(outcome: ArrayLike, probability: ArrayLike) -> Statistic:
    """Slope of a logistic regression of the outcome on logit(probability) (Cox 1958).

    1 is right; below 1 the forecasts are too bold, above 1 too timid.
    """
    return _calibration(outcome, probability, 1)


def calibration_intercept(outcome: ArrayLike, probability: ArrayLike) -> Statistic:
    """Intercept of the regression of `calibration_slope`; 0 is right, above 0 too little was promised near 50%."""
    return _calibration(outcome, probability, 0)


def _calibration(outcome: ArrayLike, probability: ArrayLike, which: int) -> Statistic:
    def of(y: Floats, p: Floats, weights: Floats) -> Floats:
        held = np.clip(p, _SUREST, 1 - _SUREST)
        return np.asarray(_logistic(np.log(held / (1 - held)), y, weights)[which], dtype=np.float64)

    return _of_rows(of, Undefined.NO_FIT, outcome, probability)


def _logistic(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Intercept and slope, shape (2, draws), by damped Newton steps; NaN where they do not settle."""
    if len(x) == 0 or np.ptp(x) < 1e-12:
        return np.full((2, weights.shape[1]), np.nan)
    a, b = np.zeros(weights.shape[1]), np.ones(weights.shape[1])
    step = np.full((2, weights.shape[1]), np.inf)
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON_STEPS):
            p = 1 / (1 + np.exp(-(a + x[:, None] * b)))
            error, spread = weights * (y[:, None] - p), weights * p * (1 - p)
            h0, h1, h2 = spread.sum(axis=0), x @ spread, (x * x) @ spread
            g0, g1 = error.sum(axis=0), x @ error
            determinant = h0 * h2 - h1 * h1
            step = np.array([h2 * g0 - h1 * g1, h0 * g1 - h1 * g0]) / determinant
            step = step / np.maximum(1.0, np.abs(step).max(axis=0))
            a, b = a + step[0], b + step[1]
            if not np.any(np.abs(step) > 1e-9):
                break
    settled = (np.abs(step).max(axis=0) < 1e-6) & (np.abs(b) < _STEEPEST)
    return np.asarray(np.where(settled, np.array([a, b]), np.nan), dtype=np.float64)


def coverage(growth: ArrayLike, low: ArrayLike, high: ArrayLike) -> Statistic:
    """Share of realised growths within their interval, both ends included."""

    def of(g: Floats, a: Floats, b: Floats, weights: Floats) -> Floats:
        return _ratio(((g >= a) & (g <= b)).astype(np.float64) @ weights, weights.sum(axis=0))

    return _of_rows(of, Undefined.NO_ROWS, growth, low, high)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Forecasts of about one probability, and what became of them."""

    predicted: float
    """Their mean."""
    observed: float
    """The share that rose."""
    rows: int
    rose: int
    low: float
    """Wilson's interval of `observed`, as if the rows were independent: those of one topic are not, so it is narrow."""
    high: float


def reliability(
    outcome: ArrayLike, probability: ArrayLike, bins: int = BINS, *, equal_width: bool = False, level: float = LEVEL
) -> tuple[ReliabilityBin, ...]:
    """The reliability table, by rising probability; bins as in `ece`, empty ones left out."""
    y, p = _columns(outcome, probability)
    rows = _rows(y, p)
    bin_of = _width_bins(p[rows], bins) if equal_width else _count_bins(p[rows], bins)
    found = []
    for own in (rows[bin_of == place] for place in np.unique(bin_of)):
        rose = round(float(y[own].sum()))
        low, high = wilson(rose, len(own), level)
        found.append(ReliabilityBin(float(p[own].mean()), rose / len(own), len(own), rose, low, high))
    return tuple(found)


def wilson(successes: float, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's interval of a share (1927); 0 to 1 without trials."""
    if not trials:
        return 0.0, 1.0
    return proportions.wilson(successes / trials, trials, NormalDist().inv_cdf((1 + level) / 2))


def _count_bins(values: Floats, bins: int) -> Ints:
    """The bin of each value by its mean rank among ties."""
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(size) - size / 2
    return np.minimum(np.floor(middle / max(1, len(values)) * bins), bins - 1).astype(np.int64)[group]


def _width_bins(values: Floats, bins: int) -> Ints:
    return np.clip(np.floor(values * bins), 0, bins - 1).astype(np.int64)


# --- intervals --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resamples:
    """Measures under the same draws of topics, by name."""

    statistics: Mapping[str, Statistic]
    values: Mapping[str, Floats]
    """Shape (draws,) each; NaN where a draw does not define the measure."""
    topics: Mapping[str, int]
    """How many topics have rows in it."""
    level: float

    def estimate(self, name: str) -> Estimate:
        """A measure with its percentile interval."""
        statistic = self.statistics[name]
        return self._estimate(
            statistic.point, self.values[name], len(statistic.rows), self.topics[name], statistic.reason
        )

    def difference(self, name: str, other: str) -> Estimate:
        """`name` minus `other`, paired draw by draw.

        Rows and topics are those of the smaller one. Where one of the two scores says nothing about some rows, build
        both from the same rows first (`shared_rows`), or the difference is also one of rows.
        """
        one, two = self.statistics[name], self.statistics[other]
        return self._estimate(
            one.point - two.point,
            self.values[name] - self.values[other],
            min(len(one.rows), len(two.rows)),
            min(self.topics[name], self.topics[other]),
            one.reason or two.reason,
        )

    def _estimate(self, value: float, draws: Floats, rows: int, topics: int, reason: Undefined | None) -> Estimate:
        draws = draws[~np.isnan(draws)]
        if reason is not None or topics < 2 or not len(draws):
            return Estimate(value, np.nan, np.nan, rows, topics, reason or Undefined.ONE_TOPIC)
        low, high = np.quantile(draws, [(1 - self.level) / 2, (1 + self.level) / 2])
        return Estimate(value, float(low), float(high), rows, topics, None)


def resampled(
    statistics: Mapping[str, Statistic],
    topic: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> Resamples:
    """Each statistic under `resamples` draws of as many topics as there are, with replacement (cluster bootstrap).

    `topic` labels every row of the arrays that the statistics were built from; all rows of a drawn topic enter, over
    all origins, as often as it was drawn. Draws go by the sorted labels, so the order of rows changes nothing. About
    20 origins are few independent eras: the interval does not hold for a year of another kind.
    """
    labels, topic_of = np.unique(np.asarray(topic), return_inverse=True)
    for name, statistic in statistics.items():
        if len(statistic.rows) and int(statistic.rows.max()) >= len(topic_of):
            raise LittriageError(f"measure {name} has rows beyond the {len(topic_of)} topic labels: label every row")
    random = np.random.default_rng(seed)
    values: dict[str, list[Floats]] = {name: [] for name in statistics}
    for first in range(0, resamples if len(labels) else 0, _TOGETHER):
        draws = min(_TOGETHER, resamples - first)
        even = np.full(len(labels), 1 / len(labels))
        times = np.ascontiguousarray(random.multinomial(len(labels), even, size=draws).T, dtype=np.float64)
        for name, statistic in statistics.items():
            if len(statistic.rows):
                values[name].append(statistic.of(times[topic_of[statistic.rows]]))
    return Resamples(
        statistics,
        {name: np.concatenate(parts) if parts else np.zeros(0) for name, parts in values.items()},
        {name: len(np.unique(topic_of[statistic.rows])) for name, statistic in statistics.items()},
        level,
    )


def shared_rows(*scores: ArrayLike) -> tuple[Floats, ...]:
    """The scores with NaN wherever any of them is NaN, for a paired difference over the same rows."""
    columns = _columns(*scores)
    lacking = np.isnan(np.array(columns)).any(axis=0)
    return tuple(np.where(lacking, np.nan, column) for column in columns)


# --- helpers ----------------------------------------------------------------------------------------------------


def _columns(*columns: ArrayLike) -> tuple[Floats, ...]:
    arrays = tuple(np.asarray(column, dtype=np.float64) for column in columns)
    if len({array.shape for array in arrays}) > 1 or arrays[0].ndim != 1:
        raise LittriageError(f"a measure needs columns of one length, not {[array.shape for array in arrays]}")
    return arrays


def _rows(*columns: Floats) -> Ints:
    return np.flatnonzero(~np.isnan(np.array(columns)).any(axis=0)).astype(np.int64)


def _of_rows(of: Callable[..., Floats], undefined: Undefined, *columns: ArrayLike) -> Statistic:
    """A measure of rows in no particular order: `of(*columns, weights)`."""
    arrays = _columns(*columns)
    rows = _rows(*arrays)
    return Statistic(rows, lambda weights: of(*(array[rows] for array in arrays), weights), undefined)


def _starts(*sorted_columns: NDArray[np.generic]) -> Ints:
    """Where a new combination of values begins."""
    if not len(sorted_columns[0]):
        return np.zeros(0, dtype=np.int64)
    new = np.any([column[1:] != column[:-1] for column in sorted_columns], axis=0)
    return np.concatenate([[0], np.flatnonzero(new) + 1]).astype(np.int64)


def _before(values: Floats, firsts: Ints) -> Floats:
    """Running sum along the rows before each one, beginning anew at each of `firsts`."""
    running = np.cumsum(values, axis=0) - values
    return np.asarray(running - np.repeat(running[firsts], np.diff(np.append(firsts, len(values))), axis=0))


def _ratio(part: Floats, whole: Floats) -> Floats:
    nothing = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=whole > 0), dtype=np.float64)


def _mean(values: Floats) -> Floats:
    """Mean over the rows of what is defined; NaN where nothing is."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))
