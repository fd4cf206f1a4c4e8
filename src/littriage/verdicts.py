"""Trend points to one word a direction, with its reasons: what the record up to a date says, and no forecast.

The rules are the table `RULES`, first match wins; docs/method.md shows the same table.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from math import exp, log
from random import Random
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

from littriage.model import Growth, Reason, Stage, TrendPoint, Verdict
from littriage.notation import chance_text, change_text, part_text, share_text
from littriage.trends import months_between

if TYPE_CHECKING:
    from littriage.facts import Facts, Seen
    from littriage.scurve import Ceiling

RULE = "v2"

_WINDOW_MONTHS = 48
_LISTED_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers in the rules. Papers are weighed: see `facts.Facts.paper_weight`."""

    sure: float = 0.9
    """P(growth > 0) from which a direction rises, P(growth < 0) from which it declines."""
    beyond: float = 0.10
    """Log units a year that the interval of growth must lie beyond: words of style drift too, and seldom faster."""
    one_month: float = 1 / 3
    """Part of a year's papers from which one month makes it look like growth, or the year after it like a fall."""
    sure_despite_holes: float = 0.97
    """Asked of a decline while any of the last 48 months lacks papers: an outage must not make one."""
    flat: float = 0.5
    """P(|growth| < 10% a year) from which it is flat."""
    papers_24m: float = 25
    widest_interval: float = log(4)
    """Log units a year."""
    window_months: int = 24
    """Usable months wanted of the last 48."""
    holes_12m: int = 3
    """Months of the last 12 that may lack papers."""
    silent_papers_12m: float = 5
    silent_peak: float = 0.25
    near_peak: float = exp(-0.15)
    young_months: int = 48
    young_papers: float = 5
    run_up_months: int = 12
    """Months that the record must hold before the first papers, for youth to be visible in it."""
    saturated_peak: float = exp(-0.35)
    large: float = 0.75
    """Place among the directions by share, 0 to 1."""
    middle: float = 0.5
    """The same: the median direction's."""
    risen: float = 2.0
    """Share against its lowest earlier 12-month share."""
    look_back_months: int = 24


# --- the rules --------------------------------------------------------------------------------------------------


def _incomplete(facts: Facts, limit: Thresholds) -> bool:
    return bool(facts.open_months) and facts.first_month is None


def _not_measurable(facts: Facts, limit: Thresholds) -> bool:
    holes = len(facts.lacking)
    short = facts.usable_months < limit.window_months <= facts.usable_months + holes
    return len(facts.holes(12)) > limit.holes_12m or short


def _few_papers(facts: Facts, limit: Thresholds) -> bool:
    enough = limit.papers_24m / facts.paper_weight
    return facts.papers_24m < enough and facts.best_year < enough


def _wide(facts: Facts, limit: Thresholds) -> bool:
    return facts.growth is not None and facts.growth.high - facts.growth.low > limit.widest_interval


def _too_little(facts: Facts, limit: Thresholds) -> bool:
    short = facts.usable_months < limit.window_months or _few_papers(facts, limit)
    # Of a direction that has fallen silent the growth cannot be known well, and need not be.
    return short or (_wide(facts, limit) and not _dormant(facts, limit))


def _dormant(facts: Facts, limit: Thresholds) -> bool:
    silent = facts.papers_12m * facts.paper_weight < limit.silent_papers_12m
    return silent and facts.ratio < limit.silent_peak


def _rose(growth: Growth | None, limit: Thresholds) -> bool:
    """Surely above 0, and as surely beyond 10% a year."""
    if growth is None or growth.p_up < limit.sure:
        return False
    return growth.mean - (growth.mean - growth.low) * _reach(limit.sure) >= limit.beyond


def _fell(facts: Facts, limit: Thresholds) -> bool:
    growth, sure = facts.growth, limit.sure_despite_holes if facts.lacking else limit.sure
    if growth is None or growth.p_down < sure:
        return False
    return growth.mean + (growth.high - growth.mean) * _reach(sure) <= -limit.beyond


@cache
def _reach(sure: float) -> float:
    """How far the quantile of that probability lies from the middle, in halves of an 80% interval, whose ends are the
    quantiles of 10% and 90%: 1 for 90%, 1.47 for 97%, as in a normal distribution."""
    return NormalDist().inv_cdf(sure) / NormalDist().inv_cdf(0.9)


def _up(facts: Facts, limit: Thresholds) -> bool:
    return _rose(facts.growth, limit) and facts.top_month < limit.one_month


def _down(facts: Facts, limit: Thresholds) -> bool:
    return _fell(facts, limit) and facts.top_month_before < limit.one_month


def _young(facts: Facts, limit: Thresholds) -> bool:
    age = facts.age_months(limit.young_papers)
    if age is None or facts.first_month is None or age > limit.young_months:
        return False
    return months_between(facts.first_month, facts.settled) - age >= limit.run_up_months


def _emerging(facts: Facts, limit: Thresholds) -> bool:
    small = facts.level is not None and facts.level < limit.middle
    return _up(facts, limit) and small and _young(facts, limit)


def _hot(facts: Facts, limit: Thresholds) -> bool:
    if facts.level is None or facts.level < limit.large or facts.ratio <= limit.near_peak:
        return False
    return _up(facts, limit) or _stalled(facts, limit)


def _stalled(facts: Facts, limit: Thresholds) -> bool:
    long_before = facts.growth_before is not None and facts.growth_before.months >= limit.window_months
    moving = _rose(facts.growth, limit) or _fell(facts, limit)
    return long_before and _rose(facts.growth_before, limit) and not moving


def _flat(facts: Facts, limit: Thresholds) -> bool:
    return facts.growth is not None and facts.growth.p_flat >= limit.flat


def _saturated(facts: Facts, limit: Thresholds) -> bool:
    high = facts.level is not None and facts.level >= limit.middle and facts.ratio > limit.saturated_peak
    return _flat(facts, limit) and high and _risen(facts, limit) and not _young(facts, limit)


def _risen(facts: Facts, limit: Thresholds) -> bool:
    lowest = facts.lowest_before
    return facts.peak is not None and lowest is not None and facts.peak.share >= limit.risen * lowest


def _anything(facts: Facts, limit: Thresholds) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """A stage, when it is given (as docs/method.md words it), and the test for it."""

    stage: Stage
    when: str
    matches: Callable[[Facts, Thresholds], bool]


RULES = (
    Rule(Stage.INCOMPLETE, "every month so far is still open", _incomplete),
    Rule(
        Stage.NOT_MEASURABLE,
        "more than 3 of the last 12 months lack papers, or holes leave fewer than 24 usable months of the last 48",
        _not_measurable,
    ),
    Rule(
        Stage.TOO_LITTLE_DATA,
        "fewer than 24 usable months of the last 48, or fewer than 25 papers in 24 months and never 25 in a year, "
        "or, where it is not dormant, an 80% interval of growth wider than a factor of 4 a year",
        _too_little,
    ),
    Rule(Stage.DORMANT, "fewer than 5 papers in 12 months, share below 25% of its peak", _dormant),
    Rule(Stage.EMERGING, "growing, fifth paper at most 48 months ago, share below the median direction's", _emerging),
    Rule(
        Stage.HOT,
        "share in the top quarter of the directions and at 86% of its peak or more, and growing now, "
        "or growing 24 months ago and now neither growing nor shrinking",
        _hot,
    ),
    Rule(Stage.RISING, "growing", _up),
    Rule(Stage.DECLINING, "shrinking", _down),
    Rule(
        Stage.SATURATED,
        "flat, share at 70% of its peak or more, at or above the median direction's, and at least twice its lowest "
        "before; fifth paper more than 48 months ago",
        _saturated,
    ),
    Rule(Stage.PLATEAU, "flat", _flat),
    Rule(Stage.UNSURE, "anything else", _anything),
)

_PLACES: Mapping[Stage, int] = {rule.stage: place for place, rule in enumerate(RULES)}


# --- the verdicts -----------------------------------------------------------------------------------------------


def judge(
    points_by_direction: Mapping[str, Sequence[TrendPoint]],
    as_of: date,
    thresholds: Thresholds | None = None,
    *,
    with_flips: bool = False,
    brief: bool = False,
) -> tuple[Verdict, ...]:
    """One verdict for each direction, by slug, from what was known on `as_of`; points after it change nothing.

    `with_flips`: each says too how firmly its stage stands; see `flips`. `brief`: without the odds of the peak and the
    ceiling among the reasons, which no stage depends on.
    """
    from littriage.facts import facts, seen  # numpy: not for who only reads verdicts

    limit = thresholds or Thresholds()
    known = seen(points_by_direction, as_of)
    found = facts(known, limit.look_back_months, whole=not brief)
    verdicts = tuple(_verdict(one, as_of, limit) for one in found)
    if not with_flips:
        return verdicts
    firm = _flips(known, found, limit)
    return tuple(_with_flip(verdict, firm[verdict.direction]) for verdict in verdicts)


def _stage(facts: Facts, limit: Thresholds) -> Stage:
    return next(rule.stage for rule in RULES if rule.matches(facts, limit))


def _verdict(facts: Facts, as_of: date, limit: Thresholds) -> Verdict:
    stage = _stage(facts, limit)
    growth = None if stage in (Stage.NOT_MEASURABLE, Stage.INCOMPLETE) else facts.growth
    papers, exposure = facts.year or (None, None)
    return Verdict(
        as_of=as_of,
        direction=facts.slug,
        stage=stage,
        growth=growth,
        papers_12m=papers,
        share_12m=papers / exposure if papers is not None and exposure else None,
        exposure_12m=exposure,
        peak_ratio=facts.peak.ratio if facts.peak else None,
        peak_month=facts.peak.month if facts.peak else None,
        saturation=_saturation_index(growth, facts),
        first_month=facts.first_month,
        last_month=facts.last_month,
        reasons=tuple(_reasons(stage, facts, limit)),
        rule=RULE,
    )


def _saturation_index(growth: Growth | None, facts: Facts) -> float | None:
    from littriage.signals import saturation_index

    if growth is None or facts.peak is None or facts.level is None:
        return None
    return saturation_index(growth.p_flat, facts.peak.ratio, facts.level)


@dataclass(frozen=True, slots=True)
class CategoryYear:
    """A direction's papers in one category in the last 12 months and in those before, and all papers of the category.

    A paper of several categories counts in parts, so that the direction's papers add up to all that it has.
    """

    papers: tuple[float, float]
    """Before, and in the last 12 months."""
    size: tuple[float, float]


def with_sources(
    verdicts: Iterable[Verdict],
    categories: Mapping[str, Sequence[CategoryYear]],
    fields: Mapping[str, tuple[float, float]],
) -> tuple[Verdict, ...]:
    """The verdicts, each with a reason that tells where the change of its papers comes from (`signals.shift_share`).

    `categories` and `fields` (all papers of a direction's field, before and now) by slug. Of a direction with fewer
    than 10 papers in either year, with one category, or without a verdict nothing is told.
    """
    import numpy as np

    from littriage.signals import shift_share

    told = []
    for verdict in verdicts:
        own = categories.get(verdict.direction, ())
        papers = [sum(one.papers[year] for one in own) for year in (0, 1)]
        speaks = verdict.growth is not None and verdict.stage is not Stage.TOO_LITTLE_DATA
        if not speaks or len(own) < 2 or min(papers) < _SOURCE_PAPERS:
            told.append(verdict)
            continue
        counts = np.array([[[one.papers[year] for one in own]] for year in (0, 1)])
        sizes = np.array([[[one.size[year] for one in own]] for year in (0, 1)])
        found = shift_share(counts, sizes, np.array(fields[verdict.direction])[:, None])
        parts = {
            name: change_text(float(getattr(found, name)[0])) for name in ("total", "field", "categories", "within")
        }
        told.append(replace(verdict, reasons=(*verdict.reasons, _reason("sources", **parts))))
    return tuple(told)


_SOURCE_PAPERS = 10

# --- how firmly a stage stands ----------------------------------------------------------------------------------

FLIP_PART = 0.2
"""How far a threshold is moved at most."""
FLIP_ROUNDS = 20
"""How often all thresholds are moved: once over the record as it is, once over a disturbed one."""
FLIP_SEED = 20210601


@dataclass(frozen=True, slots=True)
class Flip:
    """How a stage fares when thresholds and data are disturbed."""

    tried: int
    changed: int
    """Of those, that gave another stage."""
    to: Stage | None
    """The stage that they gave most often; None where none changed."""

    @property
    def part(self) -> float:
        return self.changed / self.tried


def flips(
    points_by_direction: Mapping[str, Sequence[TrendPoint]], as_of: date, thresholds: Thresholds | None = None
) -> dict[str, Flip]:
    """How firmly each direction's stage stands on `as_of`, by slug: what becomes of it in 40 perturbations.

    In each, every threshold is moved by up to a fifth at random: 20 times over the record as it is, and 20 times over a
    disturbed one, in equal parts with a fifth of papers and fields lost at random (twice), without its newest month,
    and with papers that the rule calls members in place of expected papers, where the two differ. A threshold between
    0 and 1 moves by up to a fifth of its distance to the nearer of them (90% to between 88% and 92%), one that counts
    by 1 at least. The width of "flat" (10% a year) and the months over which growth is measured are part of the
    estimate and are not moved. Thresholds one at a time hardly matter: alone, none changes more than 7% of the stages.
    """
    from littriage.facts import facts, seen

    limit = thresholds or Thresholds()
    known = seen(points_by_direction, as_of)
    return _flips(known, facts(known, limit.look_back_months), limit)


def _flips(known: Seen, found: Sequence[Facts], limit: Thresholds) -> dict[str, Flip]:
    from littriage.facts import disturbed, facts

    moved = moved_thresholds(limit)
    others = [[_stage(one, thresholds) for one in found] for thresholds in moved]
    records = tuple(disturbed(known, FLIP_SEED))
    for number, record in enumerate(records):
        again = facts(record, limit.look_back_months)
        others += [[_stage(one, thresholds) for one in again] for thresholds in moved[number :: len(records)]]
    stages = [_stage(one, limit) for one in found]
    told = {}
    for row, one in enumerate(found):
        changed = Counter(column[row] for column in others if column[row] is not stages[row])
        # Of stages that come equally often, the first of the rules.
        to = max(changed, key=lambda stage: (changed[stage], -_PLACES[stage]), default=None)
        told[one.slug] = Flip(len(others), changed.total(), to)
    return told


@cache
def moved_thresholds(limit: Thresholds) -> tuple[Thresholds, ...]:
    """The thresholds, all moved at random, 20 times; the same each time."""
    names = [one.name for one in fields(limit) if one.name != "look_back_months"]
    random = Random(FLIP_SEED)
    return tuple(
        replace(limit, **{name: moved_threshold(getattr(limit, name), random.uniform(-1, 1)) for name in names})
        for _ in range(FLIP_ROUNDS)
    )


def moved_threshold(value: float, way: float) -> Any:
    """A threshold moved by that part, -1 to 1, of what it is moved at most; a whole number stays one."""
    if isinstance(value, int):
        return round(value + way * max(1.0, FLIP_PART * value))
    reach = min(value, 1 - value) if 0 < value < 1 else value
    return value + way * FLIP_PART * reach


def _with_flip(verdict: Verdict, flip: Flip) -> Verdict:
    stage = verdict.stage
    reasons = verdict.reasons
    if stage not in (Stage.INCOMPLETE, Stage.NOT_MEASURABLE):
        count = {"changed": str(flip.changed), "tried": str(flip.tried)}
        said = _reason("flips", **count, stage=flip.to.value) if flip.to else _reason("firm", tried=count["tried"])
        reasons = (*reasons, said)
    return replace(verdict, reasons=reasons, flips=flip.part, flips_to=flip.to)


Order = Literal["rising", "saturated", "declining"]


def ranking(verdicts: Iterable[Verdict], kind: Order) -> tuple[Verdict, ...]:
    """The verdicts of one table, best first.

    `rising`: emerging, rising, and hot that still grow, by the lower end of growth's interval. `saturated`: saturated,
    plateau, and hot that grow no more, by saturation index. `declining`: declining and dormant, by the upper end of
    growth's interval, lowest first. The unsure and those without a verdict are in none.
    """
    tables: dict[Order, tuple[frozenset[Stage], Callable[[Verdict], float]]] = {
        "rising": (frozenset({Stage.EMERGING, Stage.RISING, Stage.HOT}), lambda v: -v.growth.low if v.growth else 0.0),
        "saturated": (frozenset({Stage.SATURATED, Stage.PLATEAU, Stage.HOT}), lambda v: -(v.saturation or 0.0)),
        "declining": (frozenset({Stage.DECLINING, Stage.DORMANT}), lambda v: v.growth.high if v.growth else 0.0),
    }
    stages, key = tables[kind]
    hot_grows = kind == "rising"
    chosen = (v for v in verdicts if v.stage in stages and (v.stage is not Stage.HOT or grows(v) == hot_grows))
    return tuple(sorted(chosen, key=lambda verdict: (key(verdict), verdict.direction)))


def grows(verdict: Verdict, thresholds: Thresholds | None = None) -> bool:
    """Whether the direction was still growing: tells the two kinds of `hot` apart."""
    return _rose(verdict.growth, thresholds or Thresholds())


# --- reasons and words ------------------------------------------------------------------------------------------

Language = Literal["en", "zh"]

STAGE_ZH: Mapping[Stage, str] = {
    Stage.TOO_LITTLE_DATA: "数据不足",
    Stage.INCOMPLETE: "月份未完",
    Stage.NOT_MEASURABLE: "无法衡量",
    Stage.EMERGING: "新兴",
    Stage.RISING: "上升",
    Stage.HOT: "热门",
    Stage.PLATEAU: "平稳",
    Stage.SATURATED: "饱和",
    Stage.DECLINING: "下降",
    Stage.DORMANT: "沉寂",
    Stage.UNSURE: "不确定",
}

_TEXTS: Mapping[str, Mapping[Language, str]] = {
    "p_up": {"en": "P(growth > 0) = {p}", "zh": "增长为正的概率 {p}"},
    "p_down": {"en": "P(growth < 0) = {p}", "zh": "增长为负的概率 {p}"},
    "beyond": {"en": "surely by more than {rate} a year", "zh": "确信年变化超过 {rate}"},
    "not_beyond": {
        "en": "P(by more than {rate} a year) is below {needed}",
        "zh": "年变化超过 {rate} 的概率低于 {needed}",
    },
    "one_month": {
        "en": "one month holds {p} of the papers of its year: too much to tell which way the share goes",
        "zh": "单月占其所在年份论文的 {p},无法判断份额走向",
    },
    "slowing": {
        "en": "P(growth slowed within the last 12 months) = {p}",
        "zh": "最近 12 个月增速放缓的概率 {p}",
    },
    "recent_peak": {
        "en": "P(highest 12-month share within the last 12 months) = {p}",
        "zh": "最高的 12 个月份额出现在最近 12 个月内的概率 {p}",
    },
    "ceiling": {
        "en": "S-curve towards {share} of the field (80%: {low} to {high}), now at {position} of it, steepest in "
        "{month}",
        "zh": "S 曲线趋于领域的 {share}(80% 区间 {low} 至 {high}),现为其 {position},最陡于 {month}",
    },
    "sources": {
        "en": "papers {total} in a year: the field {field}, its categories against the field {categories}, "
        "the direction within them {within}",
        "zh": "一年内论文数 {total}:领域 {field},其类别相对领域 {categories},方向在类别之内 {within}",
    },
    "spikes": {
        "en": "left out, as they tower over the months around them: {months}",
        "zh": "远高于前后月份,未计入:{months}",
    },
    "p_flat": {"en": "P(growth within 10% a year) = {p}", "zh": "年增长在 ±10% 以内的概率 {p}"},
    "flat_unproved": {
        "en": "flat is likely and not proved: {needed} is enough for this stage; P(growth > 0) = {p}",
        "zh": "持平只是较有可能,并未证实:此阶段只要求概率达到 {needed};增长为正的概率 {p}",
    },
    "growth": {"en": "share {mean} a year (80%: {low} to {high})", "zh": "份额每年 {mean}(80% 区间 {low} 至 {high})"},
    "decline_unproved": {
        "en": "with months lacking, a decline needs {needed}",
        "zh": "有月份论文不全,判定下降需要概率达到 {needed}",
    },
    "year": {"en": "share {ratio}x the year before's", "zh": "份额为上一年的 {ratio} 倍"},
    "peak": {"en": "share at {p} of its peak ({month})", "zh": "份额为峰值的 {p}({month})"},
    "level": {"en": "share larger than that of {p} of the directions", "zh": "份额高于 {p} 的方向"},
    "risen": {"en": "share {ratio}x its lowest before", "zh": "份额为此前最低值的 {ratio} 倍"},
    "stalled": {
        "en": "growing 24 months ago, P(growth > 0) = {p} then; not now",
        "zh": "24 个月前在增长(当时增长为正的概率 {p}),现在不再增长",
    },
    "young": {"en": "its fifth paper came {months} months ago", "zh": "第五篇论文出现于 {months} 个月前"},
    "papers_12m": {"en": "{papers} papers in the last 12 months", "zh": "最近 12 个月 {papers} 篇论文"},
    "few_papers": {
        "en": "{papers} papers in the last 24 months; {needed} are needed",
        "zh": "最近 24 个月 {papers} 篇论文,至少需要 {needed} 篇",
    },
    "few_bursty_papers": {
        "en": "{papers} papers in the last 24 months come in bursts and weigh as {weight}; {needed} are needed",
        "zh": "最近 24 个月 {papers} 篇论文成批出现,只相当于 {weight} 篇,至少需要 {needed} 篇",
    },
    "few_months": {
        "en": "{months} usable months of the last 48; {needed} are needed",
        "zh": "最近 48 个月中只有 {months} 个月可用,至少需要 {needed} 个月",
    },
    "wide": {
        "en": "growth is known only to a factor of {factor} a year; the limit is {limit}",
        "zh": "年增长的 80% 区间跨度达 {factor} 倍,上限为 {limit} 倍",
    },
    "holes": {
        "en": "{count} of the last {of} months lack papers: {months}",
        "zh": "最近 {of} 个月中有 {count} 个月论文不全:{months}",
    },
    "open": {"en": "still open: {months}", "zh": "尚未完结:{months}"},
    "flips": {
        "en": "stage changes in {changed} of {tried} perturbations of thresholds and data, most often to {stage}",
        "zh": "在 {tried} 次对阈值和数据的扰动中,阶段改变 {changed} 次,最常变为{stage}",
    },
    "firm": {
        "en": "stage changes in none of {tried} perturbations of thresholds and data",
        "zh": "在 {tried} 次对阈值和数据的扰动中,阶段从未改变",
    },
    "assumed": {
        "en": "completeness of {count} of the last 12 months not verified",
        "zh": "最近 12 个月中有 {count} 个月的完整性未经核实",
    },
}


def reason_text(reason: Reason, language: Language = "en") -> str:
    """The reason in words: `P(growth > 0) = 97%`."""
    parts = dict(reason.parts)
    if language == "zh" and "stage" in parts:
        parts["stage"] = STAGE_ZH[Stage(parts["stage"])]
    return _TEXTS[reason.code][language].format(**parts)


def dump_reasons(reasons: Sequence[Reason]) -> str:
    """Reasons as JSON for a column: a list of [code, {part: value}]."""
    return json.dumps([[reason.code, dict(reason.parts)] for reason in reasons], ensure_ascii=False)


def parse_reasons(text: str) -> tuple[Reason, ...]:
    """The reasons that `dump_reasons` wrote."""
    return tuple(Reason(code, tuple(parts.items())) for code, parts in json.loads(text))


def _reasons(stage: Stage, facts: Facts, limit: Thresholds) -> Iterable[Reason]:
    """What decided first, then what else a reader needs in order to judge."""
    if stage is Stage.INCOMPLETE:
        yield _reason("open", months=_listed(facts.open_months))
        return
    if stage is Stage.NOT_MEASURABLE:
        of = 12 if len(facts.holes(12)) > limit.holes_12m else _WINDOW_MONTHS
        yield _holes(facts, of)
        return
    if stage is Stage.TOO_LITTLE_DATA:
        yield from _shortages(facts, limit)
    else:
        yield from _grounds(stage, facts, limit)
    if facts.spikes:
        yield _reason("spikes", months=_listed(facts.spikes))
    if facts.holes(12):
        yield _holes(facts, 12)
    if facts.assumed:
        yield _reason("assumed", count=str(facts.assumed))


def _shortages(facts: Facts, limit: Thresholds) -> Iterable[Reason]:
    if facts.usable_months < limit.window_months:
        yield _reason("few_months", months=str(facts.usable_months), needed=str(limit.window_months))
    if _few_papers(facts, limit):
        papers, needed = f"{facts.papers_24m:.0f}", f"{limit.papers_24m:.0f}"
        if facts.papers_24m < limit.papers_24m:
            yield _reason("few_papers", papers=papers, needed=needed)
        else:
            weight = f"{facts.papers_24m * facts.paper_weight:.0f}"
            yield _reason("few_bursty_papers", papers=papers, weight=weight, needed=needed)
    if _wide(facts, limit) and facts.growth:
        factor = f"{exp(facts.growth.high - facts.growth.low):.1f}"
        yield _reason("wide", factor=factor, limit=f"{exp(limit.widest_interval):.0f}")


def _grounds(stage: Stage, facts: Facts, limit: Thresholds) -> Iterable[Reason]:
    if facts.growth:
        yield from _ways(stage, facts, facts.growth, limit)
    if stage is Stage.HOT and _stalled(facts, limit) and facts.growth_before:
        yield _reason("stalled", p=chance_text(facts.growth_before.p_up))
    if facts.growth:
        mean, low, high = map(change_text, (facts.growth.mean, facts.growth.low, facts.growth.high))
        yield _reason("growth", mean=mean, low=low, high=high)
        if _up(facts, limit) and facts.p_slowing is not None:
            yield _reason("slowing", p=chance_text(facts.p_slowing))
    if facts.year_on_year:
        yield _reason("year", ratio=f"{facts.year_on_year:.2f}")
    yield from _position(stage, facts, limit)
    if stage in (Stage.DORMANT, Stage.UNSURE):
        yield _reason("papers_12m", papers=f"{facts.papers_12m:.0f}")


def _ways(stage: Stage, facts: Facts, growth: Growth, limit: Thresholds) -> Iterable[Reason]:
    """Up, flat or down: the probability, and what it lacks or proves."""
    if stage in (Stage.SATURATED, Stage.PLATEAU):
        yield _reason("p_flat", p=chance_text(growth.p_flat))
        if growth.p_flat < limit.sure:
            yield _reason("flat_unproved", needed=chance_text(limit.flat), p=chance_text(growth.p_up))
        return
    if growth.p_up >= 0.5:
        yield _reason("p_up", p=chance_text(growth.p_up))
    else:
        yield _reason("p_down", p=chance_text(growth.p_down))
    if stage is Stage.DORMANT:
        return
    rose, fell = _rose(growth, limit), _fell(facts, limit)
    if _up(facts, limit) or _down(facts, limit):
        yield _reason("beyond", rate=part_text(limit.beyond))
    elif rose or fell:
        yield _reason("one_month", p=part_text(facts.top_month if rose else facts.top_month_before))
    elif max(growth.p_up, growth.p_down) >= limit.sure:
        if facts.lacking and growth.high <= -limit.beyond:
            yield _reason("decline_unproved", needed=chance_text(limit.sure_despite_holes))
        else:
            yield _reason("not_beyond", rate=part_text(limit.beyond), needed=chance_text(limit.sure))


_HIGH = frozenset({Stage.EMERGING, Stage.RISING, Stage.HOT, Stage.SATURATED, Stage.PLATEAU})


def _position(stage: Stage, facts: Facts, limit: Thresholds) -> Iterable[Reason]:
    """Young or not, its place among the directions, and against its own past."""
    if stage is Stage.EMERGING:
        yield _reason("young", months=str(facts.age_months(limit.young_papers)))
    if stage in (Stage.HOT, Stage.SATURATED, Stage.EMERGING) and facts.level is not None:
        yield _reason("level", p=part_text(facts.level))
    if stage is Stage.SATURATED and facts.peak and facts.lowest_before:
        yield _reason("risen", ratio=f"{facts.peak.share / facts.lowest_before:.1f}")
    if stage is not Stage.EMERGING and facts.peak:
        yield _reason("peak", p=part_text(facts.peak.ratio), month=f"{facts.peak.month:%Y-%m}")
        if facts.p_recent_peak is not None:
            yield _reason("recent_peak", p=chance_text(facts.p_recent_peak))
    # One that was left again, or may be, tells nothing of today.
    if facts.ceiling and stage in _HIGH and facts.ratio > limit.saturated_peak:
        yield _ceiling(facts.ceiling)


def _ceiling(ceiling: Ceiling) -> Reason:
    low, high, share = (share_text(value or 0.0) for value in (ceiling.low, ceiling.high, ceiling.share))
    position, month = part_text(ceiling.position or 0.0), f"{ceiling.inflection:%Y-%m}"
    return _reason("ceiling", share=share, low=low, high=high, position=position, month=month)


def _reason(code: str, **parts: str) -> Reason:
    return Reason(code, tuple(parts.items()))


def _holes(facts: Facts, of: int) -> Reason:
    holes = facts.holes(of)
    return _reason("holes", count=str(len(holes)), of=str(of), months=_listed(holes))


def _listed(months: Sequence[date]) -> str:
    shown = ", ".join(f"{month:%Y-%m}" for month in months[:_LISTED_MONTHS])
    return shown if len(months) <= _LISTED_MONTHS else f"{shown}, …"
