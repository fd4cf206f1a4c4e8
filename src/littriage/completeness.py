"""Which days were harvested, which are still to ask, and what each month of a field is therefore worth.

A direction's numerator and its field must come from the same place: from the copy of the field where that is kept
current, else from the source's own count where the direction was harvested from that source, else from the copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp, log
from statistics import mean, stdev
from typing import TYPE_CHECKING

from littriage.harvest import harvest_windows, month_window
from littriage.model import Exposure, MonthStatus, Window
from littriage.trends import REPORTING_DELAY_DAYS, better_status, coverage_status, month_after, month_span

if TYPE_CHECKING:
    from littriage.idgaps import Audit

IMPORT = "import"
"""Source of a month that is worth what the imported files are worth."""
LISTING = "oai-pmh"
"""Source of a month that a listing by OAI-PMH has filled or keeps current."""
COPY = (IMPORT, LISTING)
"""Both speak of the copy of the field."""

LOST_SHARE = 0.005
"""Part of a month's papers that holes in the run of ids must take for the month to be partial."""
_TAIL_NEEDS_DAY = 7
"""Day of the month that the newest paper must have reached: files that know only the month say the first."""
_TAIL_DAYS = 3
"""Days without a paper that the end of a month may have: in 162 real months there were at most 2."""
_TAIL_SURE = 7.0
"""Papers expected after the newest one, were papers still coming at half their rate: e^-7 is one in a thousand."""

_WATCHED_MONTHS = 12
_NEEDS_WATCHED = 3
_T_80 = (1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363)
"""Student's t at 90%, for an interval of 80%, with 3, 4, ..., 12 months."""


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


# --- the copy of the field --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """Where the listing of the OAI set that a category lies in stands."""

    set_spec: str
    base_to: date | None
    """The last day that the imported file that the copy rests on is taken to hold; None: it rests on no file."""
    current_to: date | None
    """All that had changed before this day is held; None: no listing has finished."""
    under_way: bool = False
    records: int = 0
    """Received by the listing under way, or by the last one."""


def imported_field(
    category_set: str,
    months: Sequence[tuple[date, int, date]],
    letters: Mapping[tuple[str, date], str],
    listed: Mapping[str, Listed] | None = None,
    audits: Mapping[date, Audit] | None = None,
    today: date | None = None,
) -> tuple[Exposure, ...]:
    """The field that the copy holds, whatever made it, as (month, papers, day of the newest paper), oldest first.

    `letters` are the statements of a coverage file by category and month; `listed` tells where the OAI set of each
    category stands. A month that the coverage file measured has its letter. Otherwise a month after the imported base
    is `complete` once the listing has passed its end by the reporting delay, and a month of the base is `assumed`.
    Where both speak the better counts: a copy made twice holds what either holds. `audits` (idgaps.audits of the whole
    copy) then make a month `partial` where ids are missing, and `complete` where it was only assumed and none is. The
    newest month of files without a listing is `open` unless they reach its end. With a listing there is a month for
    each up to `today`, so that what was not listed is said.
    """
    categories = category_set.split()
    sets = [(listed or {}).get(category) for category in categories or [""]]
    standing = Standing.of([one for one in sets if one]) if all(sets) else None
    held = {month: (papers, newest) for month, papers, newest in months}
    every = {*held, *(month for category, month in letters if category in categories)}
    if standing and today and every:
        every.update(month_span(min(every), today.replace(day=1)))
    field = []
    for month in sorted(every):
        papers, newest = held.get(month, (0, None))
        stated = {category: letters.get((category, month), "") for category in categories}
        status, reason = (
            coverage_status(stated) if letters else (MonthStatus.ASSUMED, "nobody measured its completeness")
        )
        measured, source = any(stated.values()), IMPORT
        told = standing.worth(month, papers) if standing else None
        if told and not (measured and all(stated.values()) and better_status(status, told[0]) is not told[0]):
            (status, reason), measured, source = told, False, LISTING
        elif status is MonthStatus.ASSUMED and newest and month == max(held) and not standing and _cut(month, newest):
            status, reason = MonthStatus.OPEN, f"the imported files end on {newest}"
        exposure = Exposure(category_set, month, papers, status, source, reason)
        if newest and not measured:
            exposure = _audited(exposure, newest, (audits or {}).get(month))
        field.append(exposure)
    return tuple(field)


def _cut(month: date, newest: date) -> bool:
    """Whether files that end with that paper may lack days of the month; its last day may be without papers."""
    return newest < month_window(month).end - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the listings of several sets stand together: as the one furthest behind."""

    current_to: date | None
    base_to: date | None
    """The last day of an imported base; None: all of it was listed."""
    waiting: str
    """What to say while the first listing has not finished; empty: all have."""

    @classmethod
    def of(cls, sets: Sequence[Listed]) -> Standing | None:
        """None where nothing has been listed yet, or only an imported base been noted."""
        if not sets:
            return None
        first = [one for one in sets if one.current_to is None]
        if first and not any(one.under_way for one in first):
            return None
        bases = [one.base_to for one in sets if one.base_to]
        names = ", ".join(dict.fromkeys(one.set_spec or "all of arXiv" for one in first))
        records = sum({one.set_spec: one.records for one in first}.values())
        return cls(
            current_to=min((one.current_to for one in sets if one.current_to), default=None) if not first else None,
            base_to=max(bases, default=None),
            waiting=f"the listing of {names} is under way: {records:,} records so far" if first else "",
        )

    def worth(self, month: date, papers: int) -> tuple[MonthStatus, str] | None:
        """What the listing makes of a month, with the reason; None: it is worth what the imported base is worth."""
        end = month_window(month).end
        of_base = self.base_to is not None and month <= self.base_to
        if self.current_to is None:
            return None if self.base_to is not None and end <= self.base_to else (MonthStatus.PARTIAL, self.waiting)
        if end + timedelta(days=REPORTING_DELAY_DAYS) < self.current_to:
            return None if of_base else (MonthStatus.COMPLETE, "")
        if month <= self.current_to:
            return MonthStatus.OPEN, f"listed up to {self.current_to}: papers may still arrive"
        return MonthStatus.PARTIAL if papers else MonthStatus.MISSING, f"not listed since {self.current_to}"


def _audited(exposure: Exposure, newest: date, audit: Audit | None) -> Exposure:
    """The month as its ids and the day of its newest paper let it stand."""
    if not exposure.status.comparable:
        return exposure
    if audit and audit.lost_share >= LOST_SHARE:
        return replace(exposure, status=MonthStatus.PARTIAL, reason=audit.reason)
    end = month_window(exposure.month).end
    absent = (end - newest).days
    tail = exposure.papers / newest.day * absent / 2
    if newest.day >= _TAIL_NEEDS_DAY and absent > _TAIL_DAYS and tail >= _TAIL_SURE:
        reason = f"no paper after {newest}: some {2 * tail:,.0f} would be usual until its end"
        return replace(exposure, status=MonthStatus.PARTIAL, reason=reason)
    if exposure.status is MonthStatus.ASSUMED and audit and audit.dense and absent <= _TAIL_DAYS:
        return replace(exposure, status=MonthStatus.COMPLETE, reason="")
    return exposure


# --- papers that arrive late ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When the papers of a set of categories were first seen here, by month."""

    seen: Mapping[date, Mapping[date | None, int]]
    """Month -> day of first storing (None: not known) -> papers."""
    looks: tuple[date, ...]
    """Days on which a copy that already stood was brought up to date, in order."""


@dataclass(frozen=True, slots=True)
class ExpectedGrowth:
    """Expected final count of a month over what is held, with an 80% interval."""

    ratio: float
    low: float
    high: float

    def reason(self, held: int) -> str:
        """In words, for a month that is open."""
        percents = [f"{100 * (part - 1):.0f}%" for part in (self.ratio, self.low, self.high)]
        return f"{held:,} held, about {percents[0]} more expected ({percents[1]} to {percents[2]})"


def late_papers(month: date, arrivals: Arrivals) -> int | None:
    """Papers that were first seen more than the reporting delay after the month's end.

    None where that cannot be told: the copy was not kept current by then, or has not been brought up to date since.
    Papers that only a missed week kept back are not late: the first update after the delay may bring any.
    """
    due = month_window(month).end + timedelta(days=REPORTING_DELAY_DAYS)
    first = next((look for look in arrivals.looks if look >= due), None)
    if first is None or arrivals.looks[0] > due:
        return None
    return sum(papers for day, papers in arrivals.seen.get(month, {}).items() if day and day > first)


def expected_growth(month: date, arrivals: Arrivals) -> ExpectedGrowth | None:
    """How much an open month will still grow, by the last 12 months that were watched from their beginning to the end.

    A reporting triangle (chain ladder): 1 over the share of their papers that had been seen at the same age, on the log
    scale, with the spread between months as that of a new one. None with fewer than 3 such months, and where they had
    nothing yet at that age.
    """
    if not arrivals.looks:
        return None
    age = _age(month, arrivals.looks[-1])
    shares = [_share_seen(one, age, arrivals) for one in _watched(arrivals) if one < month]
    known = [log(share) for share in shares[-_WATCHED_MONTHS:] if share]
    if len(known) < max(_NEEDS_WATCHED, len(shares[-_WATCHED_MONTHS:])):
        return None
    centre = -mean(known)
    spread = _T_80[len(known) - _NEEDS_WATCHED] * stdev(known) * (1 + 1 / len(known)) ** 0.5
    return ExpectedGrowth(exp(centre), max(1.0, exp(centre - spread)), exp(centre + spread))


def _watched(arrivals: Arrivals) -> list[date]:
    """Months that were watched from their beginning until no more was expected, oldest first."""
    first, last = arrivals.looks[0], arrivals.looks[-1]
    delay = timedelta(days=REPORTING_DELAY_DAYS)
    return [
        month
        for month, seen in sorted(arrivals.seen.items())
        if first <= month and month_window(month).end + delay <= last and None not in seen
    ]


def _age(month: date, day: date) -> float:
    """Days after the month's end; within the month the days to go, as in a month of 30 days."""
    end = month_window(month).end
    days = (day - end).days
    return float(days) if days >= 0 else 30 * days / end.day


def _share_seen(month: date, age: float, arrivals: Arrivals) -> float:
    """Part of the month's papers that had been seen at that age, between two updates in proportion to the days."""
    total = sum(arrivals.seen[month].values())
    before = (-30.0, 0.0)
    for look in arrivals.looks:
        at = _age(month, look)
        seen = sum(papers for day, papers in arrivals.seen[month].items() if day and day <= look) / total
        if at >= age:
            part = (age - before[0]) / (at - before[0]) if at > before[0] else 1.0
            return before[1] + max(0.0, part) * (seen - before[1])
        before = max(before, (at, seen))
    return before[1]


# --- which field serves -----------------------------------------------------------------------------------------


def field_for(
    months: Sequence[date],
    counted: Mapping[date, Exposure],
    imported: Mapping[date, Exposure],
    asked: Sequence[Asked],
    failed: Sequence[tuple[Window, str]],
) -> dict[date, Exposure]:
    """For each month the field to compare a direction with, where there is one.

    A copy that listings keep current serves every month: one instrument through the series. Without one, the source's
    count goes with months that were harvested whole, each day after all its papers had been announced: a direction
    that was last asked in the middle of a month holds half of it, whatever its field has grown to since. A count that
    is still open goes with a harvest that has begun. For other months, and where the count failed, the copy serves. A
    month that was counted, neither harvested whole nor in the copy, is `partial`, with the harvest's failure as the
    reason.
    """
    whole = merged([settled for one in asked if (settled := one.settled)])
    begun = merged([one.window for one in asked])
    current = _kept_current(counted, imported, whole)
    chosen: dict[date, Exposure] = {}
    for month in months:
        days = month_window(month)
        count, copy = counted.get(month), imported.get(month)
        if copy and (current or (count and count.status is MonthStatus.MISSING)):
            chosen[month] = copy
        elif count and (
            count.status is MonthStatus.MISSING
            or any(_holds(done, days) for done in whole)
            or (count.status is MonthStatus.OPEN and any(_overlap(done, days) for done in begun))
        ):
            chosen[month] = count
        elif copy:
            chosen[month] = copy
        elif count:
            reason = next((why for window, why in failed if _overlap(window, days)), "not harvested whole")
            chosen[month] = replace(count, status=MonthStatus.PARTIAL, reason=reason)
    return chosen


def _kept_current(counted: Mapping[date, Exposure], imported: Mapping[date, Exposure], whole: Sequence[Window]) -> bool:
    """Whether a listing has filled the copy about as far as a harvest of windows has come."""
    copied = [month for month, one in imported.items() if one.source == LISTING and one.status.comparable]
    harvested = [
        month
        for month, one in counted.items()
        if one.status.comparable and any(_holds(done, month_window(month)) for done in whole)
    ]
    return bool(copied) and (not harvested or max(harvested) <= month_after(max(copied)))


def _holds(done: Window, days: Window) -> bool:
    return done.start <= days.start and days.end <= done.end


def _overlap(one: Window, other: Window) -> bool:
    return one.start <= other.end and other.start <= one.end
