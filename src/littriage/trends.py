"""Counts to trend points: a direction's papers beside its field's, month by month, with how far each can be trusted.

A month that lacks papers keeps its counts and says so in its status; nothing is filled in or scaled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

from littriage.errors import ImportRefused
from littriage.model import Exposure, MonthStatus, TrendPoint

REPORTING_DELAY_DAYS = 10
"""A month's papers are all listed this many days after its end."""

YEAR_NEEDS_MONTHS = 9
"""Comparable months that a 12-month share needs."""

_HOLE_BELOW = 0.6
_HOLE_SIGMAS = 4.0
_USUAL_OVER_MONTHS = 12
_USUAL_NEEDS_MONTHS = 6
_TITLES_ABOVE = 0.2
_TITLES_AT_LEAST = 5

_BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = "·"

_LETTERS = {
    "A": (MonthStatus.COMPLETE, ""),
    "B": (MonthStatus.COMPLETE, "{category}: 75 to 95% of the papers are there"),
    "T": (MonthStatus.TITLES, "{category}: titles only"),
    "S": (MonthStatus.PARTIAL, "{category}: a biased sample"),
    "M": (MonthStatus.MISSING, "{category}: missing"),
}
_BEST_TO_WORST = (
    MonthStatus.COMPLETE,
    MonthStatus.ASSUMED,
    MonthStatus.OPEN,
    MonthStatus.TITLES,
    MonthStatus.PARTIAL,
    MonthStatus.MISSING,
)


# --- months -----------------------------------------------------------------------------------------------------


def month_after(month: date, months: int = 1) -> date:
    """First day of the month that many months later; earlier where negative."""
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def months_between(earlier: date, later: date) -> int:
    """Months from one month to another; 0 within one month."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def month_span(first: date, last: date) -> tuple[date, ...]:
    """Every month from `first` to `last`, both included."""
    return tuple(month_after(first, number) for number in range(months_between(first, last) + 1))


def last_settled_month(as_of: date) -> date:
    """The last month that ended at least the reporting delay before `as_of`: the last that a model may see."""
    return month_after((as_of - timedelta(days=REPORTING_DELAY_DAYS)).replace(day=1), -1)


def _open_reason(month: date, as_of: date) -> str | None:
    """Why the month is still open on that day; None where it is not."""
    if month <= last_settled_month(as_of):
        return None
    end = month_after(month)
    if end > as_of:
        return f"not ended on {as_of}"
    return f"ended {(as_of - end).days} days before {as_of}: papers may still arrive"


# --- the field --------------------------------------------------------------------------------------------------


def coverage_status(statuses: Mapping[str, str]) -> tuple[MonthStatus, str]:
    """Status of a set of categories in one month, with the reason: that of its worst category.

    `statuses` holds for each category of the set its letter in the coverage file: A (recall 0.95 to 1), B (0.75 to
    0.95), T (titles only), S (biased sample), M (missing), or "" where the file does not speak of it. Raises
    ImportRefused on another letter.
    """
    worst, reasons = MonthStatus.COMPLETE, []
    if not any(statuses.values()):
        return MonthStatus.ASSUMED, "the coverage file says nothing of it"
    for category, letter in sorted(statuses.items()):
        if letter and letter not in _LETTERS:
            raise ImportRefused(
                f"coverage status {letter!r} of {category} is none of {', '.join(_LETTERS)}: correct the coverage file",
                category=category,
                status=letter,
            )
        silent = (MonthStatus.ASSUMED, "{category}: not in the coverage file")
        status, reason = _LETTERS[letter] if letter else silent
        worst = max(worst, status, key=_BEST_TO_WORST.index)
        if reason:
            reasons.append(reason.format(category=category))
    return worst, "; ".join(reasons)


def better_status(one: MonthStatus, other: MonthStatus) -> MonthStatus:
    """The one of two that can be trusted further."""
    return min(one, other, key=_BEST_TO_WORST.index)


def field_status(
    counts: Sequence[Exposure], as_of: date, with_abstract: Mapping[date, int] | None = None
) -> tuple[Exposure, ...]:
    """The months of one field, oldest first, with what their own counts say about months that nobody measured.

    Only an `assumed` month is doubted. It becomes `titles` where more than 20% (and 5) of its papers lack an abstract
    (`with_abstract` counts those that have one; None: not known), and `partial` where it holds fewer than 0.6 of what
    was usual: the highest median of twelve successive months before it (of six to eleven, early in the record). Twelve,
    because conference deadlines make single months of a field twice the size of others. The shortfall must also exceed
    four Poisson standard deviations, so that a small field is not doubted. Months after the doubted one are not read.
    Months that may still receive papers on `as_of` become `open`.
    """
    ordered = sorted(counts, key=lambda exposure: exposure.month)
    return tuple(
        _checked(exposure, ordered[:place], as_of, None if with_abstract is None else with_abstract.get(exposure.month))
        for place, exposure in enumerate(ordered)
    )


def _checked(exposure: Exposure, before: Sequence[Exposure], as_of: date, with_abstract: int | None) -> Exposure:
    if exposure.status.comparable and (reason := _open_reason(exposure.month, as_of)):
        return replace(exposure, status=MonthStatus.OPEN, reason=reason)
    if exposure.status is not MonthStatus.ASSUMED:
        return exposure
    if with_abstract is not None:
        bare = exposure.papers - with_abstract
        if bare >= _TITLES_AT_LEAST and bare > _TITLES_ABOVE * exposure.papers:
            reason = f"no abstract for {bare:,} of {exposure.papers:,} papers"
            return replace(exposure, status=MonthStatus.TITLES, reason=reason)
    usual = _usual_papers([earlier.papers for earlier in before])
    lacking = usual - exposure.papers
    if exposure.papers < _HOLE_BELOW * usual and lacking > _HOLE_SIGMAS * usual**0.5:
        reason = f"{exposure.papers:,} papers where {usual:,.0f} were usual: the harvest lacks papers"
        return replace(exposure, status=MonthStatus.PARTIAL, reason=reason)
    return exposure


def _usual_papers(before: Sequence[int]) -> float:
    if len(before) < _USUAL_NEEDS_MONTHS:
        return 0
    over = min(_USUAL_OVER_MONTHS, len(before))
    return max(median(before[start : start + over]) for start in range(len(before) - over + 1))


# --- a direction ------------------------------------------------------------------------------------------------


class MonthCount(NamedTuple):
    """What a month holds of a direction."""

    papers: float
    """Expected members: the sum of their probabilities."""
    members: int
    """Papers that are called members."""
    undecided: float | None = None
    """Variance of `papers`, from papers whose membership is only a probability; None: not known."""


NO_PAPERS = MonthCount(0.0, 0, 0.0)


def trend_points(
    direction: str,
    months: Sequence[date],
    papers: Mapping[date, MonthCount],
    exposure: Mapping[date, Exposure],
) -> tuple[TrendPoint, ...]:
    """One point for every month asked for, oldest first; a month without papers is a zero.

    A month without exposure is `missing`.
    """
    return tuple(
        _point(direction, month, MonthCount(*papers.get(month, NO_PAPERS)), exposure.get(month))
        for month in sorted(set(months))
    )


def _point(direction: str, month: date, count: MonthCount, field: Exposure | None) -> TrendPoint:
    return TrendPoint(
        direction=direction,
        month=month,
        papers=count.papers,
        members=count.members,
        exposure=field.papers if field else 0,
        status=field.status if field else MonthStatus.MISSING,
        reason=field.reason if field else "its field was not harvested",
        undecided=count.undecided,
    )


def seen_as_of(points: Sequence[TrendPoint], as_of: date) -> tuple[TrendPoint, ...]:
    """What could be known on that day, oldest first: months that had ended, the last ones `open`."""
    ended = (point for point in points if month_after(point.month) <= as_of)
    return tuple(sorted((_opened(point, as_of) for point in ended), key=lambda point: point.month))


def _opened(point: TrendPoint, as_of: date) -> TrendPoint:
    if point.status.comparable and (reason := _open_reason(point.month, as_of)):
        return replace(point, status=MonthStatus.OPEN, reason=reason)
    return point


def usable(point: TrendPoint) -> bool:
    """Whether a model may use the point: its month is comparable and its field not empty."""
    return point.status.comparable and point.exposure > 0


def measurable(points: Sequence[TrendPoint], as_of: date) -> bool:
    """Whether enough months are usable for a verdict: 9 of the last 12 settled ones and 24 of the last 48."""
    settled = last_settled_month(as_of)
    back = [months_between(point.month, settled) for point in points if usable(point)]
    return sum(0 <= one < 12 for one in back) >= YEAR_NEEDS_MONTHS and sum(0 <= one < 48 for one in back) >= 24


def year_to(points: Sequence[TrendPoint], month: date) -> tuple[TrendPoint, ...]:
    """The usable points of the 12 months that end with `month`."""
    return _year(_usable_by_month(points), month)


def _usable_by_month(points: Sequence[TrendPoint]) -> dict[date, TrendPoint]:
    return {point.month: point for point in points if usable(point)}


def _year(by_month: Mapping[date, TrendPoint], month: date) -> tuple[TrendPoint, ...]:
    months = (month_after(month, back) for back in range(-11, 1))
    return tuple(by_month[month] for month in months if month in by_month)


def twelve_month_shares(points: Sequence[TrendPoint]) -> dict[date, float | None]:
    """Share of the 12 months that end with each month, in order of month: papers over exposure of the usable months.

    None where fewer than 9 of the 12 are usable, or the month itself is not: a year with more holes is no year.
    """
    shares: dict[date, float | None] = {}
    by_month = _usable_by_month(points)
    for point in sorted(points, key=lambda point: point.month):
        year = _year(by_month, point.month) if usable(point) else ()
        enough = len(year) >= YEAR_NEEDS_MONTHS
        shares[point.month] = sum(p.papers for p in year) / sum(p.exposure for p in year) if enough else None
    return shares


def sparkline(values: Sequence[float | None]) -> str:
    """One block character a value, the highest value full and zero lowest; `·` where there is none."""
    top = max((value for value in values if value is not None), default=0.0)
    return "".join(_GAP if value is None else _block(value, top) for value in values)


def _block(value: float, top: float) -> str:
    return _BLOCKS[min(len(_BLOCKS) - 1, int(value / top * len(_BLOCKS)))] if top > 0 else _BLOCKS[0]
