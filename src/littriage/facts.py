"""The numbers that the rules of verdicts look at, for all directions at once: from points to `Facts`.

They are worked out in arrays, once; the rules then read plain numbers, so that thresholds can be tried out at no cost.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from littriage import signals, smoothing
from littriage.model import Growth, MonthStatus, TrendPoint
from littriage.panel import Bools, Floats, Ints, Panel
from littriage.scurve import Ceiling, ceilings
from littriage.signals import Peak
from littriage.trends import YEAR_NEEDS_MONTHS, last_settled_month, month_after, month_span, months_between

WINDOW_MONTHS = 48
_YEAR = 12


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at, for one direction."""

    slug: str
    settled: date
    """The last month that had ended for good."""
    open_months: tuple[date, ...]
    """Months that had ended and may still receive papers."""
    first_month: date | None
    """First and last usable month."""
    last_month: date | None
    usable_months: int
    """Of the last 48."""
    lacking: tuple[date, ...]
    """Of the last 48 months, those since the record began that no model may use; oldest first."""
    assumed: int
    """Of the last 12 months, those whose completeness nobody measured."""
    spikes: tuple[date, ...]
    """Of the last 48 months, those that tower over their neighbours. They are left out of all that follows but `year`,
    as `smoothing.without_spikes` leaves them out of growth."""
    papers_12m: float
    """In the usable ones of the last 12 months."""
    papers_24m: float
    best_year: float
    """Most papers in any 12 months."""
    top_month: float
    """Part of the papers of the last 12 months that one month of them holds; 0 where there are none."""
    top_month_before: float
    """The same of the 12 months before."""
    year: tuple[float, int] | None
    """Papers and exposure of the 12 months up to the last usable one; None where fewer than 9 of them are usable. Here
    a month that towers counts."""
    paper_weight: float
    """What one paper says: about 1 where papers are independent, less where they come in bursts.

    1 over the dispersion, which is taken to be at least the catalogue's median: that a few papers came more evenly than
    others do is chance. With every paper counted twice both double, and no rule sees more papers.
    """
    arrived: Floats
    """Papers up to each month, the last one `settled`."""
    growth: Growth | None
    growth_before: Growth | None
    """The same, seen 24 months earlier."""
    p_slowing: float | None
    """Probability that the pace of growth fell within the last 12 months."""
    peak: Peak | None
    p_recent_peak: float | None
    """Probability that a year that ends within the last 12 months is the highest so far; None where nobody asked."""
    ceiling: Ceiling | None
    """Where one can be told, and was asked for."""
    level: float | None
    """Place among the directions by share, 0 to 1."""
    lowest_before: float | None
    """Lowest earlier 12-month share."""
    year_on_year: float | None
    """12-month share against that of 12 months before; None where either is not known."""

    def holes(self, months: int) -> tuple[date, ...]:
        """Recent months, of at most 48, since the record began that no model may use."""
        return tuple(month for month in self.lacking if months_between(month, self.settled) < months)

    @property
    def ratio(self) -> float:
        """12-month share against its peak; 1 where there is none."""
        return self.peak.ratio if self.peak else 1.0

    def age_months(self, papers: float) -> int | None:
        """Months since that many weighed papers had come; None where they never did."""
        reached = self.arrived * self.paper_weight >= papers
        return len(reached) - 1 - int(reached.argmax()) if reached.any() else None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was known of all directions on a day, as arrays that end with the last settled month."""

    panel: Panel
    members: Floats
    """Shape as papers: those that the rule calls members, 0 where the month is not usable."""
    begun: Ints
    """Column of each direction's first point; as many as there are columns where it has none."""
    assumed: Ints
    """Of the last 12 months, those assumed to be complete."""
    open_months: tuple[tuple[date, ...], ...]


def seen(points: Mapping[str, Sequence[TrendPoint]], as_of: date) -> Seen:
    """The record as it could be known on that day: later months are not read, and the last ones are open."""
    settled, slugs = last_settled_month(as_of), tuple(sorted(points))
    first = min((point.month for own in points.values() for point in own if point.month <= settled), default=settled)
    columns = {month: place for place, month in enumerate(month_span(first, settled))}
    counts = np.zeros((3, len(slugs), len(columns)))
    begun, assumed = np.full(len(slugs), len(columns)), np.zeros(len(slugs), dtype=np.int64)
    open_months: list[tuple[date, ...]] = []
    for row, slug in enumerate(slugs):
        still_open, empty = [], [0.0] * len(columns)
        papers, exposure, members = empty, empty.copy(), empty.copy()
        for point in points[slug]:
            place = columns.get(point.month)
            comparable = point.status.comparable
            if place is None:
                if point.month > settled and month_after(point.month) <= as_of and _open(point):
                    still_open.append(point.month)
                continue
            if place < begun[row]:
                begun[row] = place
            if point.status is MonthStatus.OPEN:
                still_open.append(point.month)
            if comparable and point.exposure > 0:
                papers[place], exposure[place], members[place] = point.papers, point.exposure, point.members
            if point.status is MonthStatus.ASSUMED and place >= len(columns) - _YEAR:
                assumed[row] += 1
        counts[:, row] = papers, exposure, members
        open_months.append(tuple(sorted(still_open)))
    panel = Panel(slugs, first, counts[0], counts[1], counts[1] > 0)
    return Seen(panel, counts[2], begun, assumed, tuple(open_months))


def _open(point: TrendPoint) -> bool:
    """Whether a month that has ended and is not settled may still receive papers: a torn one stays torn."""
    return point.status.comparable or point.status is MonthStatus.OPEN


def facts(known: Seen, look_back_months: int, *, whole: bool = False) -> tuple[Facts, ...]:
    """The facts of each direction, by slug; growth before is that of `look_back_months` earlier.

    `whole`: with what no rule looks at, the odds of the peak and ceilings.
    """
    panel, settled = known.panel, known.panel.last
    state = signals.state(panel)
    growths, earlier = signals.growths(panel, state), _growths_until(panel, month_after(settled, -look_back_months))
    counted = smoothing.without_spikes(panel)
    spikes = panel.usable & ~counted.usable
    dispersion = np.where(state.known, state.dispersion, 0.0)
    usual = float(np.median(state.dispersion[state.known])) if state.known.any() else 1.0
    papers = counted.papers
    year_papers, year_exposure, full = _years(counted)
    all_papers, all_exposure, all_full = _years(panel)
    shares = np.full(papers.shape, np.nan)
    np.divide(year_papers, year_exposure, out=shares, where=counted.usable & full)
    peaks = [_peak(row, panel.first) for row in shares]
    levels = _levels([peak.share if peak else None for peak in peaks])
    recent = papers[:, -_YEAR:].sum(axis=1), papers[:, -2 * _YEAR :].sum(axis=1)
    top, top_before = _top_month(papers[:, -_YEAR:]), _top_month(papers[:, -2 * _YEAR : -_YEAR])
    best = year_papers.max(axis=1, initial=0.0)
    usable_months = panel.usable[:, -WINDOW_MONTHS:].sum(axis=1)
    months, arrived = panel.months, np.cumsum(papers, axis=1)
    peaked = signals.peak_odds(panel, state).p_recent if whole else np.full(len(panel.topics), np.nan)
    ends = [one if one.identifiable else None for one in ceilings(counted)] if whole else [None] * len(panel.topics)
    found = []
    for row, slug in enumerate(panel.topics):
        places = np.flatnonzero(panel.usable[row])
        last = int(places[-1]) if len(places) else None
        found.append(
            Facts(
                slug=slug,
                settled=settled,
                open_months=known.open_months[row],
                first_month=months[int(places[0])] if len(places) else None,
                last_month=None if last is None else months[last],
                usable_months=int(usable_months[row]),
                lacking=_lacking(panel, row, int(known.begun[row])),
                assumed=int(known.assumed[row]),
                spikes=_months_of(spikes[row], panel, len(months) - WINDOW_MONTHS),
                papers_12m=float(recent[0][row]),
                papers_24m=float(recent[1][row]),
                best_year=float(best[row]),
                top_month=float(top[row]),
                top_month_before=float(top_before[row]),
                year=None
                if last is None or not all_full[row, last]
                else (float(all_papers[row, last]), round(float(all_exposure[row, last]))),
                paper_weight=1 / max(usual, float(dispersion[row])),
                arrived=arrived[row],
                growth=growths.get(slug),
                growth_before=earlier.get(slug),
                p_slowing=float(state.p_slowing[row]) if state.known[row] else None,
                peak=peaks[row],
                p_recent_peak=None if np.isnan(peaked[row]) else float(peaked[row]),
                ceiling=ends[row],
                level=levels[row],
                lowest_before=_lowest_before(shares[row]),
                year_on_year=_year_on_year(shares[row]),
            )
        )
    return tuple(found)


def _years(panel: Panel) -> tuple[Floats, Floats, Bools]:
    """Papers and exposure of the 12 months that end with each column, and whether enough of them are usable."""
    papers, exposure, months = panel.windows(_YEAR)
    return papers, exposure, months >= YEAR_NEEDS_MONTHS


def _top_month(papers: Floats) -> Floats:
    """Part of the papers that the fullest month holds, by row; 0 where there are none."""
    total = papers.sum(axis=1)
    return np.asarray(papers.max(axis=1, initial=0.0) / np.where(total > 0, total, 1.0))


def _growths_until(panel: Panel, month: date) -> dict[str, Growth]:
    if month < panel.first:
        return {}
    seen = panel.until(month)
    return signals.growths(seen, signals.state(seen))


def _lacking(panel: Panel, row: int, begun: int) -> tuple[date, ...]:
    """Of the last 48 months, those since the first point that are not usable."""
    return _months_of(~panel.usable[row], panel, max(begun, panel.papers.shape[1] - WINDOW_MONTHS))


def _months_of(chosen: Bools, panel: Panel, start: int) -> tuple[date, ...]:
    """The months of the columns that are chosen, from the column `start` on."""
    return tuple(month_after(panel.first, int(place)) for place in np.flatnonzero(chosen) if place >= start)


def _peak(shares: Floats, first: date) -> Peak | None:
    """The last known share against the highest, and the last month that reached it; None where all are 0."""
    places = np.flatnonzero(~np.isnan(shares))
    if not len(places):
        return None
    highest = float(shares[places].max())
    if not highest:
        return None
    share = float(shares[places[-1]])
    month = month_after(first, int(places[np.flatnonzero(shares[places] == highest)[-1]]))
    return Peak(share, share / highest, month)


def _levels(shares: Sequence[float | None]) -> list[float | None]:
    """The part of the directions below each, and half of those level with it: alone, a direction stands at 0.5."""
    known = np.sort(np.array([share for share in shares if share is not None]))
    return [
        None
        if share is None
        else float(np.searchsorted(known, share, "left") + np.searchsorted(known, share, "right")) / (2 * len(known))
        for share in shares
    ]


def _lowest_before(shares: Floats) -> float | None:
    known = shares[~np.isnan(shares)]
    return float(known[:-1].min()) if len(known) > 1 else None


def _year_on_year(shares: Floats) -> float | None:
    places = np.flatnonzero(~np.isnan(shares))
    if not len(places) or places[-1] < _YEAR:
        return None
    share, before = float(shares[places[-1]]), float(shares[places[-1] - _YEAR])
    return share / before if before > 0 else None


# --- the same, disturbed ----------------------------------------------------------------------------------------

LOST = 0.2
"""Part of the papers that a thinned record loses."""


def disturbed(known: Seen, seed: int) -> Iterator[Seen]:
    """The record with a fifth of the papers lost, twice; without its newest month; and with members in place of
    expected members, where these differ."""
    for number in range(2):
        yield replace(known, panel=_thinned(known.panel, seed + number))
    if known.panel.papers.shape[1] > 1:
        shorter = known.panel.until(month_after(known.panel.last, -1))
        yield replace(known, panel=shorter, members=known.members[:, :-1])
    if not np.array_equal(known.members, known.panel.papers):
        yield replace(known, panel=replace(known.panel, papers=known.members))


def _thinned(panel: Panel, seed: int) -> Panel:
    """Each paper lost with a chance of a fifth, and a fifth of each field; the same counts lose the same papers,
    whatever the direction is called."""
    papers = panel.papers.copy()
    for row in papers:
        whole = np.floor(row).astype(np.int64)
        places = np.flatnonzero(row)
        if len(places):
            own = slice(int(places[0]), None)
            random = np.random.default_rng([seed, zlib.crc32(row[own].tobytes())])
            row[own] = random.binomial(whole[own], 1 - LOST) + (row[own] - whole[own]) * (1 - LOST)
    return replace(panel, papers=papers, exposure=panel.exposure * (1 - LOST))
