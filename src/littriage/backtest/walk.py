"""The walk through past months: at each one topics are chosen, described and forecast with what was known then.

At an origin T a model is fitted to the origins whose outcomes had closed by T, and calibrated on the forecasts that
earlier models of the same walk had made. Nothing after T enters a feature, a topic's choice, a fit or a calibration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from littriage import signals
from littriage.errors import LittriageError
from littriage.model import HORIZONS
from littriage.outlook import model as outlook
from littriage.outlook.features import Topics, features, phrase_topics
from littriage.outlook.shelf import Shelf
from littriage.panel import Bools, Floats, Ints, Panel
from littriage.trends import month_after

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STEP_MONTHS = 3
FIRST_MONTHS = 24
"""Months of record before the first origin."""
YEAR_NEEDS = 9
"""Usable months that a 12-month share needs."""
TRAIN_ROWS = 500
"""Closed cases below which no model is fitted."""
TRAIN_MONTHS = 72
"""Closed origins older than this no longer teach."""
HALF_LIFE_MONTHS = 24
"""The weight of a closed origin halves in so many months."""
CALIBRATION_MONTHS = 48


@dataclass(frozen=True, slots=True)
class Origin:
    """The topics of one month, described with what was known, and what became of them."""

    month: int
    """Number of the shelf's month: T."""
    names: tuple[str, ...]
    features: Floats
    """Shape (topics, FEATURES)."""
    base: Floats
    """Shape (topics, 2): papers and exposure of the 12 months up to T."""
    later: Mapping[int, Floats]
    """By horizon, where the record reaches so far: those of the 12 months up to T + h."""
    scores: Mapping[str, Floats] = field(default_factory=dict)
    """Raw scores of other methods, by name, for each horizon as (topics, horizons)."""
    growing: Floats | None = None
    """1 where growth up to T was surely above 0 (90%) and not surely within 10% a year: what would be called rising."""

    def cases(self, horizon: int, weight: float = 1.0) -> outlook.Cases:
        """The topics with their outcomes; the horizon must have closed."""
        return outlook.Cases(self.features, self.base, self.later[horizon], np.full(len(self.names), weight))


@dataclass(frozen=True, slots=True)
class Told:
    """What was forecast at one origin for one horizon, and what came of it; one element a topic."""

    origin: Origin
    horizon: int
    forecast: outlook.Forecast
    raw: Mapping[str, Floats]
    """Logits before calibration, by event."""
    errors: Floats
    """Of the mean change, in standard deviations."""
    climatology: float
    """Part of the closed cases in which the share rose."""
    fitted: Mapping[str, Floats] = field(default_factory=dict)
    """Probabilities of a rise by a logistic regression on one other method's score alone."""

    @property
    def rose(self) -> Floats:
        return self.origin.cases(self.horizon).happened("rise").astype(np.float64)


def phrase_origin(
    shelf: Shelf, month: int, scores: Callable[[Panel], Mapping[str, Floats]] | None = None
) -> Origin | None:
    """The phrase topics of a month; `scores` gives what other methods say of their panel."""
    then = shelf.until(month)
    topics = phrase_topics(then)
    if not topics.panel.topics or not _year_known(then):
        return None
    names = topics.panel.topics
    places = [_place(shelf.phrases.names, name) for name in names]
    return _origin(shelf, then, topics, topics, shelf.phrases.texts[:, places], scores)


def other_origin(
    shelf: Shelf,
    month: int,
    papers: csr_matrix,
    titles: csr_matrix | None,
    names: tuple[str, ...],
    least_papers: float = 20,
    scores: Callable[[Panel], Mapping[str, Floats]] | None = None,
) -> Origin | None:
    """Given topics at a month, those with enough papers in the 24 months up to it; shape (papers of shelf, topics)."""
    then = shelf.until(month)
    if not _year_known(then):
        return None
    own = papers[: len(then.ids)]
    recent = then.panel(own, names).windows(24)[0][:, -1]
    kept = np.flatnonzero(recent >= least_papers)
    if not len(kept):
        return None
    panel = then.panel(own[:, kept], tuple(names[place] for place in kept))
    own_titles = None if titles is None else titles[: len(then.ids)][:, kept]
    topics = Topics(own[:, kept], own_titles, panel, signals.state(panel))
    return _origin(shelf, then, topics, phrase_topics(then), papers[:, kept], scores)


def thinned_origin(
    shelf: Shelf, month: int, scores: Callable[[Panel], Mapping[str, Floats]] | None = None, seed: int = 1
) -> Origin | None:
    """The phrase topics of a month described by one half of the papers, their base share counted in the other half.

    What the features know of the chance in the counts is then of no use: a share does not fall back to its mean.
    """
    then = shelf.until(month)
    places = then.topics_of_field(month)
    if not len(places) or not _year_known(then):
        return None
    first = halves(shelf.ids, seed)
    seen = then.half(first[: len(then.ids)])
    topics = phrase_topics(seen, places)
    found = _origin(shelf, seen, topics, topics, shelf.phrases.texts[:, places], scores)
    rest = then.half(~first[: len(then.ids)])
    base = rest.panel(rest.phrases.texts[:, places], topics.panel.topics)
    return Origin(month, found.names, found.features, _year(base, month), found.later, found.scores, found.growing)


def halves(ids: Sequence[str], seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which papers are of the first half: by a digest of the id, so that order and company change nothing."""
    return np.array([hashlib.blake2b(f"{seed}/{id_}".encode(), digest_size=1).digest()[0] < 128 for id_ in ids])


def _place(names: Sequence[str], name: str) -> int:
    from bisect import bisect_left

    return bisect_left(names, name)


def _year_known(then: Shelf) -> bool:
    return len(then.usable) >= FIRST_MONTHS and int(then.usable[-12:].sum()) >= YEAR_NEEDS and bool(then.usable[-1])


def _origin(
    shelf: Shelf,
    then: Shelf,
    topics: Topics,
    near: Topics,
    whole: csr_matrix,
    scores: Callable[[Panel], Mapping[str, Floats]] | None,
) -> Origin:
    """`whole` has the papers after the origin too: only the outcomes are read from it."""
    month = then.months - 1
    everything = shelf.panel(whole, topics.panel.topics)
    later = {
        horizon: _year(everything, month + horizon)
        for horizon in HORIZONS
        if month + horizon < shelf.months
        and int(shelf.usable[month + horizon - 11 : month + horizon + 1].sum()) >= YEAR_NEEDS
    }
    state = topics.state
    grows = (np.nan_to_num(state.p_up) >= 0.9) & (np.nan_to_num(state.p_flat) < 0.9)
    return Origin(
        month,
        topics.panel.topics,
        features(then, topics, near),
        _year(topics.panel, month),
        later,
        scores(topics.panel) if scores else {},
        grows.astype(np.float64),
    )


def _year(panel: Panel, month: int) -> Floats:
    papers, exposure, _ = panel.windows(12)
    return np.stack([papers[:, month], exposure[:, month]], axis=1)


# --- forecasts --------------------------------------------------------------------------------------------------


def walk(origins: Sequence[Origin], horizon: int, tested: Sequence[Origin] | None = None, first: int = 0) -> list[Told]:
    """The forecasts of each tested origin from month `first` on whose outcome is known, by models of `origins`.

    `tested` are topics of another kind at the same months; by default the origins themselves. An origin is forecast as
    soon as enough cases had closed by then.
    """
    told: list[Told] = []
    own: list[Told] = []  # what the models said of `origins` themselves: that calibrates
    others = {one.month: one for one in tested or ()}
    heads: dict[str, outlook.Head] = {}
    for one in origins:
        closed = [past for past in origins if past.month + horizon <= one.month and horizon in past.later]
        closed = [past for past in closed if past.month + horizon > one.month - TRAIN_MONTHS]
        if horizon not in one.later or sum(len(past.names) for past in closed) < TRAIN_ROWS:
            continue
        fit = fitted(closed, horizon, one.month, heads)
        heads = dict(fit.heads)
        known = [past for past in own if past.origin.month + horizon <= one.month]
        own.append(forecast(fit, one, known))
        subject = one if tested is None else others.get(one.month)
        if subject is not None and one.month >= first:
            told.append(own[-1] if tested is None else forecast(fit, subject, known))
    return told


@dataclass(frozen=True, slots=True)
class Fit:
    """A model of one horizon, before calibration."""

    horizon: int
    month: int
    """It was fitted in."""
    scale: outlook.Scale
    heads: Mapping[str, outlook.Head]
    change: outlook.Change
    climatology: float
    singles: Mapping[str, tuple[float, float]]
    """Intercept and slope on each other method's score."""
    cases: int


def fitted(closed: Sequence[Origin], horizon: int, month: int, start: Mapping[str, outlook.Head] | None = None) -> Fit:
    """Fitted to origins whose outcomes are known; the newer they are the more they weigh."""
    sets = [
        one.cases(horizon, 0.5 ** ((month - horizon - one.month) / HALF_LIFE_MONTHS) / len(one.names) ** 0.5)
        for one in closed
    ]
    columns = (
        np.concatenate([getattr(each, name) for each in sets]) for name in ("features", "base", "later", "weight")
    )
    cases = outlook.Cases(*columns)
    cases = outlook.Cases(cases.features, cases.base, cases.later, cases.weight / cases.weight.mean())
    scale = outlook.scale_of(cases.features)
    design = scale.design(cases.features, horizon)
    heads = {
        event: outlook.fitted_head(design, cases.chance(event), cases.weight, (start or {}).get(event))
        for event in outlook.EVENTS
    }
    rose = cases.happened("rise")
    singles = {
        name: _single(
            np.concatenate([one.scores[name][:, HORIZONS.index(horizon)] for one in closed]), rose, cases.weight
        )
        for name in (closed[0].scores if closed else ())
    }
    change = outlook.fitted_change(design, cases)
    return Fit(horizon, month, scale, heads, change, float(np.average(rose, weights=cases.weight)), singles, len(rose))


def _single(score: Floats, rose: Bools, weight: Floats) -> tuple[float, float]:
    """Logistic regression on one score; a score that is not given counts as the mean of those that are."""
    centred = _filled(score)
    spread = centred.std() or 1.0
    head = outlook.fitted_head((centred / spread)[:, None] * 30, rose.astype(np.float64), weight)
    return head.intercept, float(head.weights[0] * 30 / spread)


def _filled(score: Floats) -> Floats:
    known = np.isfinite(score)
    usual = float(score[known].mean()) if known.any() else 0.0
    return np.where(known, score, usual)


def forecast(fit: Fit, one: Origin, known: Sequence[Told]) -> Told:
    """The origin's topics by that model, calibrated on forecasts whose outcomes were known by then."""
    design = fit.scale.design(one.features, fit.horizon)
    raw = {event: head.logit(design) for event, head in fit.heads.items()}
    model = model_of(fit, known)
    cases = one.cases(fit.horizon)
    at = model.forecast(one.features, one.base[:, 0], fit.horizon)
    others = {
        name: 1 / (1 + np.exp(-(intercept + slope * _filled(one.scores[name][:, HORIZONS.index(fit.horizon)]))))
        for name, (intercept, slope) in fit.singles.items()
        if name in one.scores
    }
    return Told(one, fit.horizon, at, raw, outlook.errors(fit.change, design, cases), fit.climatology, others)


def model_of(fit: Fit, known: Sequence[Told]) -> outlook.Model:
    """The model with the calibration and the table of like cases that past forecasts give."""
    recent = [one for one in known if one.origin.month + fit.horizon > fit.month - CALIBRATION_MONTHS]
    change = fit.change
    if recent:
        low, high = np.quantile(np.concatenate([one.errors for one in recent]), [0.1, 0.9])
        change = outlook.Change(change.head, change.floor, change.noise, float(low), float(high))
    paces = _joined([outlook.pace(one.origin.features) for one in recent])
    weight = _joined([np.full(len(one.origin.names), 1.0) for one in recent])
    calibrations = {
        event: outlook.calibrated(
            _joined([one.raw[event] for one in recent]),
            paces.astype(np.int64),
            _joined([one.origin.cases(fit.horizon).happened(event) for one in recent]).astype(np.bool_),
            weight,
        )
        for event in outlook.EVENTS
    }
    papers = _joined([one.origin.base[:, 0] for one in known])
    like = outlook.like_of(
        papers, _joined([one.forecast.p_rise for one in known]), _joined([one.rose for one in known]).astype(np.bool_)
    )
    horizon = outlook.Horizon(fit.scale, fit.heads, calibrations, change, like)
    return outlook.Model("walk", "", "", {fit.horizon: horizon})


def _joined(parts: Sequence[Floats | Ints | np.ndarray[tuple[int], np.dtype[np.bool_]]]) -> Floats:
    return np.concatenate([np.asarray(part, dtype=np.float64) for part in parts]) if parts else np.empty(0)


def final_model(
    origins: Sequence[Origin], told: Mapping[int, Sequence[Told]], first: date, fitted_on: str
) -> outlook.Model:
    """A model of every horizon of `told`, fitted to all closed origins and calibrated on all forecasts of the walk.

    `first` is the month that is number 0. The model's name holds a digest of what it was fitted to. Raises
    LittriageError where a horizon has no forecast yet.
    """
    horizons = {}
    digest = hashlib.blake2b(digest_size=4)
    last = 0
    for horizon, forecasts in sorted(told.items()):
        if not forecasts:
            raise LittriageError(f"no forecast for {horizon} months has come due in the walk: the record is too short")
        closed = [one for one in origins if horizon in one.later]
        now = closed[-1].month + horizon
        fit = fitted([one for one in closed if one.month + horizon > now - TRAIN_MONTHS], horizon, now)
        horizons[horizon] = model_of(fit, forecasts).horizons[horizon]
        last = max(last, now)
        for one in closed:
            digest.update(one.features.tobytes() + one.later[horizon].tobytes())
    return outlook.Model(f"outlook-{digest.hexdigest()}", fitted_on, f"{month_after(first, last):%Y-%m}", horizons)
