"""What others do to tell a rising topic: the methods that the outlook is measured against.

Each takes a panel that ends with the origin and a horizon in months, and scores every topic: the higher, the likelier a
rise. Where a method is a rule, it also makes its own call. Published parameters are kept; where monthly counts, or a
record shorter than a method was made for, force a change, the docstring says which.

Scores are raw. Most confuse noise with growth, so their sign may be wrong for small topics: a logistic regression on
closed origins may turn them round, and the backtest shows both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from littriage.panel import Bools, Floats, Ints, Panel

KNOWN_PART = 0.75
"""Part of the months of a window that must be usable; the counts of the others are then taken to be like them."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a method says of the topics of a panel, in their order."""

    score: Floats
    """Shape (topics,): higher is likelier to rise; NaN where the method says nothing."""
    call: Floats | None = None
    """Shape (topics,): 1 where the method's own rule says rising, else 0, NaN where nothing; None without a rule."""

    @property
    def silent(self) -> int:
        """Topics of which it says nothing."""
        return int(np.isnan(self.score).sum())


Baseline = Callable[[Panel, int], Scored]


# --- simple ones ------------------------------------------------------------------------------------------------


def climatology(panel: Panel, horizon: int) -> Scored:
    """The same for every topic: its probability is the base rate of the origins closed by then."""
    return Scored(_where_measured(panel, np.zeros(len(panel.topics))))


def persistence(panel: Panel, horizon: int) -> Scored:
    """No change: every topic keeps its share, and nothing is called."""
    none = _where_measured(panel, np.zeros(len(panel.topics)))
    return Scored(none, none.copy())


def last_growth(panel: Panel, horizon: int) -> Scored:
    """Log of the 12-month share over that of the 12 months before, with half a paper added to each; called above 0."""
    papers, exposure = _periods(panel, 12, 2)
    growth = _log_share(papers, exposure)
    return _called_above(growth[:, 1] - growth[:, 0], 0.0)


def small_share(panel: Panel, horizon: int) -> Scored:
    """Minus the log of the 12-month share: small topics have the most room, and the most noise."""
    papers, exposure = _periods(panel, 12, 1)
    return Scored(-_log_share(papers, exposure)[:, 0])


# --- monotone trend ---------------------------------------------------------------------------------------------

_TREND_MONTHS = 36


def theil_sen(panel: Panel, horizon: int) -> Scored:
    """Theil-Sen slope of the monthly share over 36 months, a year, relative to the mean share (Sen 1968).

    The median over all pairs of months, as Faerber and Jatowt rank topics of arXiv. Called above 0.
    """
    share = _monthly_shares(panel, _TREND_MONTHS)
    early, late = np.triu_indices(share.shape[1], 1)
    slopes = (share[:, late] - share[:, early]) / (late - early) * 12
    mean = _nanmean(share)
    return _called_above(np.where(mean == 0, 0.0, _over(_median(slopes), mean)), 0.0)


def mann_kendall(panel: Panel, horizon: int) -> Scored:
    """Z of the Mann-Kendall test over the last 36 monthly shares, corrected for ties (Mann 1945; Kendall 1975).

    Called at the one-sided 5% level, above 1.645.
    """
    share = _monthly_shares(panel, _TREND_MONTHS)
    early, late = np.triu_indices(share.shape[1], 1)
    total = np.nansum(np.sign(share[:, late] - share[:, early]), axis=1)
    variance = np.array([_kendall_variance(row[~np.isnan(row)]) for row in share])
    # The continuity correction brings S one step nearer to 0.
    z = _over(total - np.sign(total), np.sqrt(variance))
    z[(variance == 0) & ~np.isnan(share).all(axis=1)] = 0.0
    return _called_above(z, 1.645)


def _kendall_variance(values: Floats) -> float:
    n = len(values)
    ties = np.unique(values, return_counts=True)[1]
    return float(n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18


# --- MACD of prevalence -----------------------------------------------------------------------------------------

_MACD_SHORT, _MACD_LONG, _MACD_SIGNAL, _MACD_SCALE = 6, 12, 3, 3
_MACD_NEEDS = 3


def macd(panel: Panel, horizon: int) -> Scored:
    """Moving average convergence divergence of a topic's yearly prevalence (Tattershall, Nenadic and Stevens 2020).

    MACD = EMA6 - EMA12 of prevalence, years; its histogram is MACD less the EMA3 of MACD; burstiness is the histogram
    over the square root of the highest EMA3 of prevalence. Weights of an EMA are normalised from the first year on.
    Called where the histogram is above 0. Changed: years are 12-month windows that end with the origin, and three years
    will do where the authors waited for twelve.
    """
    papers, exposure = _periods(panel, 12, _span(panel) // 12)
    known = ~np.isnan(papers)
    share = np.where(known, _over(papers, exposure), np.nan)
    line = _ema(share, _MACD_SHORT) - _ema(share, _MACD_LONG)
    histogram = line - _ema(line, _MACD_SIGNAL)
    top = _ema(share, _MACD_SCALE)[:, _MACD_SCALE - 1 :]
    scale = np.sqrt(np.max(top, axis=1, initial=-np.inf, where=~np.isnan(top)).clip(0.0))
    burstiness = _over(_last(histogram), scale)
    burstiness[(scale == 0) & known.any(axis=1)] = 0.0
    burstiness[known.sum(axis=1) < _MACD_NEEDS] = np.nan
    return _called_above(_where_measured(panel, burstiness), 0.0)


def _ema(values: Floats, span: int) -> Floats:
    """Exponential moving average along a row, weights (1 - 2/(span+1))^age over their sum; NaN before the first value.

    A NaN on the way is passed over, and ages like a value.
    """
    keep = 1 - 2 / (span + 1)
    total, weight = np.zeros(len(values)), np.zeros(len(values))
    means = np.full(values.shape, np.nan)
    for column in range(values.shape[1]):
        known = ~np.isnan(values[:, column])
        total = keep * total + np.where(known, values[:, column], 0.0)
        weight = keep * weight + known
        means[:, column] = _over(total, weight)
    return means


# --- Kleinberg's bursts -----------------------------------------------------------------------------------------

BURST_SCALE, BURST_GAMMA = 2.0, 1.0


def kleinberg(panel: Panel, horizon: int) -> Scored:
    """Two-state burst automaton over monthly batches (Kleinberg 2003), s = 2, gamma = 1.

    State 0 expects the topic's mean share p0 = sum of papers / sum of exposure, state 1 expects s p0 (at most 0.9999);
    the cost of a month is -log of the binomial probability, of a move up gamma ln n with n months, of a move down 0;
    the sequence starts in state 0 and ends with the origin. Called where the cheapest sequence ends in state 1. The
    score is the weight of that burst so far, sum of cost 0 - cost 1; else how much dearer it is to end in state 1,
    with a minus. Unusable months cost nothing.
    """
    papers, exposure = np.where(panel.usable, panel.papers, 0.0), np.where(panel.usable, panel.exposure, 0.0)
    p0 = _over(papers.sum(axis=1), exposure.sum(axis=1))
    p1 = np.minimum(BURST_SCALE * p0, 0.9999)
    p0 = np.minimum(p0, p1)
    known = panel.usable.any(axis=1)
    some = papers.sum(axis=1) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        up = np.where(some, np.log(p1 / p0), 0.0)[:, None]
        none = np.where(some, np.log1p(-p1) - np.log1p(-p0), 0.0)[:, None]
    gains = papers * up + np.maximum(exposure - papers, 0.0) * none
    months = panel.usable.sum(axis=1)
    lead, weight = _burst(gains, BURST_GAMMA * np.log(np.maximum(months, 1)))
    bursting = lead > 0
    score = np.where(some, np.where(bursting, weight, lead), 0.0)
    return _where_called(_where_measured(panel, np.where(known, score, np.nan)), bursting)


def _burst(gains: Floats, up: Floats) -> tuple[Floats, Floats]:
    """By how much ending in state 1 is cheaper than in state 0, and the weight of the burst if it is; shape (topics,).

    Viterbi's recursion for two states needs the difference of their costs alone: d <- clip(d, -up, 0) + gain.
    """
    lead, weight = -up, np.zeros(len(gains))
    for column in range(gains.shape[1]):
        entering = lead <= -up
        weight = np.where(entering, 0.0, weight) + gains[:, column]
        lead = np.clip(lead, -up, 0.0) + gains[:, column]
    return lead, weight


# --- E-score ----------------------------------------------------------------------------------------------------

_BASE, _ACTIVE = 3, 7
_LEAST_PERIOD = 3
_ESCORE_PAPERS, _ESCORE_BASE_SHARE, _ESCORE_RATIO = 7, 0.15, 2.0


def escore(panel: Panel, horizon: int) -> Scored:
    """Emergence score of Porter, Garner, Carley and Newman (2019), with the terms and weights of pyGrams.

    Ten periods, three of base and seven active, c papers of N in each: 2 x active trend (last three against first
    three active periods, sum c / sum sqrt N) + recent trend (10 x last two against the two before) + slope (10 x last
    against the fourth, c / sqrt N, over 3). Called where it is above 0 and the topic passes their filters: at least 7
    papers, more in the active periods than 2 x those of the base, some in the base but below 15% of all. Changed:
    periods are years where ten are on record, else a tenth of the record, 3 months at least; the score is given to
    topics that fail the filters too.
    """
    months = min(12, _span(panel) // (_BASE + _ACTIVE))
    if months < _LEAST_PERIOD:
        return _where_called(np.full(len(panel.topics), np.nan), np.zeros(len(panel.topics), dtype=np.bool_))
    papers, exposure = _periods(panel, months, _BASE + _ACTIVE)
    c, root = papers[:, _BASE:], np.sqrt(exposure[:, _BASE:])

    def trend(periods: slice) -> Floats:
        return _over(c[:, periods].sum(axis=1), root[:, periods].sum(axis=1))

    active = trend(slice(4, 7)) - trend(slice(0, 3))
    recent = 10 * (trend(slice(5, 7)) - trend(slice(3, 5)))
    slope = 10 * (trend(slice(6, 7)) - trend(slice(3, 4))) / 3
    base, grown = papers[:, :_BASE].sum(axis=1), c.sum(axis=1)
    score = 2 * active + recent + slope
    with np.errstate(invalid="ignore"):
        passed = (base > 0) & (base < _ESCORE_BASE_SHARE * exposure[:, :_BASE].sum(axis=1))
        passed &= (grown > _ESCORE_RATIO * base) & (base + grown >= _ESCORE_PAPERS)
        return _where_called(score, passed & (score > 0))


# --- logistic growth --------------------------------------------------------------------------------------------

_LIFE_YEARS = 4
_GRID_PEAK, _GRID_SPREAD = 48, 32
_ZOOMS, _ZOOM_STEPS, _ZOOM_BY = 8, 5, 0.45


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """Logistic curves fitted to the papers of each year, one element a topic; NaN where none could be."""

    ceiling: Floats
    """K: all papers that the topic would ever have."""
    peak: Floats
    """Years from the last one of the record to the inflection; below 0 where it has passed."""
    spread: Floats
    """Years from 10% to 90% of K."""

    def papers(self, years: float) -> Floats:
        """Papers of the 12 months that end so many years after the record."""
        return self.ceiling * _logistic_rate(years - self.peak, self.spread)


def life_cycle(panel: Panel, horizon: int) -> Scored:
    """Growth of the papers a year over the horizon by a logistic life cycle, as bibliometrix fits it.

    Its `lifeCycle` (after Meyer, Yung and Ausubel 1999) fits the derivative of K / (1 + exp(-ln 81 (t - tm) / dt)) to
    the papers of each year by least squares, within K of 1.01 to 10 times the papers so far, tm of half a year to 3
    times the record, dt of 0.1 year to 5 times the record. Score: log of the fitted papers of the 12 months that end
    after the horizon over those of the last 12; called where the inflection is still to come. Changed: years are
    12-month windows that end with the origin, so that none is in part; the fit searches the whole range and not from
    one start; fewer than four years, or no paper, give no curve. It takes counts, not shares: within one field that
    changes no rank.
    """
    return _life_cycle(panel, fitted_life_cycle(panel), horizon)


def _life_cycle(panel: Panel, curve: LifeCycle, horizon: int) -> Scored:
    now, then = curve.papers(0.0), curve.papers(horizon / 12)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.log(np.maximum(then, 1e-300)) - np.log(np.maximum(now, 1e-300))
    growth[np.isnan(curve.peak)] = np.nan
    return _where_called(_where_measured(panel, growth), curve.peak > 0)


def fitted_life_cycle(panel: Panel) -> LifeCycle:
    """The curve of each topic from the year of its first paper on."""
    papers, _ = _periods(panel, 12, _span(panel) // 12)
    known = ~np.isnan(papers)
    counts = np.where(known, papers, 0.0)
    some = counts > 0
    years = np.where(some.any(axis=1), papers.shape[1] - np.argmax(some, axis=1), 0) if papers.shape[1] else 0 * known
    found = np.full((3, len(panel.topics)), np.nan)
    for length in np.unique(years):
        rows = np.flatnonzero(years == length)
        if length >= _LIFE_YEARS:
            rows = rows[known[rows, -length:].sum(axis=1) >= _LIFE_YEARS]
            found[:, rows] = _fit_life_cycles(counts[rows, -length:], known[rows, -length:].astype(np.float64))
    return LifeCycle(*found)


def _fit_life_cycles(counts: Floats, known: Floats) -> Floats:
    """Ceiling, peak and spread of each row, shape (3, rows): the best of a grid, then of ever finer ones round it.

    Given peak and spread the best ceiling has a closed form, and the range of K cuts it off.
    """
    length = counts.shape[1]
    years = np.arange(1.0, length + 1)
    low = np.array([0.5, np.log(0.1)])
    high = np.array([3.0 * length, np.log(5.0 * length)])
    total = counts.sum(axis=1)
    peaks, spreads = np.meshgrid(np.linspace(low[0], high[0], _GRID_PEAK), np.linspace(low[1], high[1], _GRID_SPREAD))
    rates = _logistic_rate(years - peaks.reshape(-1, 1), np.exp(spreads).reshape(-1, 1))
    _, error = _least_squares((counts * known) @ rates.T, known @ (rates**2).T, total[:, None])
    best = np.argmin(error, axis=1)
    at = np.stack([peaks.ravel()[best], spreads.ravel()[best]])
    step = (high - low) / np.array([_GRID_PEAK - 1, _GRID_SPREAD - 1])
    offsets = np.stack(np.meshgrid(*[np.linspace(-1, 1, _ZOOM_STEPS)] * 2)).reshape(2, -1)
    ceiling = np.zeros(len(counts))
    for _ in range(_ZOOMS):
        near = np.clip(
            at[:, :, None] + step[:, None, None] * offsets[:, None, :], low[:, None, None], high[:, None, None]
        )
        rates = _logistic_rate(years - near[0][:, :, None], np.exp(near[1])[:, :, None])
        inner = np.einsum("rt,rgt->rg", counts * known, rates)
        square = np.einsum("rt,rgt->rg", known, rates**2)
        ceilings, error = _least_squares(inner, square, total[:, None])
        best = np.argmin(error, axis=1)
        rows = np.arange(len(counts))
        at, ceiling = near[:, rows, best], ceilings[rows, best]
        step = step * _ZOOM_BY
    return np.stack([ceiling, at[0] - length, np.exp(at[1])])


def _least_squares(inner: Floats, square: Floats, total: Floats) -> tuple[Floats, Floats]:
    """Best ceiling within its range, and its squared error less that of no curve at all."""
    ceiling = np.clip(inner / np.maximum(square, 1e-300), 1.01 * total, 10.0 * total)
    return ceiling, ceiling * (ceiling * square - 2 * inner)


def _logistic_rate(from_peak: Floats, spread: Floats) -> Floats:
    """Derivative of 1 / (1 + exp(-ln 81 t / spread))."""
    rate = np.log(81.0) / spread
    tail = np.exp(-np.minimum(np.abs(rate * from_peak), 700.0))
    return np.asarray(rate * tail / (1 + tail) ** 2)


# --- BERTrend's rule --------------------------------------------------------------------------------------------

_DECAY, _POWER = 0.01, 2.0
_RISING_SLICES, _THRESHOLD_SLICES = 3, 2
_NOISE_PERCENTILE, _STRONG_PERCENTILE = 10, 90
_FADED = 1e-5
_APPEARS = 0.5


def bertrend(panel: Panel, horizon: int) -> Scored:
    """Rule of BERTrend (Boutaleb, Picault and Grosjean 2024) on a topic's popularity.

    A slice with papers adds them to the popularity; one without multiplies it by exp(-0.01 k^2), k slices after the
    last paper. Over all topics and the last two slices, below the 10th percentile is noise, above the 90th a strong
    signal; between them a topic is a weak signal where the least-squares slope over 14 days is positive, else noise.
    Called where weak or strong. Score: that slope over the mean popularity of its slices. Changed: slices are months,
    so the 14 days, three slices at their 7 days, are three months; a topic appears in a month with half an expected
    paper; an unusable month neither adds nor decays; the slope is relative, since popularity adds up and its slope
    would rank by size (and did worse). Nothing is said of a topic that has not appeared yet.
    """
    popularity = _popularity(panel)
    latest = popularity[:, -1] if popularity.shape[1] else np.zeros(len(panel.topics))
    seen = latest > 0
    recent = popularity[:, -_THRESHOLD_SLICES:]
    alive = recent[recent > _FADED]
    low, high = np.percentile(alive, [_NOISE_PERCENTILE, _STRONG_PERCENTILE]) if alive.size else (0.0, 0.0)
    slope = _slope(popularity[:, -_RISING_SLICES:])
    signal = ((latest >= low) & (latest <= high) & (slope > 0)) | (latest > high)
    relative = _over(slope, popularity[:, -_RISING_SLICES:].mean(axis=1)) if popularity.shape[1] else latest
    return _where_called(_where_measured(panel, np.where(seen, relative, np.nan)), signal)


def _popularity(panel: Panel) -> Floats:
    """Shape (topics, months)."""
    papers = np.where(panel.usable, panel.papers, 0.0)
    now, since = np.zeros(len(papers)), np.zeros(len(papers))
    found = np.zeros(papers.shape)
    for column in range(papers.shape[1]):
        there = papers[:, column] >= _APPEARS
        since = np.where(there, 0.0, since + panel.usable[:, column])
        faded = np.where(panel.usable[:, column], now * np.exp(-_DECAY * since**_POWER), now)
        now = np.where(there, now + papers[:, column], faded)
        found[:, column] = now
    return found


def _slope(values: Floats) -> Floats:
    """Least-squares slope along each row."""
    if values.shape[1] < 2:
        return np.zeros(len(values))
    x = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    return np.asarray(values @ x / (x @ x), dtype=np.float64)


# --- double exponential smoothing -------------------------------------------------------------------------------

_SMOOTHING = tuple((level, trend) for level in (0.2, 0.35, 0.5, 0.7, 0.9) for trend in (0.02, 0.05, 0.1, 0.2, 0.4))
_QUARTERS = 8


def double_smoothing(panel: Panel, horizon: int) -> Scored:
    """Growth over the horizon by double exponential smoothing (Holt 1957) of the quarterly log share.

    Klavans and Boyack (2023) smooth their indicators of growth in this way; their constants are not published, so the
    pair of constants is the one that forecasts the next quarter best over all topics of the panel, up to the origin.
    Score: mean forecast over the four quarters that end after the horizon less the mean of the last four; called above
    0. Eight quarters at least; an unknown quarter is passed over at its forecast.
    """
    papers, exposure = _periods(panel, 3, _span(panel) // 3)
    share = _log_share(papers, exposure)
    enough = (~np.isnan(share)).sum(axis=1) >= _QUARTERS
    if not enough.any():
        return _called_above(np.full(len(panel.topics), np.nan), 0.0)
    level, trend = min((_holt(share, *pair) for pair in _SMOOTHING), key=lambda found: found[2])[:2]
    last_year = _nanmean(share[:, -4:])
    growth = level + trend * (horizon / 3 - 1.5) - last_year
    return _called_above(np.where(enough, growth, np.nan), 0.0)


def _holt(values: Floats, alpha: float, beta: float) -> tuple[Floats, Floats, float]:
    """Level and trend at the end of each row, and the sum of squared errors of the next value over all rows."""
    level, trend, error = np.full(len(values), np.nan), np.zeros(len(values)), 0.0
    for column in range(values.shape[1]):
        value = values[:, column]
        begun, known = ~np.isnan(level), ~np.isnan(value)
        forecast = level + trend
        both = begun & known
        error += float(((value - forecast)[both] ** 2).sum())
        updated = np.where(both, alpha * value + (1 - alpha) * forecast, np.where(begun, forecast, value))
        trend = np.where(both, trend + beta * (updated - level - trend), trend)
        level = updated
    return level, trend, error


BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        "climatology": climatology,
        "persistence": persistence,
        "last growth": last_growth,
        "small share": small_share,
        "Theil-Sen": theil_sen,
        "Mann-Kendall": mann_kendall,
        "MACD": macd,
        "Kleinberg burst": kleinberg,
        "E-score": escore,
        "life cycle": life_cycle,
        "BERTrend": bertrend,
        "double smoothing": double_smoothing,
    }
)
"""All methods by the name that tables show, in their order."""


def raw_scores(panel: Panel, horizons: Sequence[int]) -> dict[str, Floats]:
    """The scores of all methods but climatology, which has none, by name; shape (topics, horizons) each.

    What does not look at the horizon is computed once.
    """
    curve = fitted_life_cycle(panel)
    found = {}
    for name, method in BASELINES.items():
        if name == "life cycle":
            scores = [_life_cycle(panel, curve, horizon).score for horizon in horizons]
        elif name == "double smoothing":
            scores = [method(panel, horizon).score for horizon in horizons]
        elif name != "climatology":
            scores = [method(panel, horizons[0]).score] * len(horizons)
        else:
            continue
        found[name] = np.stack(scores, axis=1)
    return found


# --- helpers ----------------------------------------------------------------------------------------------------


def _span(panel: Panel) -> int:
    """Months from the first one that is usable for any topic to the last column."""
    some = panel.usable.any(axis=0)
    return int(panel.papers.shape[1] - np.argmax(some)) if some.any() else 0


def _periods(panel: Panel, length: int, number: int) -> tuple[Floats, Floats]:
    """Papers and exposure of `number` periods of `length` months that end with the origin, shape (topics, number).

    A period with unusable months is scaled up to its length; NaN where fewer than three quarters of it are usable.
    """
    shape = (len(panel.topics), number, length)
    lacking = max(0, number * length - panel.papers.shape[1])

    def cut(values: Floats | Bools) -> Floats:
        padded = np.pad(np.where(panel.usable, values, 0.0), ((0, 0), (lacking, 0)))
        return np.asarray(padded[:, padded.shape[1] - number * length :].reshape(shape).sum(axis=2), dtype=np.float64)

    known = cut(panel.usable)
    full = np.where(known >= KNOWN_PART * length, length, np.nan)
    return _over(cut(panel.papers) * full, known), _over(cut(panel.exposure) * full, known)


def _log_share(papers: Floats, exposure: Floats) -> Floats:
    return np.log(np.where(exposure > 0, papers + 0.5, np.nan) / np.where(exposure > 0, exposure, 1.0))


def _monthly_shares(panel: Panel, months: int) -> Floats:
    """Shape (topics, months), NaN where unusable; a whole row is NaN where fewer than three quarters are usable."""
    papers, exposure = _periods(panel, 1, months)
    share = _over(papers, exposure)
    share[(~np.isnan(share)).sum(axis=1) < KNOWN_PART * months] = np.nan
    return share


def _where_measured(panel: Panel, score: Floats) -> Floats:
    """NaN for a topic whose last 12 months are not known well enough to have a share."""
    return np.where(np.isnan(_periods(panel, 12, 1)[0][:, 0]), np.nan, score)


def _called_above(score: Floats, limit: float) -> Scored:
    with np.errstate(invalid="ignore"):
        return _where_called(score, score > limit)


def _where_called(score: Floats, called: Bools) -> Scored:
    return Scored(score, np.where(np.isnan(score), np.nan, called.astype(np.float64)))


def _over(part: Floats, whole: Floats) -> Floats:
    nothing = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=whole > 0), dtype=np.float64)


def _nanmean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    return _over(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))


def _median(values: Floats) -> Floats:
    """Median along each row of what is not NaN; NaN where nothing is. numpy's own is slow with NaN."""
    ordered = np.sort(values, axis=1)
    number: Ints = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(len(values))
    low, high = np.maximum(number - 1, 0) // 2, number // 2
    high = np.minimum(high, max(0, values.shape[1] - 1))
    return np.asarray(np.where(number > 0, (ordered[rows, low] + ordered[rows, high]) / 2, np.nan), dtype=np.float64)


def _last(values: Floats) -> Floats:
    return values[:, -1] if values.shape[1] else np.full(len(values), np.nan)
