"""S-curves fitted to shares, and whether their ceiling can be told.

A topic's papers in a quarter are a count with expectation N x K x F((t - t0) / tau): N the field's papers, K the
ceiling, t0 the month of steepest growth, tau months; F is the logistic 1 / (1 + exp(-x)) or the Gompertz curve
exp(-exp(-x)). The likelihood is quasi-Poisson: papers and field are divided by the topic's dispersion once, and the
rest is Poisson. Given t0 and tau the best K is papers / sum(N F), so a grid over t0 and tau holds the profile over K.

A ceiling is given only where simulated topics, most of which follow no S-curve, say that it can be told
(docs/method.md). Before that there is a reason and no number. It is the level that the present wave goes to, and no
forecast: on the real record shares left such a level again within three years more often than not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Literal

import numpy as np

from littriage.model import Reason
from littriage.notation import part_text, share_text
from littriage.panel import Bools, Floats, Ints, Panel
from littriage.smoothing import PERIOD_MONTHS, dispersions
from littriage.trends import month_after


class Family(StrEnum):
    """A curve of the share over time."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    FREE = "free"
    """Log share a polynomial of third degree, or second where that fits better: any slow bend, up or down."""
    LOGISTIC = "logistic"
    GOMPERTZ = "gompertz"


_S_CURVES = (Family.LOGISTIC, Family.GOMPERTZ)


@dataclass(frozen=True, slots=True)
class Limits:
    """What must hold for a ceiling to be given. AIC: 2 x parameters - 2 x log likelihood."""

    papers: float = 25
    """In the whole record, weighed: a paper counts for one over the dispersion."""
    months: int = 36
    """Usable ones."""
    recent_months: int = 9
    """Usable ones of the last 12."""
    beats: float = 4.0
    """By which the AIC of constant and exponential exceeds that of the S-curve."""
    free: float = 1.0
    """The same for a curve that bends freely: it is what shows a hump, or growth that wanders."""
    past: float = 0.9
    """P(t0 < T)."""
    months_past: float = 24
    """T - t0."""
    widest: float = 1.5
    """Upper over lower end of the 80% interval of K."""


@dataclass(frozen=True, slots=True)
class Fits:
    """The S-curves of a panel's topics, whether or not they mean anything. Each array of shape (topics,).

    NaN where nothing was fitted. The interval, P(t0 < T) and the exact t0, K and tau are there only where the two
    kinds of S-curve come near to passing the limits; elsewhere t0, K and tau are the best of a coarse grid.
    """

    papers: Floats
    """Weighed by one over the dispersion."""
    gompertz: Bools
    """Whether Gompertz fits better than the logistic curve."""
    refined: Bools
    ceiling: Floats
    """K, a share."""
    low: Floats
    """80% profile interval of K over both kinds of S-curve; widened where the best of them leaves more scatter than
    the dispersion explains."""
    high: Floats
    turn: Floats
    """t0, in months after the panel's last month; negative before it."""
    turn_low: Floats
    turn_high: Floats
    spread: Floats
    """tau, months."""
    past: Floats
    """P(t0 < T), from the likelihood with even weight on t0 and log tau."""
    position: Floats
    """Share of the fitted curve at the last month over K, 0 to 1."""
    constant: Floats
    """AIC above the better S-curve's; negative where it fits better."""
    exponential: Floats
    free: Floats
    logistic: Floats
    """AIC above Gompertz's."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What can be said of the ceiling of one topic's share at T, the panel's last month."""

    topic: str
    month: date
    identifiable: bool
    reasons: tuple[Reason, ...]
    """Why no ceiling is given, worded by `reason_text`; empty where one is."""
    family: Family | None
    """The curve of the lowest AIC, a coarse one where no S-curve comes near; None where nothing was fitted."""
    aic: Mapping[Family, float]
    """Above the lowest one's."""
    share: float | None = None
    """K: the share that the topic goes to. This and the following only where identifiable."""
    low: float | None = None
    """80% profile interval of K."""
    high: float | None = None
    inflection: date | None = None
    """Month of the steepest growth of share."""
    inflection_low: date | None = None
    """80% profile interval of it."""
    inflection_high: date | None = None
    position: float | None = None
    """Share of the fitted curve at `month` over K, 0 to 1."""


def ceilings(panel: Panel, limits: Limits | None = None) -> tuple[Ceiling, ...]:
    """One answer for each topic of the panel, in its order: a ceiling with its interval, or why there is none."""
    limit = limits or Limits()
    found = fits(panel, limit)
    usable = panel.usable & (panel.exposure > 0)
    months, recent = usable.sum(axis=1), usable[:, -12:].sum(axis=1)
    return tuple(
        _ceiling(_Row(panel, found, row, int(months[row]), int(recent[row])), limit) for row in range(len(panel.topics))
    )


# --- the fit ----------------------------------------------------------------------------------------------------

_CHI2_80 = 1.6424
"""80% point of chi-squared with one degree of freedom."""
_KEPT = 4.0
"""Log likelihood below the best at which a cell of a grid no longer matters."""
_TURN_STEP = 2.0
_TURN_BEFORE, _TURN_AFTER = 24.0, 60.0
"""Months before the first and after the last one where the grid of t0 ends."""
_SPREADS = np.geomspace(2.5, 50.0, 19)
_FINE = 24
"""Cells of a finer grid in each direction."""
_COARSE_AIC = 2.0, 0.003
"""AIC that the coarse grid may lose: this, and this for each weighed paper."""
_COARSE_MONTHS = 6.0
_RIDGE = 1e-3
_ROUNDS = 40
_ENOUGH = 1e-3
"""Log likelihood that a round of Newton's steps must gain to be followed by another."""
_FARTHEST = 40.0
"""Of (t - t0) / tau: beyond it a curve is 0 or 1."""


def fits(panel: Panel, limits: Limits | None = None) -> Fits:
    """The S-curves of each topic, and by how much they fit better than other curves.

    Topics with fewer weighed papers or usable months than the limits ask are left out.
    """
    limit = limits or Limits()
    usable = panel.usable & (panel.exposure > 0)
    exposure, papers = np.where(usable, panel.exposure, 0.0), np.where(usable, panel.papers, 0.0)
    weight = 1 / dispersions(papers, exposure)[:, None] if usable.any() and papers.any() else np.ones((len(papers), 1))
    whole = _quarters(papers * weight, exposure * weight)
    total = whole.papers.sum(axis=1)
    chosen = np.flatnonzero((total >= limit.papers) & (usable.sum(axis=1) >= limit.months))
    columns = _fitted(whole.rows(chosen), limit) if chosen.size else {}
    spread_out = {field.name: np.full(len(papers), np.nan) for field in fields(Fits)}
    for name, own in columns.items():
        spread_out[name][chosen] = own
    spread_out["papers"] = total
    flags = {name: spread_out[name] == 1 for name in ("gompertz", "refined")}
    return Fits(**{**spread_out, **flags})


@dataclass(frozen=True, slots=True)
class _Quarters:
    """Weighed papers and exposure, shape (topics, quarters), and the middle of each quarter in months after T."""

    papers: Floats
    exposure: Floats
    month: Floats

    def rows(self, chosen: Ints) -> _Quarters:
        return _Quarters(self.papers[chosen], self.exposure[chosen], self.month)


def _quarters(papers: Floats, exposure: Floats) -> _Quarters:
    """Quarters that end with the last month; the first may be of fewer months than three."""
    before = -papers.shape[1] % PERIOD_MONTHS
    periods = (papers.shape[1] + before) // PERIOD_MONTHS
    shape = (len(papers), periods, PERIOD_MONTHS)
    y, n = (np.pad(own, ((0, 0), (before, 0))).reshape(shape).sum(axis=2) for own in (papers, exposure))
    back = np.arange(periods)[::-1]
    return _Quarters(y, n, -(PERIOD_MONTHS * back + (PERIOD_MONTHS - 1) / 2))


def _fitted(data: _Quarters, limit: Limits) -> dict[str, Floats]:
    """The columns of Fits for topics with enough data: first all on one coarse grid, then the promising ones finely."""
    turns = np.arange(PERIOD_MONTHS * data.month.size * -1.0 - _TURN_BEFORE, _TURN_AFTER, _TURN_STEP)
    grid = _Grid(turns, np.log(_SPREADS))
    coarse = {family: _coarse(data, grid, family) for family in _S_CURVES}
    found = _best_of(data, grid, coarse)
    others = {"constant": _aic(_constant(data), 1), "exponential": _aic(_polynomial(data, 1), 2)}
    others["free"] = np.minimum(_aic(_polynomial(data, 2), 3), _aic(_polynomial(data, 3), 4))
    slack = _COARSE_AIC[0] + _COARSE_AIC[1] * data.papers.sum(axis=1)
    wanted = {"constant": limit.beats, "exponential": limit.beats, "free": limit.free}
    near = found["turn"] <= -limit.months_past + _COARSE_MONTHS
    for name, aic in others.items():
        near &= aic - found["aic"] + slack >= wanted[name]
    for row in np.flatnonzero(near):
        topic = _Topic(data.papers[row], data.exposure[row], data.month)
        starts = {family: _Surface(family, grid, profile[row]) for family, profile in coarse.items()}
        for name, value in _refined(topic, starts).items():
            found[name][row] = value
    s_curve = found.pop("aic")
    return found | {name: aic - s_curve for name, aic in others.items()}


def _aic(likelihood: Floats, parameters: int) -> Floats:
    return np.asarray(2 * parameters - 2 * likelihood, dtype=np.float64)


def _constant(data: _Quarters) -> Floats:
    total = data.papers.sum(axis=1)
    return np.asarray(total * np.log(total / data.exposure.sum(axis=1)) - total, dtype=np.float64)


def _polynomial(data: _Quarters, degree: int) -> Floats:
    """Highest log likelihood, up to a constant, of a log share that is a polynomial of the month. By Newton steps."""
    # Orthogonal columns: Newton's steps then need no more than a few rounds.
    design = np.linalg.qr(np.vander(data.month / np.abs(data.month).max(), degree + 1, increasing=True))[0]
    design *= np.sqrt(data.month.size) * np.sign(design[0])
    pairs = (design[:, :, None] * design[:, None, :]).reshape(data.month.size, -1)
    curve = np.zeros((len(data.papers), degree + 1))
    curve[:, 0] = np.log(data.papers.sum(axis=1) / data.exposure.sum(axis=1))
    height = _poisson(data, curve @ design.T)
    moving = np.arange(len(curve))
    for _ in range(_ROUNDS):
        own = data.rows(moving)
        expected = own.exposure * np.exp(curve[moving] @ design.T)
        gradient = (own.papers - expected) @ design
        information = (expected @ pairs).reshape(-1, degree + 1, degree + 1) + _RIDGE * np.eye(degree + 1)
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        step /= np.maximum(1.0, np.abs(step).max(axis=1, keepdims=True) / 3)
        reached = _poisson(own, (curve[moving] + step) @ design.T)
        step[reached < height[moving]] /= 4
        reached = _poisson(own, (curve[moving] + step) @ design.T)
        gain = reached - height[moving]
        better = moving[gain > 0]
        curve[better] += step[gain > 0]
        height[better] = reached[gain > 0]
        moving = moving[gain > _ENOUGH]
        if not moving.size:
            break
    return height


def _poisson(data: _Quarters, log_share: Floats) -> Floats:
    likelihood = data.papers * log_share - data.exposure * np.exp(np.minimum(log_share, 50.0))
    return np.asarray(likelihood.sum(axis=1), dtype=np.float64)


def _log_curve(family: Family, scaled: Floats) -> Floats:
    """log F."""
    fading = np.exp(-np.clip(scaled, -6.5 if family is Family.GOMPERTZ else -_FARTHEST, _FARTHEST))
    return np.asarray(-fading if family is Family.GOMPERTZ else -np.log1p(fading), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Grid:
    turns: Floats
    log_spreads: Floats

    def scaled(self, month: Floats) -> Floats:
        """(t - t0) / tau, shape (t0, tau, months)."""
        spread = np.exp(self.log_spreads)
        return np.asarray((month - self.turns[:, None, None]) / spread[None, :, None], dtype=np.float64)

    def around(self, kept: Bools) -> _Grid:
        """A finer grid over the cells that matter, and one more on each side."""
        return _Grid(
            _finer(self.turns, np.flatnonzero(kept.any(axis=1))),
            _finer(self.log_spreads, np.flatnonzero(kept.any(axis=0))),
        )


def _finer(axis: Floats, kept: Ints) -> Floats:
    step = axis[1] - axis[0]
    return np.linspace(axis[kept[0]] - step, axis[kept[-1]] + step, _FINE)


def _coarse(data: _Quarters, grid: _Grid, family: Family) -> Floats:
    """Log likelihood at the best K of each cell, up to a constant. Shape (topics, t0, tau)."""
    log_curve = _log_curve(family, grid.scaled(data.month))
    cells = log_curve.reshape(-1, data.month.size)
    total = data.papers.sum(axis=1, keepdims=True)
    profile = data.papers @ cells.T + total * np.log(total / (data.exposure @ np.exp(cells).T)) - total
    return np.asarray(profile.reshape(len(profile), *log_curve.shape[:2]), dtype=np.float64)


def _best_of(data: _Quarters, grid: _Grid, coarse: Mapping[Family, Floats]) -> dict[str, Floats]:
    """The best cell of each topic on the coarse grid."""
    topics = len(data.papers)
    highest = {family: profile.reshape(topics, -1).max(axis=1) for family, profile in coarse.items()}
    gompertz = highest[Family.GOMPERTZ] > highest[Family.LOGISTIC]
    best = np.where(gompertz[:, None, None], coarse[Family.GOMPERTZ], coarse[Family.LOGISTIC]).reshape(topics, -1)
    turn, spread = np.divmod(best.argmax(axis=1), grid.log_spreads.size)
    t0, tau = grid.turns[turn], np.exp(grid.log_spreads)[spread]
    scaled = (np.append(data.month, 0.0) - t0[:, None]) / tau[:, None]
    is_gompertz = gompertz[:, None]
    curve = np.exp(np.where(is_gompertz, _log_curve(Family.GOMPERTZ, scaled), _log_curve(Family.LOGISTIC, scaled)))
    unknown = {name: np.full(topics, np.nan) for name in ("low", "high", "turn_low", "turn_high", "past")}
    return unknown | {
        "gompertz": gompertz.astype(np.float64),
        "refined": np.zeros(topics),
        "ceiling": data.papers.sum(axis=1) / (data.exposure * curve[:, :-1]).sum(axis=1),
        "turn": t0,
        "spread": tau,
        "position": curve[:, -1],
        "logistic": 2 * (highest[Family.GOMPERTZ] - highest[Family.LOGISTIC]),
        "aic": _aic(best.max(axis=1), 3),
    }


# --- one topic, finely ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Topic:
    papers: Floats
    exposure: Floats
    month: Floats


@dataclass(frozen=True, slots=True)
class _Surface:
    """Log likelihood at the best K over a grid of t0 and tau."""

    family: Family
    grid: _Grid
    profile: Floats

    @property
    def best(self) -> tuple[int, int]:
        turn, spread = divmod(int(self.profile.argmax()), self.profile.shape[1])
        return turn, spread


@dataclass(frozen=True, slots=True)
class _Fine:
    surface: _Surface
    ceiling: Floats
    """Best K of each cell."""
    expected: Floats
    """Weighed papers by quarter at the best cell."""


def _finely(topic: _Topic, surface: _Surface) -> _Fine:
    """The surface on a grid that follows its top: twice finer, each time over what is within reach of the best."""
    total = topic.papers.sum()
    for _ in range(2):
        grid = surface.grid.around(surface.profile >= surface.profile.max() - _KEPT)
        log_curve = _log_curve(surface.family, grid.scaled(topic.month))
        curve = np.exp(log_curve)
        ceiling = total / (curve @ topic.exposure)
        surface = _Surface(surface.family, grid, log_curve @ topic.papers + total * np.log(ceiling) - total)
    return _Fine(surface, ceiling, ceiling[surface.best] * curve[surface.best] * topic.exposure)


def _refined(topic: _Topic, starts: Mapping[Family, _Surface]) -> dict[str, float]:
    """The columns of Fits for one topic.

    The interval of K is of both kinds of S-curve together: where they fit equally well and disagree, it holds both. A
    cell whose best K is K_c and whose log likelihood is d above the bar reaches to K_c exp(+-sqrt(2 d / papers)).
    """
    fine = {family: _finely(topic, surface) for family, surface in starts.items()}
    winner = max(fine.values(), key=lambda one: float(one.surface.profile.max()))
    highest = float(winner.surface.profile.max())
    scatter = max(1.0, _scatter(topic, winner.expected))
    bar = highest - scatter * _CHI2_80 / 2
    ends = [_ends(one, bar, scatter, float(topic.papers.sum())) for one in fine.values()]
    low, turn_low = (min(own[place] for own in ends) for place in (0, 2))
    high, turn_high = (max(own[place] for own in ends) for place in (1, 3))
    weights = [_before_and_all(one.surface, highest, scatter) for one in fine.values()]
    turn, spread = winner.surface.best
    t0, tau = winner.surface.grid.turns[turn], np.exp(winner.surface.grid.log_spreads[spread])
    by_family = [float(fine[family].surface.profile.max()) for family in _S_CURVES]
    return {
        "gompertz": float(winner.surface.family is Family.GOMPERTZ),
        "refined": 1.0,
        "ceiling": float(winner.ceiling[turn, spread]),
        "low": low,
        "high": high,
        "turn": float(t0),
        "turn_low": turn_low,
        "turn_high": turn_high,
        "spread": float(tau),
        "past": sum(before for before, _ in weights) / sum(whole for _, whole in weights),
        "position": float(np.exp(_log_curve(winner.surface.family, np.array(-t0 / tau)))),
        "logistic": 2 * (by_family[1] - by_family[0]),
        "aic": 6 - 2 * highest,
    }


def _scatter(topic: _Topic, expected: Floats) -> float:
    """Mean squared residual over what the counts' own dispersion explains: 1 where the curve fits."""
    known = topic.exposure > 0
    squares = (topic.papers[known] - expected[known]) ** 2 / np.maximum(expected[known], 0.5)
    return float(squares.sum() / max(1, int(known.sum()) - 3))


def _ends(fine: _Fine, bar: float, scatter: float, papers: float) -> tuple[float, float, float, float]:
    """Lowest and highest K, lowest and highest t0 above the bar; infinite ends where none is."""
    above = fine.surface.profile - bar
    kept = above >= 0
    if not kept.any():
        return np.inf, -np.inf, np.inf, -np.inf
    reach = np.exp(np.sqrt(2 * above[kept] / papers))
    turns = fine.surface.grid.turns[kept.any(axis=1)]
    ceiling = fine.ceiling[kept]
    return float((ceiling / reach).min()), float((ceiling * reach).max()), float(turns[0]), float(turns[-1])


def _before_and_all(surface: _Surface, highest: float, scatter: float) -> tuple[float, float]:
    """Likelihood of the cells with t0 before T, and of all, by area."""
    turns, spreads = surface.grid.turns, surface.grid.log_spreads
    likelihood = np.exp((surface.profile - highest) / scatter).sum(axis=1)
    area = (turns[1] - turns[0]) * (spreads[1] - spreads[0])
    return float(likelihood[turns < 0].sum() * area), float(likelihood.sum() * area)


# --- what may be said -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """One topic of the fits."""

    panel: Panel
    fits: Fits
    row: int
    months: int
    recent: int

    def __getitem__(self, name: str) -> float:
        return float(getattr(self.fits, name)[self.row])

    def month(self, name: str) -> date:
        return month_after(self.panel.last, round(self[name]))


def _ceiling(row: _Row, limit: Limits) -> Ceiling:
    topic, last = row.panel.topics[row.row], row.panel.last
    aic = _differences(row)
    reasons = tuple(_shortages(row, limit)) or tuple(_doubts(row, aic, limit))
    family = min(aic, key=lambda one: aic[one]) if aic else None
    if reasons:
        return Ceiling(topic, last, False, reasons, family, aic)
    return Ceiling(
        topic=topic,
        month=last,
        identifiable=True,
        reasons=(),
        family=family,
        aic=aic,
        share=row["ceiling"],
        low=row["low"],
        high=row["high"],
        inflection=row.month("turn"),
        inflection_low=row.month("turn_low"),
        inflection_high=row.month("turn_high"),
        position=row["position"],
    )


def _differences(row: _Row) -> dict[Family, float]:
    """AIC of each curve above the lowest; empty where nothing was fitted."""
    if not np.isfinite(row["turn"]):
        return {}
    over = {family: row[family.value] for family in (Family.CONSTANT, Family.EXPONENTIAL, Family.FREE)}
    over[Family.LOGISTIC], over[Family.GOMPERTZ] = max(0.0, row["logistic"]), max(0.0, -row["logistic"])
    lowest = min(over.values())
    return {family: value - lowest for family, value in over.items()}


def _shortages(row: _Row, limit: Limits) -> Iterable[Reason]:
    if row["papers"] < limit.papers:
        yield _reason("papers", papers=f"{row['papers']:.0f}", needed=f"{limit.papers:.0f}")
    if row.months < limit.months:
        yield _reason("months", months=str(row.months), needed=str(limit.months))
    if row.recent < limit.recent_months:
        yield _reason("recent_months", months=str(row.recent), needed=str(limit.recent_months))


def _doubts(row: _Row, aic: Mapping[Family, float], limit: Limits) -> Iterable[Reason]:
    wanted = {Family.CONSTANT: limit.beats, Family.EXPONENTIAL: limit.beats, Family.FREE: limit.free}
    rivals = [family for family, margin in wanted.items() if row[family.value] < margin]
    if rivals:
        nearest = min(rivals, key=lambda family: row[family.value])
        yield _reason(nearest.value, aic=f"{row[nearest.value]:+.0f}")
        return
    if row["turn"] >= 0 or row["past"] < limit.past:
        yield _reason("ahead")
    elif row["turn"] > -limit.months_past:
        yield _reason("young", months=f"{-row['turn']:.0f}", needed=f"{limit.months_past:.0f}")
    if row["high"] > limit.widest * row["low"]:
        yield _reason("wide", low=share_text(row["low"]), high=share_text(row["high"]))


def _reason(code: str, **parts: str) -> Reason:
    return Reason(code, tuple(parts.items()))


# --- words ------------------------------------------------------------------------------------------------------

Language = Literal["en", "zh"]

_TEXTS: Mapping[str, Mapping[Language, str]] = {
    "papers": {
        "en": "{papers} papers in the whole record; {needed} are needed",
        "zh": "全部记录中有 {papers} 篇论文,至少需要 {needed} 篇",
    },
    "months": {
        "en": "{months} usable months; {needed} are needed",
        "zh": "可用月份 {months} 个,至少需要 {needed} 个",
    },
    "recent_months": {
        "en": "{months} of the last 12 months are usable; {needed} are needed",
        "zh": "最近 12 个月中可用 {months} 个,至少需要 {needed} 个",
    },
    "constant": {
        "en": "a share that does not change fits about as well as an S-curve (AIC {aic})",
        "zh": "份额不变的模型与 S 曲线拟合得差不多(AIC {aic})",
    },
    "exponential": {
        "en": "steady growth or decline fits about as well as an S-curve (AIC {aic})",
        "zh": "匀速增长或下降的模型与 S 曲线拟合得差不多(AIC {aic})",
    },
    "free": {
        "en": "a curve that bends freely fits better than an S-curve (AIC {aic})",
        "zh": "可自由弯曲的曲线比 S 曲线拟合得更好(AIC {aic})",
    },
    "ahead": {"en": "the steepest growth may still lie ahead", "zh": "增长最快的时点可能尚未到来"},
    "young": {
        "en": "the steepest growth was {months} months ago; {needed} are needed",
        "zh": "增长最快的时点距今 {months} 个月,至少需要 {needed} 个月",
    },
    "wide": {"en": "it may be {low} to {high} (80%)", "zh": "可能在 {low} 至 {high} 之间(80% 区间)"},
    "not_yet": {"en": "ceiling not identifiable yet: {reasons}", "zh": "上限尚无法识别:{reasons}"},
    "ceiling": {
        "en": "levelled off towards {share} of the field (80%: {low} to {high}), now at {position} of it; "
        "steepest growth {inflection}",
        "zh": "份额趋于 {share}(80% 区间 {low} 至 {high}),现为其 {position};增长最快于 {inflection}",
    },
}


def reason_text(reason: Reason, language: Language = "en") -> str:
    """Why there is no ceiling, in words."""
    return _TEXTS[reason.code][language].format(**dict(reason.parts))


def ceiling_text(ceiling: Ceiling, language: Language = "en") -> str:
    """One line: the ceiling with its interval and the position against it, or why there is none."""
    if ceiling.share is None or ceiling.low is None or ceiling.high is None or ceiling.position is None:
        reasons = "; ".join(reason_text(reason, language) for reason in ceiling.reasons)
        return _TEXTS["not_yet"][language].format(reasons=reasons)
    return _TEXTS["ceiling"][language].format(
        share=share_text(ceiling.share),
        low=share_text(ceiling.low),
        high=share_text(ceiling.high),
        position=part_text(ceiling.position),
        inflection=f"{ceiling.inflection:%Y-%m}",
    )
