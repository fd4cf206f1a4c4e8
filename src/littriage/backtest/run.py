"""A whole backtest: origins of each kind of topic, walks, baselines beside them, and what to report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from littriage.backtest import scores
from littriage.backtest.baselines import BASELINES
from littriage.backtest.topics import cluster_topics, placebo_places
from littriage.backtest.walk import (
    FIRST_MONTHS,
    STEP_MONTHS,
    Origin,
    Told,
    other_origin,
    phrase_origin,
    thinned_origin,
    walk,
)
from littriage.errors import LittriageError
from littriage.model import HORIZONS
from littriage.outlook import model as outlook
from littriage.outlook.features import NAMES, phrase_topics
from littriage.outlook.shelf import Shelf
from littriage.panel import Floats, Panel
from littriage.trends import month_after, months_between

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from scipy.sparse import csr_matrix

SEED = 20210601
RESAMPLES = 300
LARGE = 60.0
"""Papers of the last 12 months from which a topic is of the largest size class."""

OWN = {"trend growth": "growth", "trend drawn on": "ahead_{horizon}", "neighbours' growth": "near_growth"}
"""Single features that are shown beside the whole, as others' scores are."""
COUNTS_ALONE = "counts alone"
"""The same model without neighbours, people, categories and other fields."""
_BEYOND_COUNTS = NAMES[NAMES.index("near_growth") :]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try."""

    first: date | None = None
    """First and last origin to report; None: as the record allows. Earlier ones still teach."""
    last: date | None = None
    step: int = STEP_MONTHS
    horizons: tuple[int, ...] = HORIZONS
    kinds: tuple[str, ...] = ("phrases", "directions", "clusters")
    thinned: bool = True
    placebo: bool = True
    baselines: bool = True
    resamples: int = RESAMPLES
    seed: int = SEED


@dataclass(frozen=True, slots=True)
class Given:
    """Topics that somebody named, beside the papers of a shelf; shape (papers, topics) each."""

    names: tuple[str, ...]
    papers: csr_matrix
    titles: csr_matrix


@dataclass(frozen=True, slots=True)
class Result:
    """What the walk told, by kind of topic and horizon, and what came of it."""

    first: date
    """The month that is number 0."""
    plan: Plan
    told: Mapping[str, Mapping[int, Sequence[Told]]]
    """`phrases`, `directions`, `clusters`, `thinned`."""
    counts_alone: Mapping[int, Sequence[Told]]
    placebo: Mapping[str, Any]
    origins: Sequence[Origin] = field(default_factory=tuple)
    """The phrase origins, those without outcomes too."""


def backtest(
    shelf: Shelf,
    plan: Plan | None = None,
    directions: Given | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> Result:
    """Walk through the shelf's field. Raises LittriageError where no forecast comes due.

    `progress` hears what is being done, how much of it is done and how much there is.
    """
    plan = plan or Plan()
    months = _months(shelf, plan)
    every = [name for name in BASELINES if name != "climatology"] if plan.baselines else []

    def scored(panel: Panel) -> dict[str, Floats]:
        return {
            name: np.stack(
                [np.asarray(BASELINES[name](panel, horizon).score, dtype=float) for horizon in HORIZONS], axis=1
            )
            for name in every
        }

    def described(what: str, at: Sequence[int], describe: Callable[[int], Origin | None]) -> list[Origin]:
        found = []
        for done, month in enumerate(at):
            progress(what, done, len(at))
            if (one := describe(month)) is not None:
                found.append(one)
        progress(what, len(at), len(at))
        return found

    phrases = described("phrases", months, lambda month: phrase_origin(shelf, month, scored))
    first = months_between(shelf.first, plan.first) if plan.first else 0
    told: dict[str, dict[int, list[Told]]] = {"phrases": {h: walk(phrases, h, first=first) for h in plan.horizons}}
    if not any(told["phrases"].values()):
        raise LittriageError(
            "no forecast came due: a backtest needs 24 complete months before the first origin, and after it the "
            "horizon twice (once to learn from, once to try); name a field that is whole, such as --categories cs.CL"
        )
    alone = {h: walk([_counts_alone(one) for one in phrases], h, first=first) for h in plan.horizons if plan.baselines}
    if "directions" in plan.kinds and directions is not None:
        given = directions
        others = described(
            "directions", months, lambda month: other_origin(shelf, month, given.papers, given.titles, given.names)
        )
        told["directions"] = {h: walk(phrases, h, others, first) for h in plan.horizons}
    if "clusters" in plan.kinds:

        def clustered(month: int) -> Origin | None:
            names, papers = cluster_topics(shelf, month, plan.seed)
            return other_origin(shelf, month, papers, None, names) if names else None

        clusters = described("clusters", months[::-2][::-1], clustered)
        told["clusters"] = {h: walk(phrases, h, clusters, first) for h in plan.horizons}
    if plan.thinned:
        halves = described("thinned", months, lambda month: thinned_origin(shelf, month, scored, plan.seed))
        told["thinned"] = {h: walk(halves, h, first=first) for h in plan.horizons}
    placebo = _placebo(shelf, [one for one in phrases if one.month >= first], plan, progress) if plan.placebo else {}
    return Result(shelf.first, plan, told, alone, placebo, phrases)


def _months(shelf: Shelf, plan: Plan) -> list[int]:
    """Origins backwards from the last that was asked for, so that the newest ones are always there."""
    last = shelf.months - 1
    if plan.last is not None:
        last = min(last, months_between(shelf.first, plan.last))
    return sorted(range(last, FIRST_MONTHS - 2, -plan.step))


def _counts_alone(origin: Origin) -> Origin:
    features = origin.features.copy()
    features[:, [NAMES.index(name) for name in _BEYOND_COUNTS]] = np.nan
    return replace(origin, features=features, scores={})


def _placebo(
    shelf: Shelf, origins: Sequence[Origin], plan: Plan, progress: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """How often words of style are called rising, beside topics; as of every fourth origin."""
    called, topics, called_topics, all_topics = 0.0, 0, 0.0, 0
    for done, origin in enumerate(origins[::4]):
        progress("placebo", done, len(origins[::4]))
        then = shelf.until(origin.month)
        places = placebo_places(then, plan.seed)
        if len(places):
            # Among the topics of the day, whose growth they are judged by.
            known = then.topics_of_field(origin.month)
            both = np.concatenate([known, np.setdiff1d(places, known)])
            state = phrase_topics(then, both).state
            grows = (np.nan_to_num(state.p_up) >= 0.9) & (np.nan_to_num(state.p_flat) < 0.9)
            called, topics = called + float(grows[len(known) :].sum()), topics + len(both) - len(known)
            called_topics, all_topics = called_topics + float(grows[: len(known)].sum()), all_topics + len(known)
    return {
        "phrases": topics,
        "called_rising": round(called / topics, 4) if topics else None,
        "topics": all_topics,
        "topics_called_rising": round(called_topics / all_topics, 4) if all_topics else None,
    }


# --- the tables -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Columns:
    """Forecasts of one kind and horizon, end to end."""

    topic: tuple[str, ...]
    origin: Floats
    papers: Floats
    rose: Floats
    up: Floats
    fell: Floats
    change: Floats
    p_rise: Floats
    p_up: Floats
    p_fall: Floats
    low: Floats
    high: Floats
    climatology: Floats
    pace: Floats
    scores: Mapping[str, Floats]
    """Raw, by name."""
    fitted: Mapping[str, Floats]
    """As probabilities, by name."""

    @property
    def large(self) -> Floats:
        """The outcome of topics of the largest size class; NaN for the others."""
        return np.where(self.papers >= LARGE, self.rose, np.nan)


def columns(told: Sequence[Told]) -> Columns:
    """The forecasts of several origins as columns."""

    def joined(each: Callable[[Told], ArrayLike]) -> Floats:
        return np.concatenate([np.asarray(each(one), dtype=np.float64) for one in told]) if told else np.empty(0)

    def raw(name: str) -> Floats:
        return joined(lambda one: one.origin.scores[name][:, HORIZONS.index(one.horizon)])

    def feature(name: str) -> Floats:
        return joined(lambda one: one.origin.features[:, NAMES.index(name.format(horizon=one.horizon))])

    def fitted(name: str) -> Floats:
        return joined(lambda one: one.fitted[name])

    return Columns(
        topic=tuple(name for one in told for name in one.origin.names),
        origin=joined(lambda one: np.full(len(one.origin.names), one.origin.month)),
        papers=joined(lambda one: one.origin.base[:, 0]),
        rose=joined(lambda one: one.rose),
        up=joined(lambda one: one.origin.cases(one.horizon).happened("up")),
        fell=joined(lambda one: one.origin.cases(one.horizon).happened("fall")),
        change=joined(lambda one: outlook.log_ratio(one.origin.cases(one.horizon))),
        p_rise=joined(lambda one: one.forecast.p_rise),
        p_up=joined(lambda one: one.forecast.p_up),
        p_fall=joined(lambda one: one.forecast.p_fall),
        low=joined(lambda one: one.forecast.low),
        high=joined(lambda one: one.forecast.high),
        climatology=joined(lambda one: np.full(len(one.origin.names), one.climatology)),
        pace=joined(lambda one: outlook.pace(one.origin.features)),
        scores={
            **{name: raw(name) for name in (told[0].origin.scores if told else ())},
            **{name: feature(column) for name, column in OWN.items() if told},
        },
        fitted={name: fitted(name) for name in (told[0].fitted if told else ())},
    )


def report(result: Result) -> dict[str, Any]:
    """The figures of a backtest in plain values, by kind of topic and horizon.

    `phrases` has, by horizon: rows, base_rate, auc, auc_60, brier_skill, ece, csi, thinned_auc, ..., intervals of 95%
    by a bootstrap over topics, and the same for each baseline with the gain over it.
    """
    plan = result.plan
    tables: dict[str, Any] = {}
    for kind, by_horizon in result.told.items():
        if kind != "thinned":
            tables[kind] = {
                str(horizon): _table(result, kind, horizon, told) for horizon, told in by_horizon.items() if told
            }
    return {
        "origins": _origins(result),
        "horizons": tables.get("phrases", {}),
        "directions": tables.get("directions", {}),
        "clusters": tables.get("clusters", {}),
        "placebo": result.placebo,
        "seed": plan.seed,
        "resamples": plan.resamples,
        "step_months": plan.step,
    }


def _origins(result: Result) -> dict[str, Any]:
    months = sorted({one.origin.month for each in result.told["phrases"].values() for one in each})
    ends = [month_after(result.first, month).strftime("%Y-%m") for month in (months[0], months[-1])]
    return {"first": ends[0], "last": ends[1], "count": len(months)}


def _point(measure: scores.Statistic, digits: int = 4) -> float | None:
    value = measure.point
    return None if value is None or not np.isfinite(value) else round(float(value), digits)


def _table(result: Result, kind: str, horizon: int, told: Sequence[Told]) -> dict[str, Any]:
    own = columns(told)
    outcome, p = own.rose, own.p_rise
    table: dict[str, Any] = {
        "rows": len(outcome),
        "topics": len(set(own.topic)),
        "rows_60": int((own.papers >= LARGE).sum()),
        **_figures(own, outcome, p, p),
        "auc_pooled": _point(scores.auc_pooled(outcome, p)),
        "precision_top_tenth": _point(scores.precision_top_tenth(outcome, p, own.origin)),
        "spearman": _point(scores.spearman(own.change, p, own.origin)),
        "brier_skill_known": _point(scores.brier_skill(outcome, p, own.climatology)),
        "calibration_slope": _point(scores.calibration_slope(outcome, p)),
        "coverage_80": _point(scores.coverage(own.change, own.low, own.high)),
        "up": _event(own.up, own.p_up, own.origin),
        "fall": _event(own.fell, own.p_fall, own.origin),
        "by_size": _strata(own, np.digitize(own.papers, outlook.SIZE_CLASSES), ("under 20", "20 to 60", "60 and more")),
        "by_pace": _strata(own, own.pace, ("shrinking", "neither", "growing")),
        "reliability": [
            {"predicted": round(one.predicted, 4), "observed": round(one.observed, 4), "rows": one.rows}
            for one in scores.reliability(outcome, p, 10, equal_width=True)
            if one.rows
        ],
    }
    if kind != "phrases":
        return table
    table["intervals"] = {
        name: [round(one.low, 4), round(one.high, 4)]
        for name, one in _intervals(own, result.plan).items()
        if one.low is not None and one.high is not None
    }
    thinned = columns(result.told["thinned"].get(horizon, ())) if "thinned" in result.told else None
    table |= _thinned(thinned, thinned.p_rise if thinned is not None else None)
    table["baselines"] = _baselines(result, horizon, own, thinned)
    return table


def _figures(own: Columns, outcome: Floats, score: Floats, p: Floats | None) -> dict[str, Any]:
    """The figures that the model and each baseline have."""
    return {
        "base_rate": round(float(outcome.mean()), 4),
        "auc": _point(scores.auc(outcome, score, own.origin)),
        "auc_60": _point(scores.auc(own.large, score, own.origin)),
        "csi": _point(scores.csi(outcome, score, own.origin)),
        "brier_skill": _point(scores.brier_skill(outcome, p)) if p is not None else None,
        "ece": _point(scores.ece(outcome, p)) if p is not None else None,
    }


def _event(outcome: Floats, p: Floats, origin: Floats) -> dict[str, Any]:
    return {
        "base_rate": round(float(outcome.mean()), 4),
        "auc": _point(scores.auc(outcome, p, origin)),
        "brier_skill": _point(scores.brier_skill(outcome, p)),
        "ece": _point(scores.ece(outcome, p)),
    }


def _strata(own: Columns, place: ArrayLike, names: Sequence[str]) -> dict[str, Any]:
    table = {}
    for number, name in enumerate(names):
        of = np.asarray(place) == number
        if of.any():
            outcome = np.where(of, own.rose, np.nan)
            table[name] = {
                "rows": int(of.sum()),
                "base_rate": round(float(own.rose[of].mean()), 4),
                "predicted": round(float(own.p_rise[of].mean()), 4),
                "auc": _point(scores.auc(outcome, own.p_rise, own.origin)),
                "ece": _point(scores.ece(outcome, own.p_rise)),
                "coverage_80": _point(scores.coverage(np.where(of, own.change, np.nan), own.low, own.high)),
            }
    return table


def _intervals(own: Columns, plan: Plan) -> dict[str, scores.Estimate]:
    statistics = {
        "auc": scores.auc(own.rose, own.p_rise, own.origin),
        "auc_60": scores.auc(own.large, own.p_rise, own.origin),
        "brier_skill": scores.brier_skill(own.rose, own.p_rise),
        "csi": scores.csi(own.rose, own.p_rise, own.origin),
        "coverage_80": scores.coverage(own.change, own.low, own.high),
    }
    drawn = scores.resampled(statistics, np.array(own.topic), resamples=plan.resamples, seed=plan.seed)
    return {name: drawn.estimate(name) for name in statistics}


def _thinned(own: Columns | None, score: Floats | None) -> dict[str, Any]:
    if own is None or score is None or not len(own.rose):
        return {"thinned_auc": None, "thinned_auc_60": None, "thinned_rows": 0}
    return {
        "thinned_auc": _point(scores.auc(own.rose, score, own.origin)),
        "thinned_auc_60": _point(scores.auc(own.large, score, own.origin)),
        "thinned_rows": len(own.rose),
    }


def _baselines(result: Result, horizon: int, own: Columns, thinned: Columns | None) -> dict[str, Any]:
    """Each other method: its raw score, the same fitted to a probability, and the model's gain in AUC over both."""
    table: dict[str, Any] = {
        "climatology": {
            "rows": len(own.rose),
            **_figures(own, own.rose, np.zeros(len(own.rose)), own.climatology),
            "thinned_auc": 0.5,
            "silent": 0,
        }
    }
    alone = columns(result.counts_alone.get(horizon, ()))
    raw, fitted = dict(own.scores), dict(own.fitted)
    if len(alone.rose) == len(own.rose):
        raw[COUNTS_ALONE] = fitted[COUNTS_ALONE] = alone.p_rise
    for name, score in raw.items():
        p = fitted.get(name)
        silent = ~np.isfinite(score)
        level = np.where(silent, np.nanmin(score) if (~silent).any() else 0.0, score)
        drawn = scores.resampled(
            {
                "own": scores.auc(own.rose, own.p_rise, own.origin),
                "raw": scores.auc(own.rose, level, own.origin),
                **({"fitted": scores.auc(own.rose, p, own.origin)} if p is not None else {}),
            },
            np.array(own.topic),
            resamples=result.plan.resamples,
            seed=result.plan.seed,
        )
        gain = drawn.difference("own", "raw")
        gain_fitted = drawn.difference("own", "fitted") if p is not None else None
        half = thinned.scores.get(name) if thinned is not None else None
        table[name] = {
            "rows": len(own.rose),
            **_figures(own, own.rose, level, p),
            "auc_fitted": _point(scores.auc(own.rose, p, own.origin)) if p is not None else None,
            "thinned_auc": _thinned(thinned, np.nan_to_num(half, nan=float(np.nanmin(half))))["thinned_auc"]
            if half is not None and np.isfinite(half).any()
            else None,
            "silent": int(silent.sum()),
            "gain": [round(value, 4) for value in (gain.value, gain.low, gain.high) if value is not None],
            "gain_over_fitted": [
                round(value, 4) for value in (gain_fitted.value, gain_fitted.low, gain_fitted.high) if value is not None
            ]
            if gain_fitted is not None
            else None,
        }
    return table
