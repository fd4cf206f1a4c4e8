"""Where directions go from here, as `rising`, `saturated` and `show` tell it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from math import exp, expm1, log
from typing import Annotated, Any, cast

import typer

from littriage.cli import tables
from littriage.cli.messages import UNKNOWN, chance_text, count_text, month_text, part_text, say, stage_named, stage_of
from littriage.cli.options import Lang
from littriage.cli.tables import Column
from littriage.errors import SettingsError
from littriage.forecasts import HINDSIGHT_DAYS, Forecast, Record, Scored, State, track_record
from littriage.model import HORIZONS, Outlook, Part, Verdict
from littriage.outlook.wording import FITTED_ON, LAST_CLOSED, TERM_TEXTS, abstention, part_name
from littriage.published import About, Published
from littriage.trends import month_after

LIKELY = 0.5
"""Probability of a rise from which `rising` lists a direction whose record does not grow."""

SIZES = (60, 20, 0)
"""Papers of the last 12 months from which a direction is of a size class, the largest first."""

_FEW_CASES = 30
_FAR = 24
"""Months ahead at which directions of the past were told no better than by the base rate (docs/backtest.md)."""
_EXPLAINED = 10
_BAR = 10
_FLIPS_FROM = 0.2
_FLAGGED_REASONS = ("young", "stalled", "flat_unproved", "decline_unproved", "holes", "assumed")


class By(StrEnum):
    """What `rising` is sorted by."""

    PROBABILITY = "probability"
    ADDED = "added"
    GROWTH = "growth"


Horizon = Annotated[int, typer.Option("--horizon", metavar="MONTHS", help="Months ahead: 6, 12 or 24.")]


def checked_horizon(horizon: int) -> int:
    """The horizon. Raises SettingsError where no outlook looks so far."""
    if horizon not in HORIZONS:
        raise SettingsError(f"no outlook looks {horizon} months ahead: pass one of {', '.join(map(str, HORIZONS))}")
    return horizon


# --- which outlook ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outlooks:
    """The outlooks that speak of one day, at each horizon."""

    by_direction: Mapping[str, tuple[Outlook, ...]] = field(default_factory=dict)
    hindsight: frozenset[str] = frozenset()
    """Directions whose outlook was made more than a month after the day that it speaks of."""
    from_ledger: bool = False
    """Whether the ledger of forecasts told them, which keeps neither like cases nor parts."""
    other_day: date | None = None
    """The day of the published outlooks where that is not the day asked for; else None."""

    def of(self, directions: Container[str]) -> Outlooks:
        """Those of some directions."""
        own = {slug: told for slug, told in self.by_direction.items() if slug in directions}
        return replace(self, by_direction=own, hindsight=self.hindsight & own.keys())

    def at(self, direction: str, horizon: int) -> Outlook | None:
        """That of one direction and horizon."""
        return next((one for one in self.by_direction.get(direction, ()) if one.horizon == horizon), None)


def outlooks_for(published: Published, as_of: date | None) -> Outlooks:
    """The published outlooks; with a day, those of that day, from the ledger of forecasts where need be.

    The ledger tells the first forecast of that day that was made.
    """
    present = published.outlooks()
    day = next((one.as_of for own in present.values() for one in own), None)
    if as_of is None or day == as_of:
        late = bool(day) and _late(published.about, day)
        return Outlooks(present, frozenset(present if late else ()))
    rows = sorted(
        (one.forecast for one in published.forecasts() if one.forecast.as_of == as_of),
        key=lambda one: (one.direction, one.horizon, one.revision, one.made_at, one.model),
    )
    first: dict[tuple[str, int], Forecast] = {}
    for row in rows:
        first.setdefault((row.direction, row.horizon), row)
    found: dict[str, tuple[Outlook, ...]] = {}
    for row in first.values():
        found[row.direction] = (*found.get(row.direction, ()), _outlook(row))
    late_ones = frozenset(row.direction for row in first.values() if row.hindsight)
    return Outlooks(found, late_ones, from_ledger=True, other_day=day)


def _late(about: About, day: date | None) -> bool:
    """Whether the file was made more than a month after the day that its outlooks speak of."""
    made = datetime.fromisoformat(about.published_at).date()
    return day is not None and (made - day).days > HINDSIGHT_DAYS


def _outlook(row: Forecast) -> Outlook:
    return Outlook(
        row.direction, row.as_of, row.horizon, row.p_rise, row.p_up, row.p_fall, row.growth_low, row.growth_high,
        row.added, row.model, row.base_month, abstained=row.abstained,
    )  # fmt: skip


# --- sorting ----------------------------------------------------------------------------------------------------


def size_class(papers: float | None) -> int | None:
    """The lower bound of the class, of `SIZES`; None where the papers of the last 12 months are not known."""
    return None if papers is None else next(bound for bound in SIZES if papers >= bound)


def size_name(bound: int | None) -> str:
    """`60`, `20`, `0` or `unknown`."""
    return "unknown" if bound is None else f"{bound}"


def by_size(verdicts: Iterable[Verdict], told: Outlooks, horizon: int) -> dict[int | None, list[Verdict]]:
    """The verdicts of each size class that has some, the largest class first; the likeliest to rise first.

    Those without a probability come last, in the order given.
    """
    groups: dict[int | None, list[Verdict]] = {bound: [] for bound in (*SIZES, None)}
    for verdict in verdicts:
        groups[size_class(verdict.papers_12m)].append(verdict)
    key = _falling(told, horizon, lambda one: one.p_rise)
    return {bound: sorted(own, key=key) for bound, own in groups.items() if own}


def by_added(verdicts: Iterable[Verdict], told: Outlooks, horizon: int) -> list[Verdict]:
    """The verdicts by expected added papers, the most first; those without an expectation last, in the order given."""
    return sorted(verdicts, key=_falling(told, horizon, lambda one: one.added))


def likely(verdicts: Iterable[Verdict], told: Outlooks, horizon: int) -> list[Verdict]:
    """Those that are given a rise by 50% or more, the likeliest first."""
    chosen = [one for one in verdicts if (_p_rise(told, one, horizon) or 0.0) >= LIKELY]
    return sorted(chosen, key=_falling(told, horizon, lambda one: one.p_rise))


def _p_rise(told: Outlooks, verdict: Verdict, horizon: int) -> float | None:
    one = told.at(verdict.direction, horizon)
    return one.p_rise if one else None


def _falling(told: Outlooks, horizon: int, figure: Callable[[Outlook], float | None]) -> Callable[[Verdict], float]:
    def key(verdict: Verdict) -> float:
        one = told.at(verdict.direction, horizon)
        value = figure(one) if one else None
        return float("inf") if value is None else -value

    return key


# --- cells ------------------------------------------------------------------------------------------------------


def probability_text(probability: float | None, lang: Lang) -> str:
    """Whole percent; `none` where none is given."""
    return say(lang, "no_chance") if probability is None else chance_text(probability)


def like_text(outlook: Outlook | None, lang: Lang) -> str:
    """`61% of 1,140`: the part of the like cases that rose; `3 of 7` where they are few."""
    like = outlook.like if outlook else None
    if like is None or not like.count:
        return UNKNOWN
    if like.count < _FEW_CASES:
        return say(lang, "like_count", rose=like.rose, count=like.count)
    return say(lang, "like_part", part=part_text(like.rose / like.count), count=count_text(like.count))


def added_text(outlook: Outlook | None, papers: float | None, lang: Lang) -> str:
    """`+120 (-10 to +300)`: expected papers beyond those of the last 12 months, with the 80% interval."""
    if outlook is None or outlook.added is None:
        return UNKNOWN
    interval = added_interval(outlook, papers)
    value = _signed(outlook.added)
    if interval is None:
        return value
    return say(lang, "with_interval", value=value, low=_signed(interval[0]), high=_signed(interval[1]))


def added_interval(outlook: Outlook, papers: float | None) -> tuple[float, float] | None:
    """80% interval of the added papers: the interval of the share's change, of as many papers; None where not known."""
    if outlook.growth_low is None or outlook.growth_high is None or papers is None:
        return None
    return papers * expm1(outlook.growth_low), papers * expm1(outlook.growth_high)


def change_interval_text(outlook: Outlook, lang: Lang) -> str:
    """`-12% to +80%`: the 80% interval of the share's change over the horizon."""
    if outlook.growth_low is None or outlook.growth_high is None:
        return UNKNOWN
    low, high = (f"{_signed(100 * expm1(bound))}%" for bound in (outlook.growth_low, outlook.growth_high))
    return say(lang, "span", low=low, high=high)


def _signed(value: float) -> str:
    return f"{round(value):+,}"


def row_name(name: str, verdict: Verdict, told: Outlooks, outlook: Outlook | None, lang: Lang, *, of_rise: bool) -> str:
    """A direction's line above its figures: name, stage, what to mind, and why there is no outlook.

    `of_rise`: the figures are of a rise, so that one should mind where a fall is likelier.
    """
    text = say(lang, "row", name=name, stage=stage_of(verdict.stage, lang))
    if told.by_direction:
        if outlook is None:
            text += say(lang, "row_no_outlook")
        elif outlook.abstained:
            text += say(lang, "row_abstained", reason=abstention(outlook.abstained, zh=lang is Lang.ZH))
    flags = [*_verdict_flags(verdict, lang), *_outlook_flags(told, outlook, lang, of_rise)]
    return text + (say(lang, "row_flags", flags=say(lang, "between").join(flags)) if flags else "")


def _verdict_flags(verdict: Verdict, lang: Lang) -> Iterable[str]:
    for reason in verdict.reasons:
        if reason.code in _FLAGGED_REASONS:
            yield say(lang, f"flag_{reason.code}", **dict(reason.parts))
    if verdict.flips is not None and verdict.flips >= _FLIPS_FROM and verdict.flips_to:
        yield say(lang, "flag_flips", part=part_text(verdict.flips), stage=stage_of(verdict.flips_to, lang))


def _outlook_flags(told: Outlooks, outlook: Outlook | None, lang: Lang, of_rise: bool) -> Iterable[str]:
    if outlook is None or outlook.p_rise is None:
        return
    if of_rise and outlook.p_fall is not None and outlook.p_fall > outlook.p_rise:
        yield say(lang, "flag_fall")
    if of_rise and not told.from_ledger and (outlook.like is None or outlook.like.count < _FEW_CASES):
        yield say(lang, "flag_few_cases")
    if outlook.direction in told.hindsight and len(told.hindsight) < len(told.by_direction):
        yield say(lang, "flag_hindsight")


@dataclass(frozen=True, slots=True)
class Group:
    """Some rows of a table under a heading of their own."""

    heading: str
    """Empty: none."""
    rows: Sequence[tuple[str, Sequence[str]]]
    """The line that names each row, and its cells."""
    count: int
    """Rows that there are; more than `rows` where a limit cut them."""


def print_groups(columns: Sequence[Column], groups: Sequence[Group], lang: Lang) -> None:
    """A table whose rows take two lines: the first names what the figures of the second are of.

    Names are long, and figures must stay under one another, in 80 columns and over all groups.
    """
    rows = [row for group in groups for row in group.rows]
    heading, *lines = tables.aligned(columns, [cells for _, cells in rows]).splitlines()
    left = iter(lines)
    for group in groups:
        if group.heading:
            tables.print_line()
            tables.print_line(group.heading)
        typer.echo(heading)
        for name, _ in group.rows:
            tables.print_line(name)
            typer.echo(next(left))
        if group.count > len(group.rows):
            tables.print_line(say(lang, "cut", count=group.count - len(group.rows), all=group.count))


def print_notes(key: str, told: Outlooks, asked: date | None, horizon: int, lang: Lang) -> None:
    """What the probabilities of a table are of, or why it has none."""
    shown = [one for own in told.by_direction.values() for one in own if one.horizon == horizon]
    if not shown:
        if told.other_day and asked:
            tables.print_line(say(lang, "outlook_other_day", day=told.other_day, as_of=asked))
        else:
            tables.print_line(say(lang, "outlook_missing"))
        return
    tables.print_line(
        say(
            lang,
            key,
            horizon=horizon,
            base=_base_text([one for one in shown if not one.abstained] or shown, lang),
            as_of=_joined(f"{one.as_of}" for one in shown),
            model=_joined(one.model for one in shown),
        )
    )
    if told.from_ledger:
        tables.print_line(say(lang, "outlook_from_ledger"))
    if told.hindsight:
        tables.print_line(say(lang, "outlook_hindsight"))
    tables.print_line(say(lang, "outlook_caution"))
    if horizon == _FAR:
        tables.print_line(say(lang, "outlook_far"))


def _base_text(outlooks: Sequence[Outlook], lang: Lang) -> str:
    """The base month, or the first and the last where fields end in different months."""
    months = sorted({one.base_month for one in outlooks if one.base_month})
    if len(months) < 2:
        return month_text(months[0] if months else None)
    return say(lang, "span", low=month_text(months[0]), high=month_text(months[-1]))


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(sorted(set(texts)))


# --- one direction ----------------------------------------------------------------------------------------------


def print_outlook(verdict: Verdict | None, told: Outlooks, slug: str, scored: Sequence[Scored], lang: Lang) -> None:
    """Three horizons with their probabilities, what became of like cases, and of forecasts made at this stage."""
    own = told.by_direction.get(slug, ())
    tables.print_line()
    if not own:
        tables.print_line(say(lang, "outlook_none"))
        return
    if all(one.abstained for one in own) and len({one.abstained for one in own}) == 1:
        tables.print_line(say(lang, "outlook_abstained", reason=abstention(own[0].abstained, zh=lang is Lang.ZH)))
        return
    head = own[0]
    tables.print_line(say(lang, "outlook_of", base=month_text(head.base_month), as_of=head.as_of, model=head.model))
    papers = verdict.papers_12m if verdict else None
    headings = ("col_ahead", "col_rise", "col_up", "col_fall", "col_change", "col_added")
    tables.print_table(
        [Column(say(lang, key), figures=True) for key in headings],
        [
            (
                say(lang, "months_long", count=one.horizon),
                *(probability_text(p, lang) for p in (one.p_rise, one.p_up, one.p_fall)),
                change_interval_text(one, lang),
                added_text(one, papers, lang),
            )
            for one in own
        ],
    )
    for one in own:
        tables.print_line(_like_sentence(one, lang), indent=2)
    if verdict:
        _print_track(verdict.stage.value, [one.horizon for one in own], scored, lang)
    if slug in told.hindsight:
        tables.print_line(say(lang, "outlook_hindsight"))
    tables.print_line(say(lang, "outlook_caution"))
    if any(one.horizon == _FAR and not one.abstained for one in own):
        tables.print_line(say(lang, "outlook_far"))


def _like_sentence(one: Outlook, lang: Lang) -> str:
    if one.abstained:
        reason = abstention(one.abstained, zh=lang is Lang.ZH)
        return say(lang, "abstained_at", horizon=one.horizon, reason=reason)
    like = one.like
    if like is None or not like.count:
        return say(lang, "like_none", horizon=one.horizon)
    return say(
        lang,
        "like_sentence",
        horizon=one.horizon,
        count=count_text(like.count),
        predicted=part_text(like.predicted),
        rose=count_text(like.rose),
        part=part_text(like.rose / like.count),
    )


def _print_track(stage: str, horizons: Sequence[int], scored: Sequence[Scored], lang: Lang) -> None:
    """How forecasts made at this stage came out, by horizon; or that none has an outcome."""
    records = track(stage, horizons, scored)
    if not records:
        lost = sum(
            one.state is State.NOT_MEASURABLE and one.counted and not one.forecast.hindsight
            for one in scored
            if one.forecast.stage == stage
        )
        key = "track_lost" if lost else "track_none"
        tables.print_line(say(lang, key, stage=stage_named(stage, lang), lost=lost))
        return
    told = [
        say(
            lang,
            "track_at" if one.independent == one.count else "track_overlap",
            horizon=horizon,
            count=one.count,
            came=one.came,
            expected=count_text(one.expected, 1),
            independent=one.independent,
        )
        for horizon, one in records.items()
    ]
    tables.print_line(say(lang, "track", stage=stage_named(stage, lang), records=say(lang, "sign_between").join(told)))


def track(stage: str, horizons: Iterable[int], scored: Sequence[Scored]) -> dict[int, Record]:
    """The record of past forecasts made at that stage, at each of the horizons that has an outcome."""
    records = {horizon: track_record(scored, stage, horizon) for horizon in horizons}
    return {horizon: one for horizon, one in records.items() if one.count}


# --- why --------------------------------------------------------------------------------------------------------


def print_explanation(slug: str, told: Outlooks, horizon: int, stamps: Mapping[str, str], lang: Lang) -> None:
    """Each part of P(rise) in logits, the largest first, so that they add up to it; and what the model knew."""
    outlook = told.at(slug, horizon)
    tables.print_line()
    if outlook is None or outlook.p_rise is None:
        tables.print_line(say(lang, "explain_nothing", horizon=horizon))
        return
    p = chance_text(outlook.p_rise)
    tables.print_line(say(lang, "explain_head", horizon=horizon, p=p))
    rows = _explained(outlook, lang)
    largest = max((abs(logit) for _, _, logit in rows), default=0.0)
    cells = [(name, value, f"{logit:+.2f}", _bar(logit, largest)) for name, value, logit in rows]
    cells.append((say(lang, "explain_sum", p=p), "", f"{_logit(outlook.p_rise):+.2f}", ""))
    headings = ("explain_part", "explain_value", "explain_logit", "explain_bar")
    columns = [Column(say(lang, key), figures=key in ("explain_value", "explain_logit")) for key in headings]
    tables.print_table(columns, cells)
    tables.print_line(_like_sentence(outlook, lang))
    tables.print_line(say(lang, "explain_model", model=outlook.model))
    if FITTED_ON in stamps:
        tables.print_line(say(lang, "explain_fit", fitted_on=stamps[FITTED_ON]))
    if LAST_CLOSED in stamps:
        tables.print_line(say(lang, "explain_closed", month=stamps[LAST_CLOSED]))
    elif outlook.base_month and slug not in told.hindsight:
        origin, base = month_text(month_after(outlook.base_month, -horizon)), month_text(outlook.base_month)
        tables.print_line(say(lang, "explain_bound", month=origin, base=base))


def _explained(outlook: Outlook, lang: Lang) -> list[tuple[str, str, float]]:
    """Name, value and logit: terms, the largest features, all others together, and what no part tells.

    The last is the difference to the logit of P(rise), so that the column adds up.
    """
    zh = lang is Lang.ZH
    terms = [part for part in outlook.parts if part.feature in TERM_TEXTS]
    features = sorted(
        (part for part in outlook.parts if part.feature not in TERM_TEXTS), key=lambda part: -abs(part.logit)
    )
    left = left_over(outlook)
    rows = [(part_name(part.feature, zh=zh), "", part.logit) for part in terms]
    if not terms:
        rows.append((say(lang, "explain_base"), "", left))
    rows += [(part_name(part.feature, zh=zh), _value(part), part.logit) for part in features[:_EXPLAINED]]
    if others := features[_EXPLAINED:]:
        together = sum(part.logit for part in others)
        rows.append((say(lang, "explain_others", count=len(others)), "", together))
    if terms and abs(left) >= 0.005:
        rows.append((say(lang, "explain_left"), "", left))
    return rows


def left_over(outlook: Outlook) -> float:
    """The logit of P(rise) less that of all parts. The outlook must have a probability."""
    return _logit(cast(float, outlook.p_rise)) - sum(part.logit for part in outlook.parts)


def _logit(p: float) -> float:
    kept = min(max(p, 1e-6), 1 - 1e-6)
    return log(kept / (1 - kept))


def _value(part: Part) -> str:
    return f"{part.value:.2f}"


def _bar(logit: float, largest: float) -> str:
    """Up to ten signs, by size against the largest; none for what is nothing beside it."""
    return ("+" if logit > 0 else "-") * (round(_BAR * abs(logit) / largest) if largest else 0)


# --- as JSON ----------------------------------------------------------------------------------------------------


def outlook_json(outlook: Outlook, papers: float | None, told: Outlooks) -> dict[str, Any]:
    """An outlook with every figure; probabilities to four digits, `growth` as the log of the ratio of the shares."""
    interval = added_interval(outlook, papers)
    return {
        "as_of": outlook.as_of,
        "base_month": outlook.base_month,
        "horizon": outlook.horizon,
        "p_rise": _four(outlook.p_rise),
        "p_up": _four(outlook.p_up),
        "p_fall": _four(outlook.p_fall),
        "growth_low": outlook.growth_low,
        "growth_high": outlook.growth_high,
        "ratio_low": None if outlook.growth_low is None else exp(outlook.growth_low),
        "ratio_high": None if outlook.growth_high is None else exp(outlook.growth_high),
        "added": outlook.added,
        "added_low": interval[0] if interval else None,
        "added_high": interval[1] if interval else None,
        "like_cases": None
        if outlook.like is None
        else {"count": outlook.like.count, "rose": outlook.like.rose, "predicted": _four(outlook.like.predicted)},
        "parts": [{"feature": one.feature, "value": one.value, "logit": one.logit} for one in outlook.parts],
        "left_over": left_over(outlook) if outlook.parts and outlook.p_rise is not None else None,
        "model": outlook.model,
        "abstained": outlook.abstained or None,
        "hindsight": outlook.direction in told.hindsight,
        "from_ledger": told.from_ledger,
    }


def _four(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 4)
