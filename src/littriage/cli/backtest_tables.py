"""The result of a backtest as a person reads it: tables and sentences, in a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from littriage.cli import tables
from littriage.cli.messages import UNKNOWN, count_text, duration_text, part_text, say
from littriage.cli.options import Lang
from littriage.cli.tables import Column

NEEDS = (
    "field",
    "record",
    "origins",
    "tried",
    "horizons",
    "directions",
    "clusters",
    "placebo",
    "model",
    "versions",
    "seed",
)
"""Keys that a result must have."""

_MODEL = "model"
_PLOT = 40
_SIZES, _PACES = ("under 20", "20 to 60", "60 and more"), ("shrinking", "neither", "growing")
_OFF = 0.03
"""Difference of said and risen parts below which a probability was right."""
_HALF = 0.5
_YEAR = 12

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a heading, and sentences under it."""

    heading: str
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[str]] = ()
    lines: Sequence[str] = ()


def print_all(found: Table, lang: Lang) -> None:
    """All sections on stdout."""
    for place, section in enumerate(_sections(found, lang)):
        if place:
            tables.print_line()
        tables.print_line(section.heading)
        if section.rows:
            tables.print_table(section.columns, section.rows)
        for line in section.lines:
            tables.print_line(line)


def markdown(found: Table, lang: Lang) -> str:
    """All sections as Markdown."""
    return "\n\n".join(_markdown(section) for section in _sections(found, lang))


def _markdown(section: Section) -> str:
    parts = [f"**{section.heading}**"]
    if section.rows:
        rule = ["--:" if column.figures else "---" for column in section.columns]
        cells = [[column.heading for column in section.columns], rule, *section.rows]
        parts.append("\n".join(f"| {' | '.join(cell.replace('|', chr(0x2502)) for cell in row)} |" for row in cells))
    return "\n\n".join([*parts, *section.lines])


def drawn(found: Table, lang: Lang) -> str:
    """The reliability of each horizon as an SVG document."""
    from littriage.backtest.plot import ReliabilityPanel, reliability_svg
    from littriage.backtest.scores import ReliabilityBin

    panels = [
        ReliabilityPanel(
            say(lang, "bt_ahead", months=horizon),
            [
                ReliabilityBin(one["predicted"], one["observed"], one["rows"], one["rose"], *one["interval"])
                for one in table["reliability"]
            ],
            say(lang, "bt_ece", value=_figure(table["ece"])),
        )
        for horizon, table in found["horizons"].items()
    ]
    return reliability_svg(panels, lang.value)


def _sections(found: Table, lang: Lang) -> Iterator[Section]:
    yield _head(found, lang)
    for horizon, table in found["horizons"].items():
        yield _methods(horizon, table, lang)
        yield _parts(horizon, table, lang)
        yield _reliability(horizon, table, lang)
    yield _kinds(found, lang)
    if found["placebo"].get("phrases"):
        yield _placebo(found["placebo"], lang)
    yield _meaning(found, lang)
    yield _made_with(found, lang)


def _head(found: Table, lang: Lang) -> Section:
    record, origins = found["record"], found["origins"]
    field = found["field"] or say(lang, "bt_every")
    lines = [
        say(
            lang, "bt_record", first=record["first"], last=record["last"], months=record["months"],
            usable=record["usable"], papers=count_text(record["papers"]),
        ),
        say(
            lang, "bt_origins", count=origins["count"], first=origins["first"], last=origins["last"],
            step=found["step_months"],
        ),
    ]  # fmt: skip
    lines += [
        say(lang, "bt_none_due", months=months)
        for months in found["tried"]["horizons"]
        if str(months) not in found["horizons"]
    ]
    lines += [say(lang, f"bt_left_{kind}") for kind in found.get("left_out", ())]
    return Section(say(lang, "bt_head", field=field), lines=lines)


# --- the model and the methods of others --------------------------------------------------------------------------


def _methods(horizon: str, table: Table, lang: Lang) -> Section:
    columns = [
        Column(say(lang, "bt_method")),
        *(Column(say(lang, key), True) for key in ("bt_auc", "bt_fitted", "bt_auc_60", "bt_skill")),
        *(Column(name, True) for name in ("ECE", "CSI")),
        *(Column(say(lang, key), True) for key in ("bt_thinned", "bt_gain", "bt_gain_60")),
    ]
    rows = [_method(_MODEL, table, lang)]
    rows += [_method(name, one, lang) for name, one in table["baselines"].items()]
    heading = say(
        lang, "bt_horizon", months=horizon, rows=count_text(table["rows"]), topics=count_text(table["topics"]),
        base_rate=part_text(table["base_rate"]),
    )  # fmt: skip
    lines = []
    if int(horizon) < _YEAR:
        lines.append(say(lang, "bt_overlap", known=_YEAR - int(horizon), months=horizon))
    if any(one["own"] for one in table["baselines"].values()):
        lines.append(say(lang, "bt_own"))
    return Section(heading, columns, rows, lines)


def _method(name: str, one: Table, lang: Lang) -> list[str]:
    intervals = one.get("intervals") or {}
    gains = [gain for gain in (one.get("gain"), one.get("gain_over_fitted")) if gain]
    return [
        say(lang, "bt_model") if name == _MODEL else f"{_name(name, lang)}{'*' if one['own'] else ''}",
        _with_interval(one["auc"], intervals.get("auc"), lang),
        _figure(one.get("auc_fitted")),
        _with_interval(one["auc_60"], intervals.get("auc_60"), lang),
        _figure(one["brier_skill"]),
        _figure(one["ece"]),
        _figure(one["csi"]),
        _figure(one.get("thinned_auc")),
        _gain(min(gains, default=None), lang),
        _gain(one.get("gain_60"), lang),
    ]


def _name(name: str, lang: Lang) -> str:
    return say(lang, f"bt_{name}") if lang is Lang.ZH and name != "BERTrend" else name


def _figure(value: float | None, digits: int = 3) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def _with_interval(value: float | None, interval: Sequence[float] | None, lang: Lang) -> str:
    if value is None or interval is None:
        return _figure(value)
    low, high = map(_figure, interval)
    return f"{_figure(value)} ({say(lang, 'span', low=low, high=high)})"


def _gain(gain: Sequence[float] | None, lang: Lang) -> str:
    if not gain:
        return UNKNOWN
    value, low, high = (f"{one:+.3f}" for one in gain)
    return f"{value} ({say(lang, 'span', low=low, high=high)})"


# --- parts ------------------------------------------------------------------------------------------------------


def _parts(horizon: str, table: Table, lang: Lang) -> Section:
    columns = [Column(say(lang, "bt_part")), *_of_parts(lang)]
    rows = [
        _part(say(lang, f"bt_{group}_{number}"), one)
        for group, names in (("size", _SIZES), ("pace", _PACES))
        for number, name in enumerate(names)
        if (one := table["by_" + group].get(name))
    ]
    rows += [_part(say(lang, f"bt_event_{event}"), table[event]) for event in ("up", "fall")]
    lines = [
        say(
            lang, "bt_intervals_held", part=part_text(table["coverage_80"]),
            slope=_figure(table["calibration_slope"], 2),
            spearman=_figure(table["spearman"], 2), precision=part_text(table["precision_top_tenth"]),
        )
    ]  # fmt: skip
    return Section(say(lang, "bt_parts", months=horizon), columns, rows, lines)


def _of_parts(lang: Lang) -> list[Column]:
    texts = [say(lang, key) for key in ("bt_forecasts", "bt_said", "bt_came")]
    return [Column(text, True) for text in (*texts, "AUC", "ECE", say(lang, "bt_coverage"))]


def _part(name: str, one: Table) -> list[str]:
    return [
        name,
        count_text(one.get("rows")),
        part_text(one.get("predicted")),
        part_text(one["base_rate"]),
        _figure(one["auc"]),
        _figure(one["ece"]),
        part_text(one.get("coverage_80")),
    ]


def _kinds(found: Table, lang: Lang) -> Section:
    columns = [
        Column(say(lang, "bt_kind")),
        Column(say(lang, "col_ahead"), True),
        *(Column(say(lang, key), True) for key in ("bt_topics", "bt_forecasts", "bt_came")),
        Column("AUC", True),
        Column("AUC 60+", True),
        Column(say(lang, "bt_skill"), True),
        Column("ECE", True),
        Column("CSI", True),
        Column(say(lang, "bt_coverage"), True),
    ]
    rows = [
        [
            say(lang, f"bt_{kind}"), horizon, count_text(one["topics"]), count_text(one["rows"]),
            part_text(one["base_rate"]),
            *(_figure(one[name]) for name in ("auc", "auc_60", "brier_skill", "ece", "csi")),
            part_text(one["coverage_80"]),
        ]
        for kind in ("horizons", "directions", "clusters")
        for horizon, one in found[kind].items()
    ]  # fmt: skip
    return Section(say(lang, "bt_kinds"), columns, rows)


# --- what was said, and what came --------------------------------------------------------------------------------


def _reliability(horizon: str, table: Table, lang: Lang) -> Section:
    columns = [
        Column(say(lang, "bt_said"), True),
        Column(say(lang, "bt_came"), True),
        Column(say(lang, "bt_forecasts"), True),
        Column("0%" + "100%".rjust(_PLOT - 1)),
    ]
    bins = table["reliability"]
    rows = [
        [part_text(one["predicted"]), part_text(one["observed"]), count_text(one["rows"]), _bar(one)] for one in bins
    ]
    lines = [
        say(
            lang, f"bt_{key}", verdict=say(lang, f"bt_{_verdict(said, came)}"), said=part_text(said),
            came=part_text(came), rows=count_text(rows_of),
        )
        for key, chosen in (
            ("below_half", [one for one in bins if one["predicted"] < _HALF]),
            ("above_half", [one for one in bins if one["predicted"] >= _HALF]),
        )
        if chosen
        for said, came, rows_of in [_together(chosen)]
    ]  # fmt: skip
    return Section(say(lang, "bt_reliability", months=horizon), columns, rows, lines)


def _bar(one: Table) -> str:
    """What came as a bar, what was said as a mark."""
    came, said = round(one["observed"] * _PLOT), min(round(one["predicted"] * _PLOT), _PLOT - 1)
    bar = "█" * came + "·" * (_PLOT - came)
    return f"{bar[:said]}|{bar[said + 1 :]}"


def _together(bins: Sequence[Table]) -> tuple[float, float, int]:
    rows = sum(one["rows"] for one in bins)
    said, came = (sum(one[name] * one["rows"] for one in bins) / rows for name in ("predicted", "observed"))
    return said, came, rows


def _verdict(said: float, came: float) -> str:
    return "right" if abs(said - came) <= _OFF else "too_much" if said > came else "too_little"


def _placebo(placebo: Table, lang: Lang) -> Section:
    line = say(
        lang, "bt_placebo", phrases=count_text(placebo["phrases"]), topics=count_text(placebo["topics"]),
        up=part_text(placebo["called_rising"]), topics_up=part_text(placebo["topics_called_rising"]),
        rising=part_text(placebo["called_rising_10"]), topics_rising=part_text(placebo["topics_called_rising_10"]),
    )  # fmt: skip
    return Section(say(lang, "bt_placebo_head"), lines=[line])


# --- in words ---------------------------------------------------------------------------------------------------


def _meaning(found: Table, lang: Lang) -> Section:
    lines = []
    for horizon, table in found["horizons"].items():
        lines.append(_shown(horizon, table, lang))
        if (halves := table.get("thinned_auc")) is not None and table["auc"] is not None and table["auc"] > _HALF:
            left = max(0.0, min(1.0, (halves - _HALF) / (table["auc"] - _HALF)))
            lines.append(say(lang, "bt_by_chance", months=horizon, auc=_figure(halves, 2), left=part_text(left)))
    return Section(say(lang, "bt_meaning"), lines=lines)


def _shown(horizon: str, table: Table, lang: Lang) -> str:
    others = {
        name: (max(one["auc"] or 0.0, one.get("auc_fitted") or 0.0), one)
        for name, one in table["baselines"].items()
        if not one["own"]
    }
    text = say(
        lang, "bt_shows", months=horizon, auc=_with_interval(table["auc"], table["intervals"]["auc"], lang),
        auc_60=_figure(table["auc_60"], 2),
    )  # fmt: skip
    if (skill := table["brier_skill"]) is not None:
        text += say(lang, "bt_better" if skill > 0 else "bt_worse", skill=part_text(abs(skill)))
    if not others:
        return text
    best = max(others, key=lambda name: others[name][0])
    return text + say(lang, "bt_best", name=_name(best, lang), auc=_figure(others[best][0], 2))


def _made_with(found: Table, lang: Lang) -> Section:
    model = found["model"]
    lines = [
        say(
            lang, "bt_made_with", seed=found["seed"], resamples=found["resamples"],
            versions=", ".join(f"{name} {version}" for name, version in found["versions"].items()),
            time=duration_text(found["seconds"], lang),
        )
    ]  # fmt: skip
    if model["name"]:
        same = say(lang, "bt_as_shipped" if model["name"] == model["shipped"] else "bt_not_shipped", **model)
        lines.append(say(lang, "bt_taught", name=model["name"], last=model["last_closed"]) + same)
    return Section(say(lang, "bt_made"), lines=lines)
