"""A whole backtest: origins of each kind of topic, walks, baselines beside them, and what to report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from littriage import signals
from littriage.backtest import scores
from littriage.backtest.baselines import raw_scores
from littriage.backtest.topics import cluster_topics, placebo_places
from littriage.backtest.walk import (
    FIRST_MONTHS,
    STEP_MONTHS,
    TRAIN_ROWS,
    Origin,
    Then,
    Told,
    other_origin,
    phrase_origin,
    then_at,
    thinned_origin,
    walks,
)
from littriage.errors import LittriageError
from littriage.model import HORIZONS
from littriage.outlook import model as outlook
from littriage.outlook.features import NAMES
from littriage.outlook.shelf import Shelf
from littriage.panel import Floats, Panel
from littriage.trends import month_after, months_between

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from scipy.sparse import csr_matrix

SEED = 20210601
RESAMPLES = 300
LARGE = outlook.SIZE_CLASSES[-1]
"""Papers of the last 12 months from which a topic is of the largest size class."""

OWN = {"trend growth": "growth", "trend drawn on": "ahead_{horizon}", "neighbours' growth": "near_growth"}
"""Single features that are shown beside the whole, as others' scores are."""
COUNTS_ALONE = "counts alone"
"""The same model without neighbours, people, categories and other fields."""
_CLUSTERS_EVERY, _PLACEBO_EVERY = 2, 4
"""Origins, counted from the last."""
_SURE = 0.9
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
    """`phrases`, `directions`, `clusters`, `thinned`: the origins that are reported."""
    counts_alone: Mapping[int, Sequence[Told]]
    placebo: Mapping[str, Any]
    origins: Sequence[Origin]
    """The phrase origins, those without outcomes too."""
    walked: Mapping[int, Sequence[Told]]
    """What was told of phrases at all origins: that of earlier ones than are reported calibrates too."""


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
    described = _described(shelf, plan, directions, progress)
    phrases = described.origins["phrases"]
    first = months_between(shelf.first, plan.first) if plan.first else 0

    def due(walked: Sequence[Told]) -> list[Told]:
        return [one for one in walked if one.origin.month >= first]

    walked: dict[int, list[Told]] = {}
    told: dict[str, dict[int, list[Told]]] = {kind: {} for kind in described.origins}
    counts_alone: dict[int, list[Told]] = {}
    others = {kind: each for kind, each in described.origins.items() if kind in ("directions", "clusters")}
    alone = [_counts_alone(one) for one in phrases]
    for done, horizon in enumerate(plan.horizons):
        progress("forecasts", done, len(plan.horizons))
        walked[horizon], of_others = walks(phrases, horizon, others)
        told["phrases"][horizon] = due(walked[horizon])
        for kind, each in of_others.items():
            told[kind][horizon] = due(each)
        if plan.baselines:
            counts_alone[horizon] = due(walks(alone, horizon, {}, ("rise",))[0])
        if "thinned" in told:
            told["thinned"][horizon] = due(
                walks(described.origins["thinned"], horizon, {}, ("rise",), singles=False)[0]
            )
    progress("forecasts", len(plan.horizons), len(plan.horizons))
    if not any(told["phrases"].values()):
        raise LittriageError(
            f"no forecast came due: a backtest needs {FIRST_MONTHS} months before the first origin, after it the "
            f"horizon twice (once to learn from, once to try), and {TRAIN_ROWS} topics at origins that have closed; "
            f"the {shelf.months} months of this field have {sum(len(one.names) for one in phrases)} topics at "
            f"{len(phrases)} origins"
        )
    return Result(shelf.first, plan, told, counts_alone, described.placebo, phrases, walked)


@dataclass(frozen=True, slots=True)
class _Described:
    """The origins of each kind of topic, and how often words of style are called rising."""

    origins: Mapping[str, list[Origin]]
    placebo: Mapping[str, Any]


def _described(
    shelf: Shelf, plan: Plan, directions: Given | None, progress: Callable[[str, int, int], None]
) -> _Described:
    """Month by month: what all kinds of topics stand beside is the costly part."""
    kinds = ["phrases", *(kind for kind in ("directions", "clusters") if kind in plan.kinds)]
    origins: dict[str, list[Origin]] = {kind: [] for kind in [*kinds, *(["thinned"] if plan.thinned else [])]}
    if directions is None:
        origins.pop("directions", None)
    calls = Calls()
    first = months_between(shelf.first, plan.first) if plan.first else 0
    last = shelf.months - 1 if plan.last is None else min(shelf.months - 1, months_between(shelf.first, plan.last))
    months = origin_months(last, plan.step)

    def scored(panel: Panel) -> dict[str, Floats]:
        return raw_scores(panel, HORIZONS) if plan.baselines else {}

    for done, month in enumerate(months):
        progress("origins", done, len(months))
        then = then_at(shelf, month)
        if then is None:
            continue
        found = {"phrases": phrase_origin(shelf, month, scored, then)}
        if directions is not None and "directions" in origins:
            found["directions"] = other_origin(
                shelf, month, directions.papers, directions.titles, directions.names, then=then
            )
        back = len(months) - 1 - done
        if "clusters" in origins and back % _CLUSTERS_EVERY == 0:
            names, papers = cluster_topics(shelf, then, plan.seed)
            found["clusters"] = other_origin(shelf, month, papers, None, names, then=then) if names else None
        if "thinned" in origins:
            found["thinned"] = thinned_origin(shelf, month, scored, plan.seed, then)
        for kind, one in found.items():
            if one is not None:
                origins[kind].append(one)
        if plan.placebo and month >= first and back % _PLACEBO_EVERY == 0:
            calls = calls.added(_called(then, plan.seed))
    progress("origins", len(months), len(months))
    return _Described(origins, calls.parts() if plan.placebo else {})


def origin_months(last: int, step: int) -> list[int]:
    """The origins up to a month, backwards from it, so that the newest one is always there; oldest first."""
    return sorted(range(last, FIRST_MONTHS - 2, -step))


def _counts_alone(origin: Origin) -> Origin:
    features = origin.features.copy()
    features[:, [NAMES.index(name) for name in _BEYOND_COUNTS]] = np.nan
    return replace(origin, features=features, scores={})


# --- words of style ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calls:
    """How many topics, and how many words of style beside them, were sure to grow (90%)."""

    words: int = 0
    words_up: int = 0
    """Growth above 0."""
    words_rising: int = 0
    """Growth above 10% a year."""
    topics: int = 0
    topics_up: int = 0
    topics_rising: int = 0

    def added(self, more: Calls) -> Calls:
        return Calls(*(one + other for one, other in zip(astuple(self), astuple(more), strict=True)))

    def parts(self) -> dict[str, Any]:
        """As parts of the whole, in plain values."""

        def part(count: int, of: int) -> float | None:
            return round(count / of, 4) if of else None

        return {
            "phrases": self.words,
            "called_rising": part(self.words_up, self.words),
            "called_rising_10": part(self.words_rising, self.words),
            "topics": self.topics,
            "topics_called_rising": part(self.topics_up, self.topics),
            "topics_called_rising_10": part(self.topics_rising, self.topics),
        }


def _called(then: Then, seed: int) -> Calls:
    """Of words of style among the topics of the day, whose growth they are judged by."""
    names = then.near.panel.topics
    places = placebo_places(then.shelf, seed)
    words = [place for place in places.tolist() if then.shelf.phrases.names[place] not in set(names)]
    if not words:
        return Calls()
    panel = then.shelf.panel(then.shelf.phrases.texts[:, words], tuple(then.shelf.phrases.names[one] for one in words))
    near = then.near.panel
    both = Panel(
        (*near.topics, *panel.topics),
        panel.first,
        np.concatenate([near.papers, panel.papers]),
        np.concatenate([near.exposure, panel.exposure]),
        np.concatenate([near.usable, panel.usable]),
    )
    state = signals.state(both)
    up = np.nan_to_num(state.p_up) >= _SURE
    rising = state.known & (1 - state.trends.growth.below(signals.FLAT) >= _SURE)
    count = len(names)
    return Calls(
        len(words), int(up[count:].sum()), int(rising[count:].sum()),
        count, int(up[:count].sum()), int(rising[:count].sum()),
    )  # fmt: skip


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
        "tried": {
            "horizons": list(plan.horizons),
            "kinds": sorted({"phrases", *plan.kinds}),
            "thinned": plan.thinned,
            "baselines": plan.baselines,
        },
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
            {
                "predicted": round(one.predicted, 4),
                "observed": round(one.observed, 4),
                "rows": one.rows,
                "rose": one.rose,
                "interval": [round(one.low, 4), round(one.high, 4)],
            }
            for one in scores.reliability(outcome, p, 10, equal_width=True)
        ],
    }
    if kind != "phrases":
        return table
    thinned = columns(result.told["thinned"].get(horizon, ())) if "thinned" in result.told else None
    others = _others(result, horizon, own)
    drawn = scores.resampled(
        {**_statistics(own), **_rankings(own, others)},
        np.array(own.topic),
        resamples=result.plan.resamples,
        seed=result.plan.seed,
    )
    table["intervals"] = {name: _interval(drawn.estimate(name)) for name in _statistics(own)}
    table |= _thinned(thinned, thinned.p_rise if thinned is not None else None)
    table["baselines"] = _baselines(own, others, thinned, drawn)
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


def _statistics(own: Columns) -> dict[str, scores.Statistic]:
    """Of the model, those that have an interval."""
    return {
        "auc": scores.auc(own.rose, own.p_rise, own.origin),
        "auc_60": scores.auc(own.large, own.p_rise, own.origin),
        "brier_skill": scores.brier_skill(own.rose, own.p_rise),
        "csi": scores.csi(own.rose, own.p_rise, own.origin),
        "coverage_80": scores.coverage(own.change, own.low, own.high),
    }


def _interval(one: scores.Estimate) -> list[float] | None:
    return [round(one.low, 4), round(one.high, 4)] if np.isfinite(one.low) else None


def _thinned(own: Columns | None, score: Floats | None) -> dict[str, Any]:
    if own is None or score is None or not len(own.rose):
        return {"thinned_auc": None, "thinned_auc_60": None, "thinned_rows": 0}
    return {
        "thinned_auc": _point(scores.auc(own.rose, score, own.origin)),
        "thinned_auc_60": _point(scores.auc(own.large, score, own.origin)),
        "thinned_rows": len(own.rose),
    }


@dataclass(frozen=True, slots=True)
class _Other:
    """Another method beside the model."""

    level: Floats
    """Its score; the lowest of them where it says nothing."""
    silent: int
    """Topics of which it says nothing."""
    p: Floats | None
    """Fitted to a probability."""


def _heard(score: Floats | None) -> Floats | None:
    """The score, its lowest value where it says nothing; None where it never says anything."""
    if score is None or not np.isfinite(score).any():
        return None
    return np.where(np.isfinite(score), score, np.nanmin(score))


def _others(result: Result, horizon: int, own: Columns) -> dict[str, _Other]:
    if not result.plan.baselines:
        return {}
    alone = columns(result.counts_alone.get(horizon, ()))
    raw, fitted = dict(own.scores), dict(own.fitted)
    if len(alone.rose) == len(own.rose):
        raw[COUNTS_ALONE] = fitted[COUNTS_ALONE] = alone.p_rise
    found = {}
    for name, score in raw.items():
        level = _heard(score)
        silent = int((~np.isfinite(score)).sum())
        found[name] = _Other(np.zeros(len(score)) if level is None else level, silent, fitted.get(name))
    return found


def _rankings(own: Columns, others: Mapping[str, _Other]) -> dict[str, scores.Statistic]:
    """Of each other method, its AUC and that of its fitted probability, and the AUC of large topics."""
    found = {}
    for name, one in others.items():
        found[f"{name}/raw"] = scores.auc(own.rose, one.level, own.origin)
        found[f"{name}/large"] = scores.auc(own.large, one.level, own.origin)
        if one.p is not None and one.p is not one.level:
            found[f"{name}/fitted"] = scores.auc(own.rose, one.p, own.origin)
    return found


def _baselines(
    own: Columns, others: Mapping[str, _Other], thinned: Columns | None, drawn: scores.Resamples
) -> dict[str, Any]:
    """Each other method: its raw score, the same fitted to a probability, and the model's gain in AUC over both."""

    def gain(of: str, over: str) -> list[float] | None:
        if over not in drawn.values:
            return None
        one = drawn.difference(of, over)
        return [round(value, 4) for value in (one.value, one.low, one.high)] if np.isfinite(one.low) else None

    table: dict[str, Any] = {}
    if others:
        table["climatology"] = {
            "rows": len(own.rose),
            **_figures(own, own.rose, np.zeros(len(own.rose)), own.climatology),
            "thinned_auc": 0.5 if thinned is not None and len(thinned.rose) else None,
            "silent": 0,
            "own": False,
        }
    for name, one in others.items():
        half = _heard(thinned.scores.get(name)) if thinned is not None else None
        table[name] = {
            "rows": len(own.rose),
            **_figures(own, own.rose, one.level, one.p),
            "auc_fitted": _point(scores.auc(own.rose, one.p, own.origin)) if one.p is not None else None,
            **_thinned(thinned, half),
            "silent": one.silent,
            "own": name in (*OWN, COUNTS_ALONE),
            "intervals": {
                "auc": _interval(drawn.estimate(f"{name}/raw")),
                "auc_60": _interval(drawn.estimate(f"{name}/large")),
            },
            "gain": gain("auc", f"{name}/raw"),
            "gain_60": gain("auc_60", f"{name}/large"),
            "gain_over_fitted": gain("auc", f"{name}/fitted"),
        }
    return table
