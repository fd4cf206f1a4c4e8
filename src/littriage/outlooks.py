"""The stages that look ahead: what is expected of each direction, and what became of what was expected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from littriage import signals
from littriage.directions import LEXICAL_RULE
from littriage.forecasts import Instrument, State, made, score
from littriage.model import HORIZONS, Outlook, Stage, TrendPoint, Verdict
from littriage.outlook.features import Topics, features, phrase_topics
from littriage.outlook.model import Model, outlooks, shipped
from littriage.panel import panel_of
from littriage.run import Counts, Run, progress
from littriage.trends import YEAR_NEEDS_MONTHS, month_after, months_between, usable
from littriage.warehouse import derived
from littriage.warehouse.forecasts import ledger, store_outcomes, store_outlooks, stored_outlooks
from littriage.warehouse.shelf import content_stamp, membership_matrix, stock

if TYPE_CHECKING:
    from littriage.panel import Panel

SHELF_MONTHS = 96
"""Of the papers that neighbours, authors and categories are read from: no feature looks back 84 months and a year."""
NEEDS_MONTHS = 24
"""Usable months of the last 48 that a direction, and the copy of its field, must have."""
_WINDOW_MONTHS = 48
_STAGE = "look ahead"

_Group = tuple[str, date]
"""A field, and the last month that is known of directions in it."""


# --- what is expected -------------------------------------------------------------------------------------------


def look_ahead(run: Run, model: Model | None = None) -> Counts:
    """An outlook for every direction and horizon, and the ledger of forecasts with what is new in it.

    `model`: None for the one that comes with littriage. A direction whose stage is no verdict, or whose field no copy
    holds, gets none, with the reason: a key of `outlook.wording.ABSTENTION_TEXTS`. Outlooks that rest on what they
    rested on in the last run are kept.
    """
    assert run.as_of is not None, "weigh() sets it"
    model = model or shipped()
    silent = {verdict.direction: why for verdict in run.verdicts if (why := _silence(run, verdict))}
    groups = _groups(run.verdicts, run.fields, silent)
    told, stamp = _kept(run, model, groups, silent)
    fresh = not told
    if fresh:
        told = (*_told(run, model, groups), *_unsaid(run, model, silent))
    run.outlooks = tuple(
        replace(one, as_of=run.as_of) for one in sorted(told, key=lambda one: (one.direction, one.horizon))
    )
    stages = {verdict.direction: verdict.stage.value for verdict in run.verdicts}
    forecasts = made(run.outlooks, run.points, stages, instruments(run), run=run.id, made_at=run.now())
    added = store_outlooks(run.warehouse, run.outlooks, forecasts)
    derived.stamp(run.warehouse, _STAGE, stamp)
    counts: Counts = {"directions": len(run.verdicts), "with an outlook": len(run.verdicts) - len(silent)}
    return {**counts, "made anew": len(run.outlooks) if fresh else 0, "new forecasts": added, "model": model.name}


def _silence(run: Run, verdict: Verdict) -> str:
    """Why a direction gets no outlook; empty where it gets one."""
    if verdict.stage in (Stage.NOT_MEASURABLE, Stage.INCOMPLETE):
        return "not measurable"
    known = [point.month for point in run.points[verdict.direction] if usable(point)]
    if verdict.last_month is None or not _enough(known, verdict.last_month):
        return "few months"
    if verdict.stage is Stage.TOO_LITTLE_DATA:
        return "few papers"
    return "" if _enough(run.usable[run.fields[verdict.direction]], verdict.last_month) else "no field"


def _enough(months: Iterable[date], last: date) -> bool:
    """Whether they hold `last`, enough of its year, and enough of the years before."""
    back = {months_between(month, last) for month in months}
    year = sum(0 <= one < 12 for one in back)
    return 0 in back and year >= YEAR_NEEDS_MONTHS and sum(0 <= one < _WINDOW_MONTHS for one in back) >= NEEDS_MONTHS


def _groups(verdicts: Iterable[Verdict], fields: Mapping[str, str], silent: Collection[str]) -> dict[_Group, list[str]]:
    found: dict[_Group, list[str]] = {}
    for verdict in sorted(verdicts, key=lambda one: one.direction):
        if verdict.direction not in silent and verdict.last_month is not None:
            found.setdefault((fields[verdict.direction], verdict.last_month), []).append(verdict.direction)
    return found


def _span(groups: Iterable[_Group]) -> tuple[date, date] | None:
    """First and last month of the papers to read; None where there is nothing to look ahead for."""
    last = max((base for _, base in groups), default=None)
    return (month_after(last, 1 - SHELF_MONTHS), last) if last else None


def _kept(
    run: Run, model: Model, groups: Mapping[_Group, Sequence[str]], silent: Mapping[str, str]
) -> tuple[tuple[Outlook, ...], str]:
    """The outlooks of the last run, where they would come out the same, else none; a stamp of what they rest on."""
    span = _span(groups)
    content = content_stamp(run.warehouse, *span) if span else None
    of_field = {field: sorted(run.usable[field]) for field, _ in groups}
    points = [[slug, [_figures(one) for one in run.points[slug]]] for slug in sorted(run.points)]
    last_months = [(verdict.direction, verdict.last_month) for verdict in run.verdicts]
    rests_on = [
        model.name, content, run.count_related, sorted(groups.items()), silent, of_field, points, sorted(last_months),
    ]  # fmt: skip
    stamp = derived.stamp_of(rests_on)
    same = derived.stamped(run.warehouse, _STAGE) == stamp
    return stored_outlooks(run.warehouse) if same else (), stamp


def _figures(point: TrendPoint) -> tuple[date, float, int, str]:
    return point.month, point.papers, point.exposure, point.status.value


def _told(run: Run, model: Model, groups: Mapping[_Group, Sequence[str]]) -> list[Outlook]:
    """The outlooks of all directions that get one, field by field; the papers are read once."""
    span = _span(groups)
    if span is None:
        return []
    assert run.as_of is not None
    from threadpoolctl import threadpool_limits

    found: list[Outlook] = []
    # One thread: sums then come out in one order on every machine.
    with progress(run, _STAGE, len(groups) + 1) as advance, threadpool_limits(1):
        papers = stock(run.warehouse, first=span[0], last=span[1])
        _, members, titled = membership_matrix(run.warehouse, papers.ids, run.points, related=run.count_related)
        advance(1)
        # The states of all directions are estimated together, whatever field they are measured in: once for each month.
        known_at: dict[date, tuple[Panel, signals.State]] = {}
        for (field, base), slugs in groups.items():
            shelf = papers.shelf(field, [month for month in run.usable[field] if month <= base])
            last = month_after(shelf.first, shelf.months - 1)
            if last not in known_at:
                panel = panel_of(run.points, last)
                known_at[last] = panel, signals.state(panel)
            count = len(shelf.ids)
            topics = Topics(members[:count], titled[:count], *known_at[last])
            known = features(shelf, topics, phrase_topics(shelf))
            rows = np.array([topics.panel.topics.index(slug) for slug in slugs], dtype=np.int64)
            found += outlooks(model, topics.panel.rows(rows), known[rows], run.as_of, base, {})
            advance(1)
    return found


def _unsaid(run: Run, model: Model, silent: Mapping[str, str]) -> list[Outlook]:
    """The outlooks of directions that get none, with the reason."""
    assert run.as_of is not None
    return [
        Outlook(
            direction=verdict.direction,
            as_of=run.as_of,
            horizon=horizon,
            p_rise=None,
            p_up=None,
            p_fall=None,
            growth_low=None,
            growth_high=None,
            added=None,
            model=model.name,
            base_month=verdict.last_month,
            abstained=silent[verdict.direction],
        )
        for verdict in run.verdicts
        if verdict.direction in silent
        for horizon in HORIZONS
    ]


# --- what became of it ------------------------------------------------------------------------------------------


def score_forecasts(run: Run) -> Counts:
    """What became of every forecast that was ever made, by today's counts."""
    assert run.as_of is not None, "weigh() sets it"
    scored = score(ledger(run.warehouse), run.points, instruments(run), run.as_of)
    store_outcomes(run.warehouse, scored)
    states = [one.state for one in scored]
    return {"forecasts": len(scored), **{state.value: states.count(state) for state in State if state in states}}


def instruments(run: Run) -> dict[str, Instrument]:
    """What each direction's share is measured with in this run, by slug."""
    rules: dict[str, str] = dict(run.warehouse.rows("read/membership_rules"))
    counted = ", related too" if run.count_related else ""
    with_rules = {slug: rules[slug] + counted if slug in rules else "" for slug in run.queries}
    return {
        slug: Instrument(with_rules[slug], f"{LEXICAL_RULE}/{query}", run.fields[slug])
        for slug, (_, query) in run.queries.items()
    }
