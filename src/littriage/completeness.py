"""Which days were harvested, which are still to ask, and what each month of a field is therefore worth.

A direction's numerator and its field must come from the same place: from the source's own count where the direction
was harvested from that source, from the imported files where it was not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from littriage.harvest import harvest_windows, month_window
from littriage.model import Exposure, MonthStatus, Window
from littriage.trends import REPORTING_DELAY_DAYS, coverage_status

IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Asked:
    """A window that was harvested whole, and the day on which it was asked."""

    window: Window
    on: date

    @property
    def settled(self) -> Window | None:
        """The days of it that cannot grow any more; None where there are none."""
        last = min(self.window.end, self.on - timedelta(days=REPORTING_DELAY_DAYS))
        return Window(self.window.start, last) if self.window.start <= last else None


def merged(windows: Sequence[Window]) -> tuple[Window, ...]:
    """The same days in as few windows as possible, in order."""
    joined: list[Window] = []
    for window in sorted(windows, key=lambda one: one.start):
        if joined and window.start <= joined[-1].end + timedelta(days=1):
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    return tuple(joined)


def pending_windows(first: date, last: date, asked: Sequence[Asked]) -> tuple[Window, ...]:
    """The days from `first` to `last` still to ask, in windows of at most a calendar year, oldest first.

    Days that were asked before their papers can all have been announced are asked again.
    """
    pending: list[Window] = []
    day = first
    for done in merged([settled for one in asked if (settled := one.settled)]):
        if done.end < day:
            continue
        if done.start > day:
            pending += harvest_windows(day, min(done.start - timedelta(days=1), last))
        day = done.end + timedelta(days=1)
    if day <= last:
        pending += harvest_windows(day, last)
    return tuple(pending)


def unmended(failed: Sequence[tuple[Window, str]], asked: Sequence[Asked]) -> tuple[tuple[Window, str], ...]:
    """The failed windows that no later harvest has made up for."""
    covered = merged([one.window for one in asked])
    return tuple((window, why) for window, why in failed if not any(_holds(done, window) for done in covered))


def imported_field(
    category_set: str,
    months: Sequence[tuple[date, int, date]],
    letters: Mapping[tuple[str, date], str],
) -> tuple[Exposure, ...]:
    """The field that imported files make up, as (month, papers, day of the newest paper), oldest first.

    `letters` are the statements of a coverage file by category and month; without any, a month is `assumed`, and the
    newest is `open` unless the files reach its end.
    """
    categories = category_set.split()
    held = {month: (papers, newest) for month, papers, newest in months}
    every = [month for month, _, _ in months]
    every += [month for (category, month) in letters if category in categories and month not in held]
    field = []
    for month in sorted(set(every)):
        papers, newest = held.get(month, (0, None))
        stated = {category: letters.get((category, month), "") for category in categories}
        status, reason = (
            coverage_status(stated) if letters else (MonthStatus.ASSUMED, "nobody measured its completeness")
        )
        if status is MonthStatus.ASSUMED and newest and month == every[len(months) - 1]:
            end = month_window(month).end
            if newest < end - timedelta(days=1):
                status, reason = MonthStatus.OPEN, f"the imported files end on {newest}"
        field.append(Exposure(category_set, month, papers, status, IMPORT, reason))
    return tuple(field)


def field_for(
    months: Sequence[date],
    counted: Mapping[date, Exposure],
    imported: Mapping[date, Exposure],
    asked: Sequence[Asked],
    failed: Sequence[tuple[Window, str]],
) -> dict[date, Exposure]:
    """For each month the field to compare a direction with, where there is one.

    The source's count goes with months that were harvested whole, each day after all its papers had been announced: a
    direction that was last asked in the middle of a month holds half of it, whatever its field has grown to since. A
    count that is still open goes with a harvest that has begun. For other months, and where the count failed, the
    imported field serves. A month that was counted, neither harvested whole nor imported, is `partial`, with the
    harvest's failure as the reason.
    """
    whole = merged([settled for one in asked if (settled := one.settled)])
    begun = merged([one.window for one in asked])
    chosen: dict[date, Exposure] = {}
    for month in months:
        days = month_window(month)
        count, files = counted.get(month), imported.get(month)
        if count and count.status is MonthStatus.MISSING:
            chosen[month] = files or count
        elif count and (
            any(_holds(done, days) for done in whole)
            or (count.status is MonthStatus.OPEN and any(_overlap(done, days) for done in begun))
        ):
            chosen[month] = count
        elif files:
            chosen[month] = files
        elif count:
            reason = next((why for window, why in failed if _overlap(window, days)), "not harvested whole")
            chosen[month] = replace(count, status=MonthStatus.PARTIAL, reason=reason)
    return chosen


def _holds(done: Window, days: Window) -> bool:
    return done.start <= days.start and days.end <= done.end


def _overlap(one: Window, other: Window) -> bool:
    return one.start <= other.end and other.start <= one.end
