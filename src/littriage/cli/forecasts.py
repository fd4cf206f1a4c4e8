"""`forecasts`: what was expected of the directions, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import exp
from typing import Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.messages import (
    UNKNOWN,
    chance_text,
    count_text,
    month_text,
    name_of,
    part_text,
    say,
    stage_named,
)
from littriage.cli.options import DEFAULT_WAREHOUSE, Json, Lang, Language, Limit, Warehouse, complete_slug
from littriage.cli.reading import about_json, print_about
from littriage.cli.tables import Column
from littriage.errors import EmptyWarehouse, SettingsError
from littriage.forecasts import (
    Bin,
    Event,
    Record,
    Scored,
    State,
    Why,
    next_due,
    record,
    records_by_horizon,
    records_by_stage,
)
from littriage.model import HORIZONS
from littriage.published import Published

_TELLING = 5
"""Independent forecasts that a group needs for a word on it."""

_FIGURES = ("fc_horizon", "fc_p_rise", "fc_p_fall", "fc_ratio", "fc_interval")
_DUE = (State.SCORED, State.NOT_MEASURABLE)


def register(app: typer.Typer) -> None:
    app.command()(forecasts)


def forecasts(
    direction: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIRECTION]",
            help='Slug or name, as "littriage directions list" shows them.',
            autocompletion=complete_slug,
        ),
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="List only those that are due.")] = False,
    horizon: Annotated[
        int | None, typer.Option(metavar="MONTHS", help="Only forecasts for 6, 12 or 24 months ahead.")
    ] = None,
    hindsight: Annotated[
        bool, typer.Option("--hindsight", help="Those made in hindsight, instead of the record.")
    ] = False,
    limit: Limit = 20,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show past forecasts and what became of them.

    Every run writes its forecasts into a ledger that nothing changes afterwards. Shown are how those that are due came
    out beside what chance would give, whether 60% came true in 60% of the cases, and the forecasts themselves.
    """
    if horizon not in (None, *HORIZONS):
        raise SettingsError(f"no forecast looks {horizon} months ahead: pass one of {', '.join(map(str, HORIZONS))}")
    with Published.open(warehouse) as published:
        every = published.forecasts()
        if not every:
            raise EmptyWarehouse(f'{published.path} holds no forecasts: "littriage run" makes some')
        slug = _slug(published, every, direction) if direction else None
        asked = [
            one for one in every if slug in (None, one.forecast.direction) and horizon in (None, one.forecast.horizon)
        ]
        chosen = [one for one in asked if one.forecast.hindsight is hindsight]
        if as_json:
            wanted = {"direction": slug, "horizon": horizon, "hindsight": hindsight}
            tables.print_json({**about_json(published), **wanted, **_answer_json(chosen, due, hindsight)})
            return
        print_about(published, lang)
        names = {entry.slug: name_of(entry, lang) for entry in published.entries()}
        elsewhere = 0 if hindsight else len(asked) - len(chosen)
        _print_answer(chosen, elsewhere, names, published.about.as_of, due, hindsight, limit, lang)


def _slug(published: Published, every: Iterable[Scored], direction: str) -> str:
    """The direction's slug; also that of one that the catalogue no longer has, but the ledger does."""
    return direction if direction in {one.forecast.direction for one in every} else published.entry(direction).slug


def _split(chosen: Iterable[Scored]) -> tuple[list[Scored], list[Scored]]:
    """Those that stand for their month: due, the latest first; and waiting, the next first."""
    standing = sorted((one for one in chosen if one.counted), key=lambda one: (_due(one), *_which(one)))
    ended = sorted((one for one in standing if one.state in _DUE), key=_due, reverse=True)
    return ended, [one for one in standing if one.state is State.NOT_DUE]


def _due(one: Scored) -> date:
    return one.forecast.due or date.max


def _which(one: Scored) -> tuple[str, int]:
    return one.forecast.direction, one.forecast.horizon


# --- as text ----------------------------------------------------------------------------------------------------


def _print_answer(
    chosen: Sequence[Scored],
    elsewhere: int,
    names: Mapping[str, str],
    as_of: date,
    only_due: bool,
    hindsight: bool,
    limit: int,
    lang: Lang,
) -> None:
    if hindsight:
        tables.print_line(say(lang, "forecasts_hindsight" if chosen else "forecasts_no_hindsight"))
    ended, waiting = _split(chosen)
    if ended or waiting:
        _print_head("forecasts_head_hindsight" if hindsight else "forecasts_head", ended, waiting, as_of, lang)
    elif not hindsight:
        tables.print_line(say(lang, "forecasts_none"))
    _print_beside(chosen, elsewhere, hindsight, lang)
    _print_next(ended, waiting, names, lang)
    _print_record(chosen, ended, hindsight, lang)
    if ended:
        tables.print_line()
        tables.print_line(say(lang, "forecasts_latest"))
        _print_due(ended, names, limit, lang)
    if waiting and not only_due:
        tables.print_line()
        tables.print_line(say(lang, "forecasts_waiting"))
        _print_waiting(waiting, names, limit, lang)
    if ended or (waiting and not only_due):
        tables.print_line(say(lang, "forecasts_note"))


def _print_head(key: str, ended: Sequence[Scored], waiting: Sequence[Scored], as_of: date, lang: Lang) -> None:
    standing = [*ended, *waiting]
    lost = sum(one.state is State.NOT_MEASURABLE for one in ended)
    tables.print_line(
        say(
            lang,
            key,
            as_of=as_of,
            count=len(standing),
            directions=len({one.forecast.direction for one in standing}),
            first=min(one.forecast.as_of for one in standing),
            due=len(ended),
            scored=len(ended) - lost,
            lost=lost,
            waiting=len(waiting),
        )
    )


def _print_beside(chosen: Sequence[Scored], elsewhere: int, hindsight: bool, lang: Lang) -> None:
    uncounted = _uncounted(chosen)
    if any(uncounted.values()) or elsewhere:
        key = "forecasts_beside_hindsight" if hindsight else "forecasts_beside"
        tables.print_line(say(lang, key, hindsight=elsewhere, **uncounted))


def _uncounted(chosen: Iterable[Scored]) -> dict[str, int]:
    """How many rows of the ledger do not stand for their month, by reason."""
    counts = {"repeats": 0, "revisions": 0, "abstained": 0}
    for one in chosen:
        if one.state is State.ABSTAINED:
            counts["abstained"] += 1
        elif one.forecast.revision:
            counts["revisions"] += 1
        elif not one.counted:
            counts["repeats"] += 1
    return counts


def _print_next(ended: Sequence[Scored], waiting: Sequence[Scored], names: Mapping[str, str], lang: Lang) -> None:
    if not waiting:
        return
    first = waiting[0].forecast
    tables.print_line(
        say(
            lang,
            "forecasts_next" if ended else "forecasts_first",
            count=sum(one.forecast.due == first.due for one in waiting),
            day=first.due,
            name=names.get(first.direction, first.direction),
            horizon=first.horizon,
        )
    )


def _print_record(chosen: Sequence[Scored], ended: Sequence[Scored], hindsight: bool, lang: Lang) -> None:
    """How the forecasts have done, in sentences and by groups."""
    whole = record(chosen, hindsight=hindsight)
    if not whole.count:
        if ended:
            tables.print_line(say(lang, "forecasts_lost"))
        return
    _print_sentences(whole, lang)
    tables.print_line()
    tables.print_line(say(lang, "forecasts_given"))
    _print_bins(whole.bins, lang)
    by_horizon = records_by_horizon(chosen, hindsight=hindsight)
    by_stage = records_by_stage(chosen, hindsight=hindsight)
    for heading, records in (
        ("event", {say(lang, f"event_{event}"): record(chosen, event, hindsight=hindsight) for event in Event}),
        ("horizon", {f"{horizon}": one for horizon, one in by_horizon.items()}),
        ("stage", {stage_named(stage, lang): one for stage, one in by_stage.items()}),
    ):
        tables.print_line()
        tables.print_line(say(lang, f"forecasts_by_{heading}"))
        _print_records(f"fc_{heading}", records, lang)


def _print_sentences(whole: Record, lang: Lang) -> None:
    fullest = max(whole.bins, key=lambda one: (one.count, one.low))
    tables.print_line(
        say(
            lang,
            "forecasts_sentence",
            count=whole.count,
            came=whole.came,
            expected=count_text(whole.expected, 1),
            low=part_text(fullest.low),
            high=part_text(fullest.high),
            bin_came=fullest.came,
            bin_count=fullest.count,
            bin_expected=count_text(fullest.expected, 1),
        )
    )
    tables.print_line(
        say(
            lang,
            "forecasts_brier",
            brier=_score_text(whole.brier),
            base=_score_text(whole.brier_base),
            half=_score_text(whole.brier_half),
            skill=_skill_text(whole, lang),
            words=say(lang, _skill_key(whole)),
        )
    )
    tables.print_line(
        say(
            lang,
            "forecasts_worth",
            directions=whole.directions,
            independent=whole.independent,
            inside=whole.inside,
            intervals=whole.intervals,
        )
    )
    if whole.changed or whole.revised:
        tables.print_line(say(lang, "forecasts_changed", changed=whole.changed, revised=whole.revised))


def _skill_key(one: Record) -> str:
    if one.gain_interval is None:
        return "skill_few"
    low, high = one.gain_interval
    return "skill_better" if low > 0 else "skill_worse" if high < 0 else "skill_same"


def _skill_text(one: Record, lang: Lang) -> str:
    if one.skill is None:
        return UNKNOWN
    skill = f"{100 * one.skill:+.0f}%"
    if one.gain_interval is None:
        return skill
    low, high = (f"{100 * bound:+.0f}%" for bound in one.gain_interval)
    return say(lang, "forecasts_skill", skill=skill, low=low, high=high)


def _score_text(score: float | None) -> str:
    return UNKNOWN if score is None else f"{score:.3f}"


def _print_bins(bins: Sequence[Bin], lang: Lang) -> None:
    headings = ("fc_given", "fc_count", "fc_mean", "fc_expected", "fc_rose", "fc_part", "fc_words")
    tables.print_table(
        [Column(say(lang, key), figures=key not in ("fc_given", "fc_words")) for key in headings],
        [
            (
                say(lang, "span", low=part_text(one.low), high=part_text(one.high)),
                f"{one.count}",
                chance_text(one.mean),
                count_text(one.expected, 1),
                f"{one.came}",
                _part_text(one, lang),
                say(lang, _bin_key(one)),
            )
            for one in bins
        ],
    )


def _part_text(one: Bin, lang: Lang) -> str:
    low, high = one.interval
    return f"{part_text(one.part)} ({say(lang, 'span', low=part_text(low), high=part_text(high))})"


def _bin_key(one: Bin) -> str:
    if one.independent < _TELLING:
        return "bin_few"
    low, high = one.interval
    return "bin_more" if one.mean < low else "bin_less" if one.mean > high else "bin_as_said"


def _print_records(heading: str, records: Mapping[str, Record], lang: Lang) -> None:
    headings = (
        heading, "fc_count", "fc_independent", "fc_expected", "fc_came", "fc_brier", "fc_base", "fc_skill",
        "fc_log_loss",
    )  # fmt: skip
    tables.print_table(
        [Column(say(lang, key), figures=key != heading) for key in headings],
        [
            (
                name,
                f"{one.count}",
                f"{one.independent}",
                count_text(one.expected, 1),
                f"{one.came}",
                _score_text(one.brier),
                _score_text(one.brier_base),
                _skill_text(one, lang),
                _score_text(one.log_loss),
            )
            for name, one in records.items()
        ],
    )


def _print_due(ended: Sequence[Scored], names: Mapping[str, str], limit: int, lang: Lang) -> None:
    headings = (
        "direction", "fc_as_of", "fc_horizon", "stage_then", "fc_p_rise", "fc_p_fall", "fc_base_month", "month",
        "fc_ratio", "outcome", "fc_notes",
    )  # fmt: skip
    tables.print_table(
        [
            Column(say(lang, key), figures=key in ("fc_horizon", "fc_p_rise", "fc_p_fall", "fc_ratio"))
            for key in headings
        ],
        [
            (
                *_told(one, names, lang),
                month_text(one.forecast.base_month),
                month_text(one.forecast.target),
                UNKNOWN if one.ratio is None else say(lang, "ratio_alone", ratio=f"{one.ratio:.2f}"),
                _outcome_text(one, lang),
                _notes(one, lang),
            )
            for one in ended[:limit]
        ],
    )
    _print_cut(len(ended), limit, lang)


def _print_waiting(waiting: Sequence[Scored], names: Mapping[str, str], limit: int, lang: Lang) -> None:
    headings = ("direction", "fc_as_of", "fc_horizon", "stage_then", "fc_p_rise", "fc_p_fall", "fc_interval", "fc_due")
    tables.print_table(
        [
            Column(say(lang, key), figures=key in ("fc_horizon", "fc_p_rise", "fc_p_fall", "fc_interval"))
            for key in headings
        ],
        [
            (
                *_told(one, names, lang),
                _expected_change(one, lang),
                f"{one.forecast.due}",
            )
            for one in waiting[:limit]
        ],
    )
    _print_cut(len(waiting), limit, lang)


def _told(one: Scored, names: Mapping[str, str], lang: Lang) -> tuple[str, ...]:
    forecast = one.forecast
    return (
        names.get(forecast.direction, forecast.direction),
        f"{forecast.as_of}",
        f"{forecast.horizon}",
        stage_named(forecast.stage, lang),
        chance_text(forecast.p_rise),
        chance_text(forecast.p_fall),
    )


def _print_cut(count: int, limit: int, lang: Lang) -> None:
    if count > limit:
        tables.print_line(say(lang, "cut", count=count - limit, all=count))


def _expected_change(one: Scored, lang: Lang) -> str:
    """The 80% interval of the ratio."""
    low, high = one.forecast.growth_low, one.forecast.growth_high
    if low is None or high is None:
        return UNKNOWN
    return say(lang, "ratio_alone", ratio=say(lang, "span", low=f"{exp(low):.2f}", high=f"{exp(high):.2f}"))


def _outcome_text(one: Scored, lang: Lang) -> str:
    forecast = one.forecast
    if one.state is State.SCORED:
        return say(lang, "outcome_rose" if one.rose else "outcome_fell" if one.fell else "outcome_neither")
    of_base = one.why == Why.BASE_HOLES
    return say(
        lang,
        f"why_{one.why}",
        months=one.base_months if of_base else one.later_months,
        month=month_text(forecast.base_month if of_base else forecast.target),
    )


def _notes(one: Scored, lang: Lang) -> str:
    """What a reader should know of the outcome."""
    notes = [say(lang, f"note_{name}") for name in one.changed]
    if one.base_revision is not None:
        notes.append(say(lang, "note_revised", part=f"{100 * one.base_revision:+.0f}%"))
    if one.inside is False:
        notes.append(say(lang, "note_outside"))
    return say(lang, "between").join(notes)


# --- as JSON ----------------------------------------------------------------------------------------------------


def _answer_json(chosen: Sequence[Scored], only_due: bool, hindsight: bool) -> dict[str, Any]:
    """The record, and the forecasts that stand for their month; the export has every row of the ledger."""
    ended, waiting = _split(chosen)
    upcoming = next_due(chosen, hindsight=hindsight)
    return {
        "counts": {
            "rows": len(chosen),
            "due": len(ended),
            "scored": sum(one.state is State.SCORED for one in ended),
            "not_measurable": sum(one.state is State.NOT_MEASURABLE for one in ended),
            "not_due": len(waiting),
            **_uncounted(chosen),
        },
        "next_due": upcoming.forecast.due if upcoming else None,
        "record": {event.value: record_json(record(chosen, event, hindsight=hindsight)) for event in Event},
        "by_horizon": [
            {"horizon": horizon, **record_json(one)}
            for horizon, one in records_by_horizon(chosen, hindsight=hindsight).items()
        ],
        "by_stage": [
            {"stage": stage, **record_json(one)} for stage, one in records_by_stage(chosen, hindsight=hindsight).items()
        ],
        "forecasts": [forecast_json(one) for one in (*ended, *([] if only_due else waiting))],
    }


def record_json(one: Record) -> dict[str, Any]:
    """How forecasts of one event have done."""
    low, high = one.gain_interval or (None, None)
    return {
        "event": one.event.value,
        "forecasts": one.count,
        "directions": one.directions,
        "independent": one.independent,
        "expected": one.expected,
        "came": one.came,
        "brier": one.brier,
        "brier_base_rate": one.brier_base,
        "brier_half": one.brier_half,
        "skill": one.skill,
        "skill_low": low,
        "skill_high": high,
        "skill_half": one.skill_half,
        "log_loss": one.log_loss,
        "ece": one.calibration_error,
        "intervals": one.intervals,
        "inside": one.inside,
        "changed": one.changed,
        "revised": one.revised,
        "bins": [
            {
                "low": each.low,
                "high": each.high,
                "forecasts": each.count,
                "independent": each.independent,
                "mean": each.mean,
                "expected": each.expected,
                "came": each.came,
                "part": each.part,
                "part_low": each.interval[0],
                "part_high": each.interval[1],
            }
            for each in one.bins
        ],
    }


def forecast_json(one: Scored) -> dict[str, Any]:
    """A row of the ledger and what became of it."""
    told = one.forecast
    return {
        "direction": told.direction,
        "as_of": told.as_of,
        "horizon": told.horizon,
        "model": told.model,
        "revision": told.revision,
        "made_at": told.made_at.isoformat(timespec="seconds") + "Z",
        "run": told.run,
        "hindsight": told.hindsight,
        "base_month": told.base_month,
        "base_papers": told.base_papers,
        "base_exposure": told.base_exposure,
        "base_share": told.base_share,
        "stage": told.stage or None,
        "p_rise": told.p_rise,
        "p_up": told.p_up,
        "p_fall": told.p_fall,
        "growth_low": told.growth_low,
        "growth_high": told.growth_high,
        "added": told.added,
        "abstained": told.abstained or None,
        "rule": told.instrument.rule,
        "query": told.instrument.query,
        "field": told.instrument.field,
        "target_month": told.target,
        "due": told.due,
        "state": one.state.value,
        "why": str(one.why) or None,
        "counted": one.counted,
        "base_months": one.base_months,
        "base_share_now": one.base_share,
        "base_revised_by": one.base_revision,
        "later_months": one.later_months,
        "later_share": one.later_share,
        "ratio": one.ratio,
        "rose": one.rose,
        "up": one.up,
        "fell": one.fell,
        "inside": one.inside,
        "changed": list(one.changed),
    }
