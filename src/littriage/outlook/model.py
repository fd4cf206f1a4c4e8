"""A model of where a topic's share goes: fitted to past topics whose outcome is known, calibrated, and explained.

For each horizon and event a logistic regression on standardised features and their products with size, pulled strongly
towards none. It is fitted to soft outcomes: the chance of the event if the later year's papers were counted once more,
which takes from an outcome what was chance. Its probabilities are then calibrated on outcomes as they were, of
forecasts that the model had made without knowing them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from littriage.errors import LittriageError
from littriage.model import FALL, HORIZONS, RISE, LikeCases, Outlook, Part
from littriage.outlook.features import HORIZON, NAMES
from littriage.panel import Bools, Floats, Ints, Panel

FORMAT = 1

EVENTS: Mapping[str, float] = {"rise": RISE, "up": 1.0, "fall": FALL}
"""Ratio of the later year's share to the present one, above which the event has come; for `fall` below which."""

PENALTY = 300.0
"""Of squared weights, as if so many topics of the usual kind had said nothing."""
_CLIP = 3.0
_ROUNDS = 40
_SETTLED = 1e-6
SIZE_CLASSES = (20.0, 60.0)
"""Papers of the last 12 months that part the size classes: below 20, 20 to 60, 60 and more."""
_SIZE = NAMES.index("size")
_P_UP = NAMES.index("p_up")
_SURE = 1.2816
"""Probit of 90%."""
_BINS = 20
_LIKE_NEEDS = 30


@dataclass(frozen=True, slots=True)
class Cases:
    """Topics at past days with what became of them; a row each."""

    features: Floats
    """Shape (cases, features)."""
    base: Floats
    """Shape (cases, 2): papers and exposure of the 12 months up to the day."""
    later: Floats
    """Shape (cases, 2): those of the 12 months that end at the horizon."""
    weight: Floats
    """Shape (cases,)."""

    @property
    def ratio(self) -> Floats:
        """The later share over the base share; 0 or infinite where one of them is 0."""
        share, later = self.base[:, 0] / self.base[:, 1], self.later[:, 0] / self.later[:, 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(share > 0, later / share, np.where(later > 0, np.inf, 1.0))

    def happened(self, event: str) -> Bools:
        """Whether the event came."""
        return self.ratio < EVENTS[event] if event == "fall" else self.ratio > EVENTS[event]

    def chance(self, event: str) -> Floats:
        """The chance of the event if the later year's papers were drawn anew at the rate that they suggest."""
        from scipy.stats import nbinom

        limit = EVENTS[event] * self.base[:, 0] / self.base[:, 1] * self.later[:, 1]
        drawn = nbinom(self.later[:, 0] + 0.5, 0.5)  # Poisson counts at a gamma rate: the papers counted once, and half
        return np.asarray(drawn.cdf(np.ceil(limit) - 1) if event == "fall" else drawn.sf(np.floor(limit)))


@dataclass(frozen=True, slots=True)
class Scale:
    """Centre and spread of each feature over the cases that a model was fitted to."""

    centre: Floats
    spread: Floats

    def design(self, features: Floats, horizon: int) -> Floats:
        """Shape (rows, 2 x features): standardised features, then their products with size; 0 where not known."""
        z = np.clip((features - self.centre) / self.spread, -_CLIP, _CLIP)
        z = np.where(np.isfinite(z), z, 0.0)
        z[:, [HORIZON.get(name, horizon) != horizon for name in NAMES]] = 0.0
        return np.concatenate([z, z * z[:, [_SIZE]]], axis=1)


def scale_of(features: Floats) -> Scale:
    """Median, and half of the width that holds 68%; 0 and 1 where a feature is never known."""
    centre, spread = np.zeros(features.shape[1]), np.ones(features.shape[1])
    for column, values in enumerate(features.T):
        known = values[np.isfinite(values)]
        if len(known):
            low, centre[column], high = np.percentile(known, [16, 50, 84])
            spread[column] = max((high - low) / 2, 1e-3)
    return Scale(centre, spread)


# --- one event at one horizon -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """One event's logit, before calibration: intercept + design @ weights."""

    intercept: float
    weights: Floats

    def logit(self, design: Floats) -> Floats:
        return np.asarray(self.intercept + design @ self.weights)


def fitted_head(design: Floats, chance: Floats, weight: Floats, start: Head | None = None) -> Head:
    """The penalised likelihood's highest point, by Newton steps; `chance` are soft outcomes, 0 to 1.

    Written out because scikit-learn's takes soft outcomes only as every row twice. The curvature, which is the costly
    part, is computed anew only where the one at hand no longer brings the steps down to a third.
    """
    used = np.any(design != 0, axis=0)  # the others keep no weight
    total = np.concatenate([np.ones((len(design), 1)), design[:, used]], axis=1)
    penalty = np.full(total.shape[1], PENALTY)
    penalty[0] = 1e-6
    usual = float(np.clip(np.average(chance, weights=weight), 0.01, 0.99))
    beta = np.concatenate([[np.log(usual / (1 - usual))], np.zeros(int(used.sum()))])
    if start is not None:
        beta = np.concatenate([[start.intercept], start.weights[used]])
    curvature, last = None, np.inf
    for _ in range(_ROUNDS):
        p = _expit(total @ beta)
        gradient = total.T @ (weight * (chance - p)) - penalty * beta
        if curvature is None:
            curved = total * (weight * np.maximum(p * (1 - p), 1e-6))[:, None]
            curvature = total.T @ curved + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        beta = beta + step
        moved = float(np.abs(step).max())
        if moved < _SETTLED:
            break
        if moved > last / 3:
            curvature = None
        last = moved
    weights = np.zeros(len(used))
    weights[used] = beta[1:]
    return Head(float(beta[0]), weights)


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a head's logit to a probability: slope and offset, and an offset for each pace of the last year."""

    slope: float
    offset: float
    paces: Floats
    """Shape (3,): shrinking, neither, growing."""
    cases: int
    """Past forecasts that it was fitted to."""

    def logit(self, raw: Floats, pace: Ints) -> Floats:
        return np.asarray(self.slope * raw + self.offset + self.paces[pace])


UNCALIBRATED = Calibration(1.0, 0.0, np.zeros(3), 0)
_ROW = 0.1
"""What one past forecast says: those of one day share its fortune, and are worth far fewer independent ones."""
_SLOPE_PENALTY = 50.0
_OFFSET_PENALTY = 25.0


def pace(features: Floats) -> Ints:
    """0 where the last year's growth is surely below 0 (90%), 2 where it is surely above, else 1; shape (rows,)."""
    probit = np.nan_to_num(features[:, _P_UP])
    return 1 + (probit >= _SURE).astype(np.int64) - (probit <= -_SURE).astype(np.int64)


def calibrated(raw: Floats, paces: Ints, happened: Bools) -> Calibration:
    """The calibration of past logits by what became of them; drawn to slope 1 and offsets 0."""
    if not len(raw):
        return UNCALIBRATED
    total = np.stack([raw, np.ones_like(raw), *(paces == one for one in range(3))], axis=1).astype(np.float64)
    penalty = np.array([_SLOPE_PENALTY, *[_OFFSET_PENALTY] * 4]) / _ROW
    usual = beta = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    for _ in range(_ROUNDS):
        p = _expit(total @ beta)
        gradient = total.T @ (happened - p) - penalty * (beta - usual)
        curved = total * np.maximum(p * (1 - p), 1e-6)[:, None]
        step = np.linalg.solve(total.T @ curved + np.diag(penalty), gradient)
        beta = beta + step
        if np.abs(step).max() < _SETTLED:
            break
    return Calibration(float(beta[0]), float(beta[1]), beta[2:], len(raw))


# --- the change itself ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """The log of the ratio of the two shares: its mean, and how far it strays."""

    head: Head
    floor: float
    """Variance of it that no number of papers takes away."""
    noise: float
    """Times (1 / papers + 1 / papers to come): the part of chance."""
    low: float
    """10% and 90% quantiles of past errors, in standard deviations."""
    high: float

    def mean(self, design: Floats) -> Floats:
        return self.head.logit(design)

    def sd(self, design: Floats, papers: Floats) -> Floats:
        return np.asarray(np.sqrt(self.floor + self.noise * _chance(papers, self.mean(design))))


def _chance(papers: Floats, mean: Floats) -> Floats:
    return np.asarray(1 / (papers + 0.5) + 1 / (papers * np.exp(mean) + 0.5))


def log_ratio(cases: Cases) -> Floats:
    """Of the two shares, with half a paper added to each."""
    return np.asarray(
        np.log((cases.later[:, 0] + 0.5) / cases.later[:, 1] * cases.base[:, 1] / (cases.base[:, 0] + 0.5))
    )


def fitted_change(design: Floats, cases: Cases) -> Change:
    """Ridge regression of the log ratio, and of its squared errors on what chance makes of them."""
    total = np.concatenate([np.ones((len(design), 1)), design], axis=1)
    target = np.clip(log_ratio(cases), -1.5, 1.5)
    penalty = np.full(total.shape[1], PENALTY)
    penalty[0] = 1e-6
    weighed = total * cases.weight[:, None]
    beta = np.linalg.solve(weighed.T @ total + np.diag(penalty), weighed.T @ target)
    head = Head(float(beta[0]), beta[1:])
    squares = (log_ratio(cases) - head.logit(design)) ** 2
    both = np.stack([np.ones(len(design)), _chance(cases.base[:, 0], head.logit(design))], axis=1)
    from scipy.optimize import nnls

    root = np.sqrt(cases.weight) / (both[:, 1] + 0.1)
    (floor, noise), _ = nnls(both * root[:, None], squares * root)
    return Change(head, max(float(floor), 1e-3), max(float(noise), 0.1), -NORMAL_10, NORMAL_10)


NORMAL_10 = 1.2816


def errors(change: Change, design: Floats, cases: Cases) -> Floats:
    """Errors of the mean in standard deviations."""
    return np.asarray((log_ratio(cases) - change.mean(design)) / change.sd(design, cases.base[:, 0]))


def _expit(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))))


# --- the whole --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Like:
    """Past forecasts of a rise at one horizon, by size class and twentieth of probability."""

    count: Ints
    """Shape (3, 20)."""
    rose: Ints
    predicted: Floats
    """Sum of their probabilities."""

    def cases(self, papers: float, p: float) -> LikeCases | None:
        """The past forecasts of that size class and about that probability: its twentieth and those beside it, more
        where they are few; None where fewer than 30 were made at all."""
        row, middle = int(np.searchsorted(SIZE_CLASSES, papers, side="right")), min(int(p * _BINS), _BINS - 1)
        for reach in (1, 2):
            near = slice(max(0, middle - reach), middle + reach + 1)
            count = int(self.count[row, near].sum())
            if count >= _LIKE_NEEDS:
                return LikeCases(count, int(self.rose[row, near].sum()), float(self.predicted[row, near].sum() / count))
        return None


def like_of(papers: Floats, p: Floats, rose: Bools) -> Like:
    """The table of past forecasts."""
    row = np.searchsorted(SIZE_CLASSES, papers, side="right")
    place = row * _BINS + np.minimum((p * _BINS).astype(np.int64), _BINS - 1)
    shape = (len(SIZE_CLASSES) + 1, _BINS)
    count = np.bincount(place, minlength=shape[0] * _BINS).reshape(shape)
    came = np.bincount(place[rose], minlength=shape[0] * _BINS).reshape(shape)
    predicted = np.bincount(place, weights=p, minlength=shape[0] * _BINS).reshape(shape)
    return Like(count.astype(np.int64), came.astype(np.int64), predicted.astype(np.float64))


@dataclass(frozen=True, slots=True)
class Horizon:
    """All that is known for one horizon."""

    scale: Scale
    heads: Mapping[str, Head]
    calibrations: Mapping[str, Calibration]
    change: Change
    like: Like


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a model says of many topics at one horizon; one element a topic, NaN of an event that it has no head for."""

    p_rise: Floats
    p_up: Floats
    p_fall: Floats
    mean: Floats
    """Of the log of the ratio of the two shares."""
    low: Floats
    high: Floats
    """80% interval."""


@dataclass(frozen=True, slots=True)
class Model:
    """Fitted to past topics; says what it was fitted to."""

    name: str
    """With the digest of the cases."""
    fitted_on: str
    """In words, for the reader."""
    last_closed: str
    """The last month, YYYY-MM, whose outcome entered."""
    horizons: Mapping[int, Horizon]

    def forecast(self, features: Floats, papers: Floats, horizon: int) -> Forecast:
        """Of topics with these features, shape (topics, features), and papers in the last 12 months."""
        known = self.horizons[horizon]
        design = known.scale.design(features, horizon)
        paces = pace(features)
        p = {
            event: _expit(known.calibrations[event].logit(head.logit(design), paces))
            for event, head in known.heads.items()
        }
        unknown = np.full(len(design), np.nan)
        rise = p["rise"]
        up = np.maximum(p.get("up", unknown), rise)
        mean, sd = known.change.mean(design), known.change.sd(design, papers)
        return Forecast(
            rise,
            up,
            np.minimum(p.get("fall", unknown), 1 - up),
            mean,
            mean + known.change.low * sd,
            mean + known.change.high * sd,
        )

    def parts(self, features: Floats, horizon: int) -> list[tuple[Part, ...]]:
        """What each known feature adds to the logit of a rise, by topic, the largest first."""
        known = self.horizons[horizon]
        design = known.scale.design(features, horizon)
        count = len(NAMES)
        slope = known.calibrations["rise"].slope
        each = design * known.heads["rise"].weights * slope
        each = each[:, :count] + each[:, count:]
        found = []
        for values, logits in zip(features, each, strict=True):
            parts = [
                Part(name, float(value), float(logit))
                for name, value, logit in zip(NAMES, values, logits, strict=True)
                if np.isfinite(value) and abs(logit) >= 0.005
            ]
            found.append(tuple(sorted(parts, key=lambda part: (-abs(part.logit), part.feature))))
        return found


def outlooks(
    model: Model,
    panel: Panel,
    features: Floats,
    as_of: date,
    base_month: date,
    abstained: Mapping[str, str],
) -> tuple[Outlook, ...]:
    """The outlooks of a panel's topics at every horizon; `abstained` holds, by topic, why none is given."""
    papers, _, months = panel.windows(12)
    yearly = papers[:, -1] * 12 / np.maximum(months[:, -1], 1)
    found: list[Outlook] = []
    for horizon in HORIZONS:
        told, parts = model.forecast(features, yearly, horizon), model.parts(features, horizon)
        for row, topic in enumerate(panel.topics):
            why = abstained.get(topic, "")
            if why:
                found.append(
                    Outlook(
                        topic, as_of, horizon, None, None, None, None, None, None, model.name, base_month, abstained=why
                    )
                )
                continue
            p = float(told.p_rise[row])
            found.append(
                Outlook(
                    direction=topic,
                    as_of=as_of,
                    horizon=horizon,
                    p_rise=p,
                    p_up=float(told.p_up[row]),
                    p_fall=float(told.p_fall[row]),
                    growth_low=float(told.low[row]),
                    growth_high=float(told.high[row]),
                    added=float(yearly[row] * np.expm1(told.mean[row])),
                    model=model.name,
                    base_month=base_month,
                    like=model.horizons[horizon].like.cases(float(yearly[row]), p),
                    parts=parts[row],
                )
            )
    return tuple(found)


# --- as a file --------------------------------------------------------------------------------------------------


def dumped(model: Model) -> str:
    """The model as JSON; `parsed` reads it."""
    return json.dumps(
        {
            "format": FORMAT,
            "name": model.name,
            "fitted_on": model.fitted_on,
            "last_closed": model.last_closed,
            "features": NAMES,
            "horizons": {str(months): _horizon_json(known) for months, known in sorted(model.horizons.items())},
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _rounded(values: Floats) -> list[Any]:
    rounded: list[Any] = np.round(values, 5).tolist()
    return rounded


def _head_json(head: Head) -> dict[str, Any]:
    return {"intercept": round(head.intercept, 5), "weights": _rounded(head.weights)}


def _calibration_json(one: Calibration) -> list[Any]:
    return [round(one.slope, 5), round(one.offset, 5), _rounded(one.paces), one.cases]


def _horizon_json(known: Horizon) -> dict[str, Any]:
    return {
        "centre": _rounded(known.scale.centre),
        "spread": _rounded(known.scale.spread),
        "heads": {event: _head_json(head) for event, head in known.heads.items()},
        "calibrations": {event: _calibration_json(one) for event, one in known.calibrations.items()},
        "change": {
            "head": _head_json(known.change.head),
            "variance": [round(known.change.floor, 5), round(known.change.noise, 5)],
            "quantiles": [round(known.change.low, 5), round(known.change.high, 5)],
        },
        "like": [known.like.count.tolist(), known.like.rose.tolist(), _rounded(known.like.predicted)],
    }


def parsed(text: str) -> Model:
    """The model that `dumped` wrote. Raises LittriageError for one of other features or another format."""
    data = json.loads(text)
    if data.get("format") != FORMAT or tuple(data.get("features", ())) != NAMES:
        raise LittriageError(
            f"the outlook's model {data.get('name', '')!r} was fitted to other features: fit it anew with "
            "'littriage backtest --save-model FILE'"
        )

    def head(one: Mapping[str, Any]) -> Head:
        return Head(float(one["intercept"]), np.array(one["weights"], dtype=np.float64))

    horizons = {}
    for months, one in data["horizons"].items():
        change = one["change"]
        count, rose, predicted = one["like"]
        horizons[int(months)] = Horizon(
            Scale(np.array(one["centre"]), np.array(one["spread"])),
            {event: head(value) for event, value in one["heads"].items()},
            {
                event: Calibration(slope, offset, np.array(paces), cases)
                for event, (slope, offset, paces, cases) in one["calibrations"].items()
            },
            Change(head(change["head"]), *change["variance"], *change["quantiles"]),
            Like(np.array(count), np.array(rose), np.array(predicted)),
        )
    return Model(data["name"], data["fitted_on"], data["last_closed"], horizons)


def shipped() -> Model:
    """The model that comes with littriage."""
    return parsed(Path(__file__).with_name("fitted.json").read_text(encoding="utf-8"))
