"""The walk through past months: at each one topics are chosen, described and forecast with what was known then.

At an origin T a model is fitted to the origins whose outcomes had closed by T, and calibrated on the forecasts that
earlier models of the same walk had made. Nothing after T enters a feature, a topic's choice, a fit or a calibration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from littriage.trends import YEAR_NEEDS_MONTHS, month_after

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STEP_MONTHS = 3
FIRST_MONTHS = 24
"""Months of record before the first origin."""
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


Scores = Callable[[Panel], Mapping[str, Floats]]
"""What other methods say of the topics of a panel, by name; shape (topics, horizons) each."""


@dataclass(frozen=True, slots=True)
class Then:
    """A shelf as it stood at the end of a month, with what all kinds of topics are described beside."""

    shelf: Shelf
    near: Topics
    """The phrase topics of that month."""

    @property
    def month(self) -> int:
        return self.shelf.months - 1


def then_at(shelf: Shelf, month: int) -> Then | None:
    """The shelf at a month; None where too little of the record, or of its last year, is known."""
    if not year_known(shelf.usable, month):
        return None
    then = shelf.until(month)
    return Then(then, phrase_topics(then))


def year_known(usable: Bools, month: int) -> bool:
    """Whether a month can be an origin: with 24 months of record, 9 usable ones in its year, and itself usable."""
    return month + 1 >= FIRST_MONTHS and bool(usable[month]) and _enough(usable, month)


def closes(usable: Bools, month: int, horizon: int) -> bool:
    """Whether the record tells what became of an origin."""
    return month + horizon < len(usable) and _enough(usable, month + horizon)


def _enough(usable: Bools, month: int) -> bool:
    return int(usable[max(0, month - 11) : month + 1].sum()) >= YEAR_NEEDS_MONTHS


def phrase_origin(shelf: Shelf, month: int, scores: Scores | None = None, then: Then | None = None) -> Origin | None:
    """The phrase topics of a month; `scores` gives what other methods say of their panel.

    `then` is the shelf at that month, where it is at hand; so in the functions below.
    """
    then = then or then_at(shelf, month)
    if then is None or not then.near.panel.topics:
        return None
    places = [_place(shelf.phrases.names, name) for name in then.near.panel.topics]
    return _origin(shelf, then.shelf, then.near, then.near, shelf.phrases.texts[:, places], scores)


def other_origin(
    shelf: Shelf,
    month: int,
    papers: csr_matrix,
    titles: csr_matrix | None,
    names: tuple[str, ...],
    least_papers: float = 20,
    scores: Scores | None = None,
    then: Then | None = None,
) -> Origin | None:
    """Given topics at a month, those with enough papers in the 24 months up to it; shape (papers of shelf, topics)."""
    then = then or then_at(shelf, month)
    if then is None:
        return None
    held = len(then.shelf.ids)
    own = papers[:held]
    recent = then.shelf.panel(own, names).windows(24)[0][:, -1]
    kept = np.flatnonzero(recent >= least_papers)
    if not len(kept):
        return None
    panel = then.shelf.panel(own[:, kept], tuple(names[place] for place in kept))
    own_titles = None if titles is None else titles[:held][:, kept]
    topics = Topics(own[:, kept], own_titles, panel, signals.state(panel))
    return _origin(shelf, then.shelf, topics, then.near, papers[:, kept], scores)


def thinned_origin(
    shelf: Shelf, month: int, scores: Scores | None = None, seed: int = 1, then: Then | None = None
) -> Origin | None:
    """The phrase topics of a month described by one half of the papers, their base share counted in the other half.

    What the features know of the chance in the counts is then of no use: a share does not fall back to its mean.
    """
    then = then or then_at(shelf, month)
    if then is None or not then.near.panel.topics:
        return None
    places = np.array([_place(shelf.phrases.names, name) for name in then.near.panel.topics], dtype=np.int64)
    first = halves(then.shelf.ids, seed)
    seen = then.shelf.half(first)
    topics = phrase_topics(seen, places)
    found = _origin(shelf, seen, topics, topics, shelf.phrases.texts[:, places], scores)
    rest = then.shelf.half(~first)
    base = rest.panel(rest.phrases.texts[:, places], topics.panel.topics)
    return replace(found, base=_year(base, month))


def halves(ids: Sequence[str], seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which papers are of the first half: by a digest of the id, so that order and company change nothing."""
    return np.array([hashlib.blake2b(f"{seed}/{id_}".encode(), digest_size=1).digest()[0] < 128 for id_ in ids])


def _place(names: Sequence[str], name: str) -> int:
    from bisect import bisect_left

    return bisect_left(names, name)


def _origin(
    shelf: Shelf,
    then: Shelf,
    topics: Topics,
    near: Topics,
    whole: csr_matrix,
    scores: Scores | None,
) -> Origin:
    """`whole` has the papers after the origin too: only the outcomes are read from it."""
    month = then.months - 1
    everything = shelf.panel(whole, topics.panel.topics)
    later = {
        horizon: _year(everything, month + horizon) for horizon in HORIZONS if closes(shelf.usable, month, horizon)
    }
    return Origin(
        month,
        topics.panel.topics,
        features(then, topics, near),
        _year(topics.panel, month),
        later,
        scores(topics.panel) if scores else {},
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
    own, others = walks(origins, horizon, {} if tested is None else {"tested": tested})
    return [one for one in (own if tested is None else others["tested"]) if one.origin.month >= first]


def walks(
    origins: Sequence[Origin],
    horizon: int,
    tested: Mapping[str, Sequence[Origin]],
    events: Sequence[str] = tuple(outlook.EVENTS),
    *,
    singles: bool = True,
) -> tuple[list[Told], dict[str, list[Told]]]:
    """As `walk`, for topics of several kinds at once: what is told of `origins`, and of each kind.

    `events` are those that are forecast, `rise` among them; without `singles` no other method's score is fitted.
    """
    own: list[Told] = []  # what the models said of `origins` themselves: that calibrates
    told: dict[str, list[Told]] = {kind: [] for kind in tested}
    others = {kind: {one.month: one for one in each} for kind, each in tested.items()}
    start: Fit | None = None
    soft: Soft = {}
    for one in origins:
        closed = [past for past in origins if past.month + horizon <= one.month and horizon in past.later]
        closed = [past for past in closed if past.month + horizon > one.month - TRAIN_MONTHS]
        if horizon not in one.later or sum(len(past.names) for past in closed) < TRAIN_ROWS:
            continue
        fit = start = fitted(closed, horizon, one.month, start, events, singles=singles, soft=soft)
        known = [past for past in own if past.origin.month + horizon <= one.month]
        model = model_of(fit, known)
        own.append(forecast(fit, model, one))
        for kind, at in others.items():
            if subject := at.get(one.month):
                told[kind].append(forecast(fit, model, subject))
    return own, told


Soft = dict[tuple[int, str], Floats]
"""Soft outcomes by month of the origin and event, at one horizon."""


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


def fitted(
    closed: Sequence[Origin],
    horizon: int,
    month: int,
    start: Fit | None = None,
    events: Sequence[str] = tuple(outlook.EVENTS),
    *,
    singles: bool = True,
    soft: Soft | None = None,
) -> Fit:
    """Fitted to origins whose outcomes are known; the newer they are the more they weigh.

    `start` is a fit to begin from, and `soft` keeps what is computed once for each origin: both save time alone.
    """
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
    soft = {} if soft is None else soft
    for event in events:
        for one, each in zip(closed, sets, strict=True):
            if (one.month, event) not in soft:
                soft[one.month, event] = each.chance(event)
    heads = {
        event: outlook.fitted_head(
            design,
            np.concatenate([soft[one.month, event] for one in closed]),
            cases.weight,
            start.heads[event] if start else None,
        )
        for event in events
    }
    rose = cases.happened("rise")
    names = closed[0].scores if singles else ()
    alone = {
        name: _single(
            np.concatenate([one.scores[name][:, HORIZONS.index(horizon)] for one in closed]), rose, cases.weight
        )
        for name in names
    }
    change = outlook.fitted_change(design, cases)
    return Fit(horizon, month, scale, heads, change, float(np.average(rose, weights=cases.weight)), alone, len(rose))


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


def forecast(fit: Fit, model: outlook.Model, one: Origin) -> Told:
    """The origin's topics by a model, `model_of` the fit, that was calibrated on what was known by then."""
    design = fit.scale.design(one.features, fit.horizon)
    raw = {event: head.logit(design) for event, head in fit.heads.items()}
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
    calibrations = {
        event: outlook.calibrated(
            _joined([one.raw[event] for one in recent]),
            paces.astype(np.int64),
            _joined([one.origin.cases(fit.horizon).happened(event) for one in recent]).astype(np.bool_),
        )
        for event in fit.heads
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
