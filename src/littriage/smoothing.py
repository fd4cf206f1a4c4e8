"""The level and the growth of each topic's share as they moved: damped local linear trends under counts.

With quarters that end with the panel's last month, y papers of N in a quarter, l the log share of a topic and g its
growth a quarter:

    y[t] has mean N exp(l[t]) and variance phi times its mean
    l[t] = l[t-1] + g[t-1] + epsilon,    Var epsilon = level_sd^2
    g[t] = damping x g[t-1] + eta,       Var eta = growth_sd^2

phi is the topic's dispersion (`dispersions`): with every paper counted twice it doubles, and nothing else changes.
level_sd and damping are the same for all topics; growth_sd is one of six, and how common each is all topics together
say (`Population`). One normal for all would crush the few topics that really move and let the others wander.

The counts enter by the Kalman filter and smoother on z = l + (y - mu) / mu with variance phi / mu, mu = N exp(l),
around the smoothed l itself, until it stands still: the mode of the posterior, and by Laplace's method the evidence for
a growth_sd (Durbin and Koopman, Time Series Analysis by State Space Methods, 2nd ed., chapters 4 and 10). The plainer
z = log((y + 1/2) / N) with a fitted factor on its variance was tried: at three papers a quarter it takes the skew of
such logarithms for jumps of the level (level_sd 0.2 and more, factor 0.3 to 0.7). Months have fewer papers still.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from littriage.errors import LittriageError
from littriage.panel import Bools, Floats, Ints, Panel

PERIOD_MONTHS = 3
YEAR = 12 // PERIOD_MONTHS
WINDOW = 24
"""Quarters that the state is found from. Four years or fourteen forecast papers left out no better."""

GROWTH_SDS = np.array([0.003, 0.01, 0.02, 0.04, 0.08, 0.16])
"""Candidates for growth_sd, log units a quarter."""
_IMAGINED = np.array([0.5, 1.0, 2.0, 2.0, 1.0, 0.5])
"""Imagined topics of each, so that one or two real ones do not make a prior of their own."""
_EM_ROUNDS = 100

_DAMPINGS = np.array([0.7, 0.8, 0.85, 0.9, 0.93, 0.96])
_LEVEL_SDS = np.array([0.01, 0.03, 0.06])
_FIT_NEEDS_TOPICS = 20
_FIT_NEEDS_PERIODS = 8
"""Known quarters below which a topic says nothing of how growth moves."""
_FIT_TOPICS = 200
"""Of more topics, every second, third, ... by size is asked: more take longer and change little."""

_FIRST_LEVEL_SD = 5.0
"""Before the first quarter the log share is known to this, around that of the whole record: as good as unknown."""
_POOL_MONTHS = 8.0
"""The median dispersion of all topics counts like this many months of a topic's own."""
_ROUNDS = 20
_STILL = 1e-2
"""Log units. The steps of a Newton iteration shrink quadratically, and two more come after this: 1e-4 and 1e-8."""
_SERIES_AT_ONCE = 2000
"""Series filtered together: as many as the processor's cache holds."""
_PATHS_AT_ONCE = 16
"""Topics whose draws are made together, for the same reason."""


# --- counts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quarters:
    """Counts by quarter, shape (topics, periods); the last quarter ends with the panel."""

    papers: Floats
    exposure: Floats
    """0 where no month of the quarter is usable."""
    dispersion: Floats
    """Shape (topics,)."""

    @property
    def known(self) -> Bools:
        """Shape (topics, periods): whether the quarter has a usable month."""
        return np.asarray(self.exposure > 0)

    def rows(self, chosen: Ints | slice) -> Quarters:
        """The quarters of some topics; one may be there several times."""
        return Quarters(self.papers[chosen], self.exposure[chosen], self.dispersion[chosen])

    def last(self, periods: int) -> Quarters:
        """The last quarters alone, with the dispersion of all."""
        return Quarters(self.papers[:, -periods:], self.exposure[:, -periods:], self.dispersion)


def dispersions(papers: Floats, exposure: Floats) -> Floats:
    """Variance of monthly counts over their mean, by topic: 1 for independent papers, more where they come in bursts.

    Arguments of shape (topics, months), exposure 0 where a month is not usable. The mean of (y1 N2 - y2 N1)^2 /
    (N1 N2 (y1 + y2)) over neighbouring months with papers: neighbours share their rate whatever the trend (von
    Neumann's successive differences). It leans a little on the median of all topics that have one; a topic without
    has that median, or 1. There is no floor at 1: with every paper counted twice the dispersion doubles too, and no
    standard error changes.
    """
    months = (exposure > 0).sum(axis=1)
    # Usable months first, so that the months on both sides of a hole are neighbours.
    order = np.argsort(exposure == 0, axis=1, kind="stable")
    y, n = np.take_along_axis(papers, order, axis=1), np.take_along_axis(exposure, order, axis=1)
    y1, y2, n1, n2 = y[:, :-1], y[:, 1:], n[:, :-1], n[:, 1:]
    some = (n2 > 0) & (y1 + y2 > 0)
    scale = np.where(some, n1 * n2 * (y1 + y2), 1.0)
    squares = np.where(some, (y1 * n2 - y2 * n1) ** 2 / scale, 0.0).sum(axis=1)
    measured = some.any(axis=1)
    own = np.maximum(1e-4 * papers.sum(axis=1) / np.maximum(months, 1), squares / np.maximum(some.sum(axis=1), 1))
    pooled = float(np.median(own[measured])) if measured.any() else 1.0
    leaning = (months * own + _POOL_MONTHS * pooled) / (months + _POOL_MONTHS)
    return np.asarray(np.where(measured, leaning, pooled))


def without_spikes(panel: Panel) -> Panel:
    """The panel where a month that towers over the three months on either side is unusable for that topic.

    Such a month (a workshop, a book in parts, a fault of the source) says nothing of growth, and taken as a count like
    others it says far too much: more than three times, and six standard deviations, above the higher of the rates
    before and after. A rise that lasts is no spike from its second month on.
    """
    papers = np.where(panel.usable, panel.papers, 0.0)
    exposure = np.where(panel.usable, panel.exposure, 0.0)
    dispersion = dispersions(papers, exposure)[:, None]
    before, after = (
        _rate_before(papers[:, way], exposure[:, way])[:, way] for way in (slice(None), slice(None, None, -1))
    )
    expected = exposure * np.maximum(before, after) + dispersion
    spike = (papers > 3 * expected) & (papers - expected > 6 * np.sqrt(dispersion * expected))
    usable = panel.usable & ~spike
    return replace(panel, papers=np.where(usable, papers, 0.0), exposure=np.where(usable, exposure, 0.0), usable=usable)


def _rate_before(papers: Floats, exposure: Floats) -> Floats:
    """Papers over exposure of the three months before each month; 0 where these have no exposure."""
    y, n = np.zeros_like(papers), np.zeros_like(exposure)
    for lag in range(1, PERIOD_MONTHS + 1):
        y[:, lag:] += papers[:, :-lag]
        n[:, lag:] += exposure[:, :-lag]
    return np.asarray(y / np.where(n > 0, n, 1.0))


def quarters(panel: Panel) -> Quarters:
    """The quarters of a panel, each of its usable months, and unknown ones before it up to five.

    The first quarter of the panel may have fewer months than three.
    """
    usable = panel.usable & (panel.exposure > 0)
    papers, exposure = np.where(usable, panel.papers, 0.0), np.where(usable, panel.exposure, 0.0)
    periods = max(YEAR + 1, -(-papers.shape[1] // PERIOD_MONTHS))
    lacking = ((0, 0), (periods * PERIOD_MONTHS - papers.shape[1], 0))
    shape = (len(papers), periods, PERIOD_MONTHS)
    y, n = (np.pad(months, lacking).reshape(shape).sum(axis=2) for months in (papers, exposure))
    return Quarters(y, n, dispersions(papers, exposure))


# --- filter and smoother ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trend:
    """How log shares move, log units a quarter: each a number for all series, or of shape (series,)."""

    level_sd: float | Floats
    growth_sd: float | Floats
    damping: float | Floats
    """What remains of growth after a quarter, 0 to below 1."""

    @property
    def first_growth_variance(self) -> float | Floats:
        """Of growth before anything is seen: what the trend has in the long run."""
        return self.growth_sd**2 / (1 - self.damping**2)

    def rows(self, chosen: Ints) -> Trend:
        """The trend of some series."""
        parts = (self.level_sd, self.growth_sd, self.damping)
        return Trend(*(part[chosen] if isinstance(part, np.ndarray) else part for part in parts))


@dataclass(frozen=True, slots=True)
class Series:
    """Observations z = level + noise. Time runs along the first axis: shape (periods, series)."""

    z: Floats
    """NaN where unknown."""
    variance: Floats
    first_level: Floats
    """Shape (series,): expected level of the first period, known to 5 log units."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Means and covariances of level and growth, shape (periods, series) each."""

    level: Floats
    growth: Floats
    level_variance: Floats
    covariance: Floats
    growth_variance: Floats


@dataclass(frozen=True, slots=True)
class Filtered:
    """What each period looked like when it was the last one."""

    trend: Trend
    predicted: Moments
    """Before the period was seen."""
    filtered: Moments
    log_likelihood: Floats
    """Shape (series,)."""


@dataclass(frozen=True, slots=True)
class Smoothed:
    """What each period looks like now, and how its errors hang together with those of the next."""

    moments: Moments
    gains: Floats
    """Shape (periods - 1, 2, 2, series): of the backward recursion."""
    seen: Filtered


def kalman(observed: Series, trend: Trend) -> Filtered:
    """Kalman filter of all series at once; an unknown period only moves on."""
    known = np.isfinite(observed.z)
    noise, z = np.where(known, observed.variance, 1.0), np.where(known, observed.z, 0.0)
    periods, count = z.shape
    predicted, filtered = np.empty((5, periods, count)), np.empty((5, periods, count))
    likelihood = np.zeros(count)
    level, growth, covariance = observed.first_level, np.zeros(count), np.zeros(count)
    var_l, var_g = np.full(count, _FIRST_LEVEL_SD**2), np.broadcast_to(trend.first_growth_variance, (count,))
    phi, q_l, q_g = trend.damping, np.square(trend.level_sd), np.square(trend.growth_sd)
    for t in range(periods):
        predicted[:, t] = level, growth, var_l, covariance, var_g
        seen, total = known[t], var_l + noise[t]
        surprise = np.where(seen, z[t] - level, 0.0)
        likelihood -= np.where(seen, 0.5 * (np.log(2 * np.pi * total) + surprise**2 / total), 0.0)
        gain_l, gain_g = np.where(seen, var_l / total, 0.0), np.where(seen, covariance / total, 0.0)
        level, growth = level + gain_l * surprise, growth + gain_g * surprise
        var_g = var_g - gain_g * covariance
        covariance, var_l = (1 - gain_l) * covariance, (1 - gain_l) * var_l
        filtered[:, t] = level, growth, var_l, covariance, var_g
        level, growth = level + growth, phi * growth
        var_l = var_l + 2 * covariance + var_g + q_l
        covariance, var_g = phi * (covariance + var_g), phi**2 * var_g + q_g
    return Filtered(trend, Moments(*predicted), Moments(*filtered), likelihood)


def smooth(seen: Filtered) -> Smoothed:
    """Fixed-interval smoother (Rauch, Tung and Striebel) of all series at once."""
    past, ahead, phi = seen.filtered, seen.predicted, seen.trend.damping
    periods, count = past.level.shape
    gains, out = np.empty((max(0, periods - 1), 2, 2, count)), np.empty((5, periods, count))
    if periods:
        out[:, -1] = _at(past, -1)
    for t in range(periods - 2, -1, -1):
        _, _, a, c, b = _at(past, t)
        level_ahead, growth_ahead, u, w, v = _at(ahead, t + 1)
        # gain = filtered covariance x transition' x predicted covariance^-1
        ll, lg, gl, gg = a + c, phi * c, c + b, phi * b
        det = u * v - w**2
        p, q, r, s = (ll * v - lg * w) / det, (lg * u - ll * w) / det, (gl * v - gg * w) / det, (gg * u - gl * w) / det
        gains[t] = ((p, q), (r, s))
        level, growth, var_l, covariance, var_g = out[:, t + 1]
        dl, dg, da, dc, db = level - level_ahead, growth - growth_ahead, var_l - u, covariance - w, var_g - v
        # gain x what the later periods changed in the covariance x gain'
        pa, pc, ra, rc = p * da + q * dc, p * dc + q * db, r * da + s * dc, r * dc + s * db
        out[:, t] = (
            past.level[t] + p * dl + q * dg,
            past.growth[t] + r * dl + s * dg,
            a + pa * p + pc * q,
            c + pa * r + pc * s,
            b + ra * r + rc * s,
        )
    return Smoothed(Moments(*out), gains, seen)


def _at(moments: Moments, t: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    return (
        moments.level[t],
        moments.growth[t],
        moments.level_variance[t],
        moments.covariance[t],
        moments.growth_variance[t],
    )


# --- counts under a trend ---------------------------------------------------------------------------------------


def settled(counts: Quarters, trend: Trend, start: Floats | None = None) -> tuple[Smoothed, Floats]:
    """The mode of levels and growth given the counts, with its covariances; and the log evidence, shape (topics,).

    `start`: levels to start from, shape (topics, periods). Topics do not touch each other.
    """
    y, n, phi = counts.papers.T, counts.exposure.T, counts.dispersion
    known = n > 0
    safe = np.where(known, n, 1.0)
    first = np.log((y.sum(axis=0) + phi / 2) / np.maximum(n.sum(axis=0), 1e-9))
    level = np.log((y + phi / 2) / safe) if start is None else np.array(start.T)
    moving = np.arange(y.shape[1])
    for turn in range(_ROUNDS):
        z, variance = _linearised(y[:, moving], safe[:, moving], phi[moving], level[:, moving])
        if start is None and not turn:
            z, variance = level, phi / (y + phi / 2)
        z = np.where(known[:, moving], z, np.nan)
        found = smooth(kalman(Series(z, variance, first[moving]), trend.rows(moving)))
        step = np.clip(found.moments.level - level[:, moving], -1.0, 1.0)
        level[:, moving] += step
        moving = moving[np.abs(step).max(axis=0, initial=0.0) >= _STILL]
        if not len(moving):
            break
    z, variance = _linearised(y, safe, phi, level)
    found = smooth(kalman(Series(np.where(known, z, np.nan), variance, first), trend))
    mode = found.moments.level
    exact = (y * mode - n * np.exp(mode)) / phi
    normal = -0.5 * (np.log(2 * np.pi * variance) + (z - mode) ** 2 / variance)
    return found, found.seen.log_likelihood + np.where(known, exact - normal, 0.0).sum(axis=0)


def _linearised(papers: Floats, exposure: Floats, dispersion: Floats, level: Floats) -> tuple[Floats, Floats]:
    expected = exposure * np.exp(level)
    return level + papers / expected - 1, dispersion / expected


# --- the population ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Population:
    """How the log shares of a panel's topics move."""

    level_sd: float
    damping: float
    weights: Floats
    """Shape (6,): how common each of `GROWTH_SDS` is."""


DEFAULT = Population(level_sd=0.03, damping=0.85, weights=_IMAGINED / _IMAGINED.sum())
"""For a panel with fewer than 20 topics of 8 quarters; the phrases of arXiv's cs.CL 2012-2024 have such a damping."""
_MIDDLE = Trend(DEFAULT.level_sd, 0.04, DEFAULT.damping)


def fitted(counts: Quarters) -> Population:
    """The damping and the level_sd of highest evidence among a few, and the weights that go with them.

    The figures of a panel too small to fit are those of `DEFAULT`.
    """
    enough = np.flatnonzero((counts.known.sum(axis=1) >= _FIT_NEEDS_PERIODS) & (counts.papers.sum(axis=1) > 0))
    if len(enough) < _FIT_NEEDS_TOPICS:
        return DEFAULT
    # By value, so that neither names nor places choose who is asked.
    by_size = enough[np.lexsort((*counts.papers[enough].T, counts.papers[enough].sum(axis=1)))]
    asked = counts.rows(by_size[:: -(-len(by_size) // _FIT_TOPICS)])

    def best(level_sds: Floats, dampings: Floats) -> Population:
        classes, trials = len(GROWTH_SDS), len(dampings)
        every = Trend(np.repeat(level_sds, classes), np.tile(GROWTH_SDS, trials), np.repeat(dampings, classes))
        by_trial = _each(asked, every)[0].reshape(-1, trials, classes).transpose(1, 0, 2)
        weights = [_weights(one) for one in by_trial]
        totals = [_total(one, own) for one, own in zip(by_trial, weights, strict=True)]
        place = int(np.argmax(totals))
        return Population(float(level_sds[place]), float(dampings[place]), weights[place])

    damping = best(np.full(len(_DAMPINGS), DEFAULT.level_sd), _DAMPINGS).damping
    return best(_LEVEL_SDS, np.full(len(_LEVEL_SDS), damping))


def _each(counts: Quarters, trend: Trend) -> tuple[Floats, Floats, Floats]:
    """Each topic under each of several trends: log evidence, and mean and covariance of the last five quarters' states.

    `trend` has parts of shape (trends,). Shapes (topics, trends), (topics, trends, 10) and (topics, trends, 10, 10). A
    state is the levels of the last quarter, the one before, ... and then their growths.
    """
    topics, kinds = len(counts.papers), np.broadcast(trend.level_sd, trend.growth_sd, trend.damping).size
    evidence, mean = np.empty(topics * kinds), np.empty((topics * kinds, 2 * YEAR + 2))
    covariance = np.empty((topics * kinds, 2 * YEAR + 2, 2 * YEAR + 2))
    start = np.empty_like(counts.papers)
    for rows in _chunks(topics):
        start[rows] = settled(counts.rows(rows), _MIDDLE)[0].moments.level.T
    topic, kind = np.repeat(np.arange(topics), kinds), np.tile(np.arange(kinds), topics)
    for rows in _chunks(topics * kinds):
        found, evidence[rows] = settled(counts.rows(topic[rows]), trend.rows(kind[rows]), start[topic[rows]])
        mean[rows], covariance[rows] = _ends(found)
    shape = (topics, kinds)
    return (
        evidence.reshape(shape),
        mean.reshape(*shape, *mean.shape[1:]),
        covariance.reshape(*shape, *covariance.shape[1:]),
    )


def _chunks(count: int) -> list[slice]:
    return [slice(start, start + _SERIES_AT_ONCE) for start in range(0, count, _SERIES_AT_ONCE)]


def _ends(found: Smoothed) -> tuple[Floats, Floats]:
    """Mean and covariance of levels and growths of the last five quarters, the last one first."""
    moments, lags = found.moments, YEAR + 1
    mean = np.concatenate([moments.level[: -lags - 1 : -1], moments.growth[: -lags - 1 : -1]]).T
    covariance = np.empty((mean.shape[0], 2 * lags, 2 * lags))
    for late in range(lags):
        _, _, a, c, b = _at(moments, -1 - late)
        block = np.array([[a, c], [c, b]])
        for early in range(late, lags):
            if early > late:
                block = np.einsum("ijn,jkn->ikn", found.gains[-early], block)
            for i in range(2):
                for j in range(2):
                    covariance[:, i * lags + early, j * lags + late] = block[i, j]
                    covariance[:, j * lags + late, i * lags + early] = block[i, j]
    return mean, covariance


def _weights(evidence: Floats) -> Floats:
    """How common each growth_sd is, by EM."""
    weights = DEFAULT.weights
    likelihood = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    # By value, so that a new name cannot change the order of a sum.
    likelihood = likelihood[np.lexsort(likelihood.T)]
    for _ in range(_EM_ROUNDS):
        joint = likelihood * weights
        total = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0) + _IMAGINED
        weights = total / total.sum()
    return np.asarray(weights)


def _total(evidence: Floats, weights: Floats) -> float:
    highest = evidence.max(axis=1)
    return float(np.sort(np.log(np.exp(evidence - highest[:, None]) @ weights) + highest).sum())


# --- where shares stand and go ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mixture:
    """A mixture of normals for each topic; shape (topics, normals) each."""

    shares: Floats
    means: Floats
    sds: Floats

    @property
    def mean(self) -> Floats:
        """Shape (topics,)."""
        return np.asarray((self.shares * self.means).sum(axis=1))

    @property
    def sd(self) -> Floats:
        """Shape (topics,)."""
        spread = self.sds**2 + (self.means - self.mean[:, None]) ** 2
        return np.asarray(np.sqrt((self.shares * spread).sum(axis=1)))

    def below(self, limit: float | Floats) -> Floats:
        """P(the value is below), by topic; `limit` is a number, or one a topic."""
        from scipy.special import ndtr

        limits = np.broadcast_to(np.asarray(limit, dtype=float), len(self.means))[:, None]
        return np.asarray((self.shares * ndtr((limits - self.means) / self.sds)).sum(axis=1))

    def quantile(self, part: float) -> Floats:
        """The value below which lies that part, 0 to 1, by topic."""
        reach = 10 * self.sds
        low, high = (self.means - reach).min(axis=1), (self.means + reach).max(axis=1)
        for _ in range(60):
            middle = (low + high) / 2
            under = self.below(middle) < part
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return np.asarray((low + high) / 2)


@dataclass(frozen=True, slots=True)
class Ahead:
    """The mean log share of a year to come, and its change against that of the last year."""

    log_share: Mixture
    change: Mixture


@dataclass(frozen=True, slots=True)
class Trends:
    """What the counts up to the last month of a panel say of its topics' shares."""

    population: Population
    shares: Floats
    """Shape (topics, 6): probability that the topic is of each of `GROWTH_SDS`."""
    means: Floats
    """Shape (topics, 6, 10): levels of the last five quarters, the last one first, then growths; for each growth_sd."""
    covariances: Floats
    """Shape (topics, 6, 10, 10)."""

    @property
    def growth(self) -> Mixture:
        """Change of the log share over the last four quarters, log units a year."""
        return self._combined(_level(0) - _level(YEAR))

    @property
    def acceleration(self) -> Mixture:
        """Change of the pace of growth over the last four quarters, log units a year per year."""
        return self._combined(YEAR * (_growth(0) - _growth(YEAR)))

    @property
    def year(self) -> Mixture:
        """Mean log share of the last four quarters."""
        return self._combined(_YEAR_NOW)

    def ahead(self, months: int) -> Ahead:
        """The 12 months that end `months` months after the panel. Raises LittriageError unless that is 3, 6, 9, ..."""
        if months <= 0 or months % PERIOD_MONTHS:
            raise LittriageError(f"{months} months ahead: the trend goes by quarters, so ask for 3, 6, 9, ... months")
        horizon = months // PERIOD_MONTHS
        reach = np.concatenate([[0.0], np.cumsum(self.population.damping ** np.arange(horizon))])
        weights, level, growth = np.zeros(2 * YEAR + 2), np.zeros(horizon), np.zeros(horizon)
        for quarter in range(horizon - YEAR + 1, horizon + 1):
            if quarter <= 0:
                weights += _level(-quarter) / YEAR
                continue
            weights += (_level(0) + reach[quarter] * _growth(0)) / YEAR
            # A shock of the level stays; one of growth works on from the next quarter.
            level[:quarter] += 1 / YEAR
            growth[:quarter] += reach[quarter - 1 :: -1] / YEAR
        added = (level**2).sum() * self.population.level_sd**2 + (growth**2).sum() * GROWTH_SDS**2
        return Ahead(self._combined(weights, added), self._combined(weights - _YEAR_NOW, added))

    def _combined(self, weights: Floats, added: Floats | float = 0.0) -> Mixture:
        # Not as a matrix product, whose last digits may depend on a topic's place.
        variance = np.einsum("i,tkij,j->tk", weights, self.covariances, weights)
        means = (self.means * weights).sum(axis=2)
        return Mixture(self.shares, means, np.sqrt(np.maximum(variance, 1e-12) + added))


def _level(lag: int) -> Floats:
    return _unit(lag)


def _growth(lag: int) -> Floats:
    return _unit(YEAR + 1 + lag)


def _unit(place: int) -> Floats:
    unit = np.zeros(2 * YEAR + 2)
    unit[place] = 1.0
    return unit


_YEAR_NOW = np.repeat([1 / YEAR, 0.0], [YEAR, YEAR + 2])


def trends(counts: Quarters, population: Population | None = None) -> Trends:
    """Level and growth of each topic from its last 24 quarters.

    `population` (by default `fitted` to the counts) gives level_sd and damping; how common each growth_sd is, is asked
    of these topics anew.
    """
    recent = counts.last(WINDOW)
    chosen = population or fitted(recent)
    evidence, means, covariances = _each(recent, Trend(chosen.level_sd, GROWTH_SDS, chosen.damping))
    tells = recent.papers.sum(axis=1) > 0
    weights = _weights(evidence[tells])
    joint = np.exp(evidence - evidence.max(axis=1, keepdims=True)) * weights
    shares = joint / joint.sum(axis=1, keepdims=True)
    return Trends(Population(chosen.level_sd, chosen.damping, weights), shares, means, covariances)


def drawn_levels(counts: Quarters, found: Trends, draws: int, seed: int) -> Iterator[Floats]:
    """Draws of the log share in every quarter: arrays of shape (periods, some topics, draws), topics in their order.

    From all quarters and not the last 24 alone, each topic with the growth_sd that it probably has (the geometric mean
    of its shares). Backward sampling; the same normal numbers serve every topic, so that no name and no place matters.
    """
    normal = np.random.default_rng(seed).standard_normal((counts.papers.shape[1], 2, 1, draws))
    growth_sd = np.exp((found.shares * np.log(GROWTH_SDS)).sum(axis=1))
    for rows in _chunks(len(counts.papers)):
        trend = Trend(found.population.level_sd, growth_sd[rows], found.population.damping)
        smoothed = settled(counts.rows(rows), trend)[0]
        left = _left(smoothed)
        count = left.shape[2]
        for start in range(0, count, _PATHS_AT_ONCE):
            yield _paths(smoothed, left, slice(start, start + _PATHS_AT_ONCE), normal)


def _left(found: Smoothed) -> Floats:
    """Lower triangles, shape (periods, 3, series), of the covariance of a state once the next one is known."""
    periods = len(found.moments.level)
    left = np.empty((periods, 3, found.moments.level.shape[1]))
    for t in range(periods):
        _, _, a, c, b = _at(found.moments if t == periods - 1 else found.seen.filtered, t)
        if t < periods - 1:
            _, _, u, w, v = _at(found.seen.predicted, t + 1)
            (p, q), (r, s) = found.gains[t]
            a, c, b = (
                a - p * p * u - 2 * p * q * w - q * q * v,
                c - p * r * u - (p * s + q * r) * w - q * s * v,
                b - r * r * u - 2 * r * s * w - s * s * v,
            )
        first = np.sqrt(np.maximum(a, 1e-12))
        left[t] = first, c / first, np.sqrt(np.maximum(b - (c / first) ** 2, 0.0))
    return left


def _paths(found: Smoothed, left: Floats, topics: slice, normal: Floats) -> Floats:
    levels = np.empty((len(normal), left[0, 0, topics].size, normal.shape[3]))
    level = growth = np.zeros(levels.shape[1:])
    for t in range(len(levels) - 1, -1, -1):
        one, cross, two = left[t, :, topics, None]
        new_level, new_growth = one * normal[t, 0], cross * normal[t, 0] + two * normal[t, 1]
        if t < len(levels) - 1:
            (p, q), (r, s) = found.gains[t, :, :, topics, None]
            new_level += p * level + q * growth
            new_growth += r * level + s * growth
        level, growth = new_level, new_growth
        levels[t] = found.moments.level[t, topics, None] + level
    return levels
