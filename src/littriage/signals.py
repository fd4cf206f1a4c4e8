"""Numbers behind a verdict: growth with its interval, position against the peak, saturation.

Growth is the change of a direction's log share over the last year, from a curve fitted to the last 48 months and
shrunk by what all directions together say of how fast directions grow. Formulas and reasons: docs/method.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from littriage.model import Growth, TrendPoint
from littriage.trends import last_settled_month, months_between, usable

WINDOW_MONTHS = 48
NEEDS_MONTHS = 12
"""Usable months below which no slope is fitted."""

FLAT = 0.10
"""Growth within this of none, in log units a year, is flat."""

_SLOPE_SD = 3.0
"""Weak prior on the slope, log units a year: it only keeps a single late paper from a slope without end."""
_BEND_SD = 0.3
"""How much growth itself changes within a year: the prior on the bends of the curve."""
_KNOT_MONTHS = 3
_LEAST_SE = 0.02
_POOL_MONTHS = 8.0
"""The pooled dispersion counts like this many months of a direction's own."""

_TAUS = np.array([0.02, 0.05, 0.10, 0.20, 0.40, 0.70, 1.00])
_PRIOR_DIRECTIONS = np.array([0.5, 0.5, 1.0, 2.0, 2.0, 1.0, 1.0])
"""Imagined directions for each tau, so that one or two real ones do not make a prior of their own."""
_EM_ROUNDS = 200

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth of one direction by its own record alone, in log units a year."""

    slope: float
    se: float
    dispersion: float
    """Variance of monthly counts over their mean: 1 for independent papers, more where they come in bursts."""
    months: int
    """Usable months that entered."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The 12-month share at the last month that has one, against its highest so far."""

    share: float
    ratio: float
    """share / highest, 0 to 1."""
    month: date
    """Last month at which the highest was reached."""


# --- growth -----------------------------------------------------------------------------------------------------


def growths(points_by_direction: Mapping[str, Sequence[TrendPoint]], as_of: date) -> dict[str, Growth]:
    """Shrunk growth of each direction whose record up to `as_of` allows one, by slug.

    A direction with fewer than 12 usable months or without a paper among the last 48 has none. Little data does not
    distort the others: each direction enters the common prior with its own standard error.
    """
    return shrunk(slopes(points_by_direction, as_of))


def slopes(points_by_direction: Mapping[str, Sequence[TrendPoint]], as_of: date) -> dict[str, Slope]:
    """Unshrunk growth of each direction over the year up to `as_of`, by slug.

    A local linear trend: quasi-Poisson regression of papers with offset log exposure on a line over the last 48 months
    that may bend at every quarter, each bend held near 0 unless the counts insist. A straight line alone goes on
    calling a direction rising for years after it has levelled off. The dispersion of a direction leans a little on
    the median of all.
    """
    last = last_settled_month(as_of)
    windows = {slug: _window(points_by_direction[slug], last) for slug in sorted(points_by_direction)}
    fitted = {slug: (window, _own_dispersion(window)) for slug, window in windows.items() if window is not None}
    if not fitted:
        return {}
    pooled = float(np.median([dispersion for _, dispersion in fitted.values()]))
    return {slug: _slope(window, dispersion, pooled) for slug, (window, dispersion) in fitted.items()}


@dataclass(frozen=True, slots=True)
class _Window:
    """The usable months of a direction, one element or row each."""

    papers: _Floats
    exposure: _Floats
    design: _Floats
    """Shape (months, coefficients): 1, t, and (t - knot)+ for each knot."""


def _window(points: Sequence[TrendPoint], last: date) -> _Window | None:
    back = {months_between(point.month, last): point for point in points if usable(point)}
    ages = sorted(age for age in back if 0 <= age < WINDOW_MONTHS)
    if len(ages) < NEEDS_MONTHS or not any(back[age].papers for age in ages):
        return None
    age = np.array(ages, dtype=float)
    return _Window(
        papers=np.array([back[a].papers for a in ages], dtype=float),
        exposure=np.array([back[a].exposure for a in ages], dtype=float),
        design=_design(age),
    )


def _design(months_ago: _Floats) -> _Floats:
    t = (WINDOW_MONTHS - months_ago) / 12
    knots = np.arange(1, WINDOW_MONTHS // _KNOT_MONTHS) * _KNOT_MONTHS / 12
    return np.concatenate([np.ones_like(t)[:, None], t[:, None], np.maximum(t[:, None] - knots, 0.0)], axis=1)


_COEFFICIENTS = WINDOW_MONTHS // _KNOT_MONTHS + 1
_LAST_YEAR = (_design(np.array([0.0])) - _design(np.array([12.0])))[0]
"""Times the coefficients: how much the log share changed in the last 12 months."""
_PENALTY = np.diag([0.0, _SLOPE_SD**-2] + [12 / _KNOT_MONTHS * _BEND_SD**-2] * (_COEFFICIENTS - 2))


def _expected(window: _Window, curve: _Floats) -> _Floats:
    return np.asarray(window.exposure * np.exp(window.design @ curve), dtype=float)


def _fit(window: _Window, dispersion: float) -> _Floats:
    """Coefficients at the highest point of a concave penalised likelihood, by damped Newton steps."""
    curve = np.zeros(_COEFFICIENTS)
    curve[0] = np.log(window.papers.sum() / window.exposure.sum())

    def height(curve: _Floats) -> float:
        likelihood = window.papers @ (window.design @ curve) - _expected(window, curve).sum()
        return float(likelihood / dispersion - curve @ _PENALTY @ curve / 2)

    for _ in range(50):
        residual = window.papers - _expected(window, curve)
        gradient = window.design.T @ residual / dispersion - _PENALTY @ curve
        step = np.linalg.solve(_information(window, curve, dispersion) + _PENALTY, gradient)
        step = step / max(1.0, float(np.abs(step).max()))
        while height(curve + step) < height(curve) and np.abs(step).max() > 1e-9:
            step = step / 2
        curve = curve + step
        if np.abs(step).max() < 1e-9:
            break
    return curve


def _information(window: _Window, curve: _Floats, dispersion: float) -> _Floats:
    weight = _expected(window, curve) / dispersion
    return np.asarray(window.design.T @ (weight[:, None] * window.design), dtype=float)


def _own_dispersion(window: _Window) -> float:
    """Mean of (y1 N2 - y2 N1)^2 / (N1 N2 (y1 + y2)) over neighbouring months with papers: 1 for independent papers.

    Neighbours share their rate whatever the trend (von Neumann's successive differences). There is no floor at 1: with
    every paper counted twice the dispersion doubles too, and no standard error changes.
    """
    y1, y2 = window.papers[:-1], window.papers[1:]
    n1, n2 = window.exposure[:-1], window.exposure[1:]
    some = y1 + y2 > 0
    differences = (y1 * n2 - y2 * n1)[some] ** 2 / (n1 * n2 * (y1 + y2))[some]
    return max(1e-4 * float(window.papers.mean()), float(differences.mean()))


def _slope(window: _Window, own: float, pooled: float) -> Slope:
    months = len(window.papers)
    dispersion = (months * own + _POOL_MONTHS * pooled) / (months + _POOL_MONTHS)
    curve = _fit(window, dispersion)
    covariance = np.linalg.inv(_information(window, curve, dispersion) + _PENALTY)
    se = float(_LAST_YEAR @ covariance @ _LAST_YEAR) ** 0.5
    return Slope(float(_LAST_YEAR @ curve), max(_LEAST_SE, se), dispersion, months)


# --- shrinkage --------------------------------------------------------------------------------------------------


def shrunk(slopes: Mapping[str, Slope]) -> dict[str, Growth]:
    """Posterior growth of each direction under one prior fitted to all: a mixture of normals around 0.

    A single normal would crush the few real growers. The centre is 0 and not the directions' mean: a list of
    directions picked because they grow must not lend growth to one that has no papers to show for it.
    """
    ordered = {slug: slopes[slug] for slug in sorted(slopes)}
    # By value, so that a new name cannot change the order of a sum.
    weights = _mixture(sorted((slope.slope, slope.se) for slope in ordered.values()))
    return {slug: _posterior(slug, slope, weights) for slug, slope in ordered.items()}


def _mixture(estimates: Sequence[tuple[float, float]]) -> _Floats:
    """Weight of each tau, by EM."""
    weights = _PRIOR_DIRECTIONS / _PRIOR_DIRECTIONS.sum()
    if not estimates:
        return np.asarray(weights)
    slope, se = (column[:, None] for column in np.array(estimates).T)
    for _ in range(_EM_ROUNDS):
        total = _responsibility(slope, se, weights).sum(axis=0) + _PRIOR_DIRECTIONS
        weights = total / total.sum()
    return np.asarray(weights)


def _responsibility(slope: _Floats, se: _Floats, weights: _Floats) -> _Floats:
    variance = se**2 + _TAUS**2
    log_density = -0.5 * (np.log(variance) + slope**2 / variance) + np.log(weights)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    return np.asarray(density / density.sum(axis=1, keepdims=True))


def _posterior(slug: str, slope: Slope, weights: _Floats) -> Growth:
    share = _responsibility(np.array([[slope.slope]]), np.array([[slope.se]]), weights)[0]
    kept = _TAUS**2 / (_TAUS**2 + slope.se**2)
    means = kept * slope.slope
    parts = [NormalDist(float(mean), float(sd)) for mean, sd in zip(means, np.sqrt(kept) * slope.se, strict=True)]

    def below(growth: float) -> float:
        return float(sum(weight * part.cdf(growth) for weight, part in zip(share, parts, strict=True)))

    return Growth(
        direction=slug,
        mean=float(share @ means),
        low=_quantile(below, 0.1),
        high=_quantile(below, 0.9),
        p_up=1 - below(0.0),
        p_down=below(0.0),
        p_flat=below(FLAT) - below(-FLAT),
        raw=slope.slope,
        raw_se=slope.se,
        months=slope.months,
    )


def _quantile(below: Callable[[float], float], part: float) -> float:
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < part else (low, middle)
    return (low + high) / 2


# --- peak and saturation ----------------------------------------------------------------------------------------


def peak(shares: Mapping[date, float | None]) -> Peak | None:
    """Position of the last 12-month share against the highest; None where there is none or all are 0.

    `shares` as `trends.twelve_month_shares` gives them.
    """
    known = [(share, month) for month, share in shares.items() if share is not None]
    if not known or not max(known)[0]:
        return None
    highest, month = max(known)
    return Peak(known[-1][0], known[-1][0] / highest, month)


def levels(shares: Mapping[str, float]) -> dict[str, float]:
    """Place of each direction among all by 12-month share, 0 to 1: the part below it, and half of those level with it.

    A direction alone stands at 0.5.
    """
    values = list(shares.values())
    return {
        slug: sum((value < share) + 0.5 * (value == share) for value in values) / len(values)
        for slug, share in shares.items()
    }


def saturation_index(p_flat: float, peak_ratio: float, level: float) -> float:
    """P(|growth| < 10% a year) x level where the share is within a factor e^-0.35 (0.70) of its peak, else 0."""
    return p_flat * level if np.log(max(peak_ratio, 1e-12)) > -0.35 else 0.0
