"""Months and outlooks written by hand, for the tests of the forecast ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from littriage.forecasts import Forecast, Instrument, Scored, State, made
from littriage.model import LikeCases, MonthStatus, Outlook, Part, TrendPoint
from littriage.trends import last_settled_month, month_after

FIRST = date(2022, 1, 1)
AS_OF = date(2024, 2, 5)
"""The last settled month is December 2023."""
BASE = date(2023, 12, 1)
NOW = datetime(2024, 2, 5, 6)
INSTRUMENT = Instrument("v2/fast", "v1/q1", "cs.CL")


def months(
    direction: str, papers: Sequence[float], first: date = FIRST, exposure: int = 1000, lacking: Iterable[int] = ()
) -> tuple[TrendPoint, ...]:
    """One month for each count, those at the places `lacking` known to lack papers."""
    holes = set(lacking)
    return tuple(
        TrendPoint(
            direction,
            month_after(first, place),
            count,
            int(count),
            exposure,
            MonthStatus.PARTIAL if place in holes else MonthStatus.COMPLETE,
        )
        for place, count in enumerate(papers)
    )


def outlook(direction: str = "parsing", horizon: int = 12, p_rise: float | None = 0.7, **facts: Any) -> Outlook:
    known: dict[str, Any] = {
        "as_of": AS_OF, "p_up": p_rise and (1 + p_rise) / 2, "p_fall": None if p_rise is None else (1 - p_rise) / 3,
        "growth_low": -0.1, "growth_high": 0.4, "added": 12.5, "model": "m1", "base_month": BASE,
        "like": LikeCases(40, 28, 0.69), "parts": (Part("growth", 0.21, 0.5), Part("邻近方向", -1.0, -0.25)),
        "abstained": "" if p_rise is not None else "too few papers",
    }  # fmt: skip
    return Outlook(direction=direction, horizon=horizon, p_rise=p_rise, **(known | facts))


def forecast(direction: str = "parsing", horizon: int = 12, p_rise: float | None = 0.7, **facts: Any) -> Forecast:
    """A forecast on record; `facts` are fields of Outlook, or of Forecast, which win."""
    own = {name: facts.pop(name) for name in [*facts] if name in Forecast.__slots__ and name not in Outlook.__slots__}
    points = {direction: months(direction, [10.0] * 24)}
    one = outlook(direction, horizon, p_rise, **facts)
    (found,) = made([one], points, {direction: "rising"}, {direction: INSTRUMENT}, run="r1", made_at=NOW)
    return replace(found, **own)


def scored(direction: str, given: float, rose: bool, horizon: int = 12, **facts: Any) -> Scored:
    """A forecast that is due and counted; a rise is one by a half, and otherwise the share stays."""
    later = 0.015 if rose else 0.01
    return Scored(
        forecast(direction, horizon, given, **facts), State.SCORED, "", True, 12, 0.01, 12, later,
        rose=rose, up=rose, fell=False,
    )  # fmt: skip


def weekly(direction: str, first: date, weeks: int, **facts: Any) -> list[Forecast]:
    """A forecast a week, each from the last month that was settled on its day."""
    days = [date.fromordinal(first.toordinal() + 7 * week) for week in range(weeks)]
    return [
        replace(
            forecast(direction, **facts), as_of=day, base_month=last_settled_month(day),
            made_at=datetime(day.year, day.month, day.day, 6), run=f"{day}",
        )
        for day in days
    ]  # fmt: skip
