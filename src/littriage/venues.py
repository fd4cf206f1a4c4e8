"""A second opinion from the titles of accepted conference papers, by year: is a direction's share going up or down?

Conferences are another instrument than arXiv: refereed, yearly, read by their titles alone. Their papers never enter a
share of arXiv. They come and go, so that two years are compared venue by venue, and only over venues that both have.
Formulas: docs/method.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from littriage.notation import change_text
from littriage.proportions import wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Floats = NDArray[np.float64]

VENUE_RULE = "venues-1"
"""Version of what is counted and how it is compared."""

SPANS = (2, 4)
"""Years over which a change is told; the sign is that of the first."""

NEEDS_PAPERS = 10
"""Papers of a direction in the two years compared, together, below which there is no opinion."""

_SURE = 0.9
_FLAT_ENOUGH = 0.8
_OUT_IN_MONTH = 2
"""The proceedings of a year are out when this month of the next one begins: the last meetings are in December."""
_TORN_BELOW = 0.4
"""A venue's year with fewer papers than this part of what was usual is torn, and not compared."""
_USUAL_OVER = 3
_WHOLE_FROM = 0.5
"""Part of the last year's papers, by venue, that must be there again for a year to be whole."""


class Sign(StrEnum):
    """Which way a direction's share of the accepted papers went."""

    UP = "up"
    FLAT = "flat"
    DOWN = "down"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class VenueYear:
    """A direction's part of the accepted papers of one year, over the venues that every year of the series has."""

    year: int
    papers: int
    total: int

    @property
    def share(self) -> float:
        return self.papers / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """80% interval of the share, as a part of independent papers."""
        return wilson(self.share, self.total)


@dataclass(frozen=True, slots=True)
class VenueChange:
    """Change of a direction's share from one year to a later one, within the venues that both have."""

    first_year: int
    last_year: int
    venues: int
    """Venues that both years have."""
    papers_before: int
    total_before: int
    papers: int
    total: int
    change: float
    """Posterior mean of the log of the ratio of the shares."""
    low: float
    """80% interval."""
    high: float
    p_up: float
    """Probability that the share is higher than before."""
    p_flat: float
    """Probability that it changed by less than 10% a year."""

    @property
    def sign(self) -> Sign:
        """Up or down at 90%, unless flat at 90%; else flat at 80%: the prior alone, without papers, says no flat."""
        if self.p_flat < _SURE and max(self.p_up, 1 - self.p_up) >= _SURE:
            return Sign.UP if self.p_up >= _SURE else Sign.DOWN
        return Sign.FLAT if self.p_flat >= _FLAT_ENOUGH else Sign.UNSURE


@dataclass(frozen=True, slots=True)
class VenueOpinion:
    """What the titles of accepted papers say of a direction, as of a day. About the past: it is no forecast."""

    direction: str
    last_year: int | None
    """The last whole year whose proceedings were out; None where there is none."""
    sign: Sign
    """That of the change over two years; unsure where there is none."""
    changes: tuple[VenueChange, ...] = ()
    """Over two and over four years, as far as the papers allow."""
    years: tuple[VenueYear, ...] = ()
    """Oldest first: over the venues that have each of the last five years, or as many as have venues in common."""
    reason: str = ""
    """Why there is no change to tell: a key of the texts of `opinion_text`; empty where there is one."""
    papers: int = 0
    """In the two years compared, where they are too few."""


Totals = Mapping[tuple[str, int], int]
"""(venue, year) -> papers."""


def opinions(counts: Mapping[str, Totals], totals: Totals, as_of: date) -> dict[str, VenueOpinion]:
    """One opinion for each direction of `counts`, by slug, from the proceedings that were out on `as_of`.

    `totals` are all accepted papers of each venue and year, `counts` those of each direction; a venue's year that
    `totals` lacks is unknown, one that a direction's counts lack is a zero.
    """
    known = _sound({place: papers for place, papers in totals.items() if papers > 0 and _out(place[1], as_of)})
    last = _last_whole_year(known)
    slugs = sorted(counts)
    if last is None:
        return {slug: VenueOpinion(slug, None, Sign.UNSURE, reason="no_proceedings") for slug in slugs}
    found: dict[str, list[VenueChange]] = {slug: [] for slug in slugs}
    few: dict[str, int] = {}
    reason = "no_earlier_year"
    for span in SPANS:
        venues = _in_all(known, (last - span, last))
        if not venues:
            continue
        cells = {slug: _cells(counts[slug], known, venues, last - span, last) for slug in slugs}
        enough = {slug: own for slug, own in cells.items() if sum(a + b for b, _, a, _ in own) >= NEEDS_PAPERS}
        for slug, change in _changes(enough, last - span, last).items():
            found[slug].append(change)
        if span == SPANS[0]:
            reason = "few_papers"
            few = {slug: sum(a + b for b, _, a, _ in own) for slug, own in cells.items()}
    return {slug: _opinion(slug, last, found[slug], _series(counts[slug], known, last), reason, few) for slug in slugs}


def _opinion(
    slug: str,
    last: int,
    changes: Sequence[VenueChange],
    years: tuple[VenueYear, ...],
    reason: str,
    few: Mapping[str, int],
) -> VenueOpinion:
    short = next((one for one in changes if last - one.first_year == SPANS[0]), None)
    if short:
        return VenueOpinion(slug, last, short.sign, tuple(changes), years)
    return VenueOpinion(slug, last, Sign.UNSURE, tuple(changes), years, reason, few.get(slug, 0))


# --- words ------------------------------------------------------------------------------------------------------

Language = Literal["en", "zh"]

_SIGN_TEXTS: Mapping[Sign, Mapping[Language, str]] = {
    Sign.UP: {"en": "up", "zh": "上升"},
    Sign.FLAT: {"en": "flat", "zh": "持平"},
    Sign.DOWN: {"en": "down", "zh": "下降"},
    Sign.UNSURE: {"en": "unsure", "zh": "不确定"},
}

_TEXTS: Mapping[str, Mapping[Language, str]] = {
    "opinion": {
        "en": "Titles of accepted conference papers: {sign}; share {change} from {first} to {last} "
        "(80%: {low} to {high}; {before} of {total_before} papers, then {papers} of {total}, "
        "in {venues} {conferences})",
        "zh": "会议录用论文题目：{sign}；{first} 至 {last} 年份额变化 {change}"
        "（80% 区间 {low} 至 {high}；{venues} 个会议，先 {total_before} 篇中 {before} 篇，"
        "后 {total} 篇中 {papers} 篇）",
    },
    "no_proceedings": {
        "en": "Titles of accepted conference papers: no opinion; two years of proceedings are needed",
        "zh": "会议录用论文题目：无法判断，至少需要两年的会议论文",
    },
    "no_earlier_year": {
        "en": "Titles of accepted conference papers: no opinion; no conference has both {first} and {last}",
        "zh": "会议录用论文题目：无法判断，没有会议同时有 {first} 年和 {last} 年的论文",
    },
    "few_papers": {
        "en": "Titles of accepted conference papers: no opinion; {papers} in {first} and {last} together, "
        "{needed} are needed",
        "zh": "会议录用论文题目：无法判断，{first} 年和 {last} 年合计 {papers} 篇，至少需要 {needed} 篇",
    },
}


def opinion_json(opinion: VenueOpinion) -> dict[str, Any]:
    """The opinion in plain values, for programs."""
    return {
        "last_year": opinion.last_year,
        "sign": opinion.sign.value,
        "changes": [asdict(one) for one in opinion.changes],
        "years": [{**asdict(one), "share": one.share, "interval": one.interval} for one in opinion.years],
        "reason": opinion.reason or None,
    }


def opinion_text(opinion: VenueOpinion, language: Language = "en") -> str:
    """The opinion as a line: the sign, the change over two years with its interval, and the papers that it rests on."""
    if opinion.reason or not opinion.changes:
        last = opinion.last_year
        return _TEXTS[opinion.reason or "no_earlier_year"][language].format(
            first=last - SPANS[0] if last else "", last=last, papers=opinion.papers, needed=NEEDS_PAPERS
        )
    one = opinion.changes[0]
    return _TEXTS["opinion"][language].format(
        sign=_SIGN_TEXTS[opinion.sign][language],
        change=change_text(one.change),
        low=change_text(one.low),
        high=change_text(one.high),
        first=one.first_year,
        last=one.last_year,
        before=f"{one.papers_before:,}",
        total_before=f"{one.total_before:,}",
        papers=f"{one.papers:,}",
        total=f"{one.total:,}",
        venues=one.venues,
        conferences="conference" if one.venues == 1 else "conferences",
    )


# --- which venues and years -------------------------------------------------------------------------------------


def _out(year: int, as_of: date) -> bool:
    return as_of >= date(year + 1, _OUT_IN_MONTH, 1)


def _sound(totals: Totals) -> Totals:
    """Without the torn years of a venue: those far below its own last showings. Later years are not read."""
    years: dict[str, list[int]] = {}
    for venue, year in sorted(totals):
        years.setdefault(venue, []).append(year)
    kept: dict[tuple[str, int], int] = {}
    for venue, shown in years.items():
        usual: list[int] = []
        for year in shown:
            papers = totals[venue, year]
            if not usual or papers >= _TORN_BELOW * median(usual[-_USUAL_OVER:]):
                kept[venue, year] = papers
                usual.append(papers)
    return kept


def _last_whole_year(known: Totals) -> int | None:
    """The newest year that most of the year before came back in; None where no year has one before it."""
    by_year: dict[int, dict[str, int]] = {}
    for (venue, year), papers in known.items():
        by_year.setdefault(year, {})[venue] = papers
    for year in sorted(by_year, reverse=True):
        before = by_year.get(year - 1, {})
        back = sum(papers for venue, papers in before.items() if venue in by_year[year])
        if before and back >= _WHOLE_FROM * sum(before.values()):
            return year
    return None


def _in_all(known: Totals, years: Sequence[int]) -> tuple[str, ...]:
    """The venues that have each of these years, by name."""
    venues = {venue for venue, _ in known}
    return tuple(sorted(venue for venue in venues if all((venue, year) in known for year in years)))


def _series(papers: Totals, known: Totals, last: int) -> tuple[VenueYear, ...]:
    """The years up to the last over one fixed panel of venues: as many, up to five, as any venue has."""
    for length in range(max(SPANS) + 1, 0, -1):
        years = range(last - length + 1, last + 1)
        if venues := _in_all(known, years):
            return tuple(
                VenueYear(
                    year,
                    sum(papers.get((venue, year), 0) for venue in venues),
                    sum(known[venue, year] for venue in venues),
                )
                for year in years
            )
    return ()


_Cell = tuple[int, int, int, int]
"""Papers and total of a venue before, papers and total after."""


def _cells(papers: Totals, known: Totals, venues: Sequence[str], first: int, last: int) -> list[_Cell]:
    """A cell for each venue."""
    return [
        (papers.get((venue, first), 0), known[venue, first], papers.get((venue, last), 0), known[venue, last])
        for venue in venues
    ]


# --- the change of a share --------------------------------------------------------------------------------------

_STEP = 0.01
_REACH = 6.0
_TAUS = (0.02, 0.05, 0.10, 0.20, 0.40, 0.70, 1.00)
"""A year; the same mixture as that of growth in `signals`."""
_PRIOR_DIRECTIONS = (0.5, 0.5, 1.0, 2.0, 2.0, 1.0, 1.0)
_EM_ROUNDS = 100


def _changes(cells: Mapping[str, Sequence[_Cell]], first: int, last: int) -> dict[str, VenueChange]:
    """The change of each direction: its posterior on a grid of log ratios.

    Given a direction's papers of both years in a venue, those of the later year are binomial with odds
    ratio x total after / total before, whatever the venue's own share: a conditional Poisson comparison, stratified by
    venue (Breslow and Day, Statistical Methods in Cancer Research II, 1987, chapter 3). A venue without the direction
    says nothing. The log likelihood is divided by the dispersion between venues, pooled over the directions. The prior
    is a mixture of normals around 0 whose weights all directions fit together, as for growth on arXiv.
    """
    import numpy as np

    from littriage.signals import FLAT

    if not cells:
        return {}
    grid = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    # In an order that depends on the values alone: a name cannot change a last digit of what is pooled.
    tables = {slug: np.array(cells[slug], dtype=float) for slug in sorted(cells, key=lambda slug: (cells[slug], slug))}
    dispersion = _dispersion(tuple(tables.values()))
    likelihood = np.array([_log_likelihood(table, grid) for table in tables.values()]) / dispersion
    likelihood = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    years = last - first
    posterior = likelihood * _prior(likelihood, grid, years)
    posterior /= posterior.sum(axis=1, keepdims=True)
    below = np.cumsum(posterior, axis=1)
    means = _row_sums(posterior, grid)
    lows, highs = (_quantiles(below, grid, part) for part in (0.1, 0.9))
    # Half of the mass at 0 itself is above it: a direction without a change is as likely up as down.
    ups = _row_sums(posterior, (grid > _STEP / 2) + 0.5 * (np.abs(grid) <= _STEP / 2))
    flats = _row_sums(posterior, np.where(np.abs(grid) < FLAT * years, 1.0, 0.0))
    found = {}
    for row, (slug, table) in enumerate(tables.items()):
        papers_before, total_before, papers, total = (int(column) for column in table.sum(axis=0))
        found[slug] = VenueChange(
            first_year=first,
            last_year=last,
            venues=len(table),
            papers_before=papers_before,
            total_before=total_before,
            papers=papers,
            total=total,
            change=float(means[row]),
            low=float(lows[row]),
            high=float(highs[row]),
            p_up=float(min(ups[row], 1.0)),
            p_flat=float(min(flats[row], 1.0)),
        )
    return found


def _log_likelihood(table: _Floats, grid: _Floats) -> _Floats:
    import numpy as np

    before, total_before, after, total_after = table.T
    odds = np.log(total_after / total_before)
    lines = after[:, None] * grid - (before + after)[:, None] * np.logaddexp(0.0, grid + odds[:, None])
    return np.asarray(lines.sum(axis=0))


def _dispersion(tables: Sequence[_Floats]) -> float:
    """Pearson's chi-square between venues over its degrees of freedom, over all directions; at least 1."""
    chi_square, freedom = 0.0, 0
    for table in tables:
        before, total_before, after, total_after = table[table[:, 0] + table[:, 2] > 0].T
        # Where no venue or every venue has papers in one year only, the venues cannot disagree.
        if len(before) < 2 or not before.sum() or not after.sum():
            continue
        ratio = _common_ratio(before, total_before, after, total_after)
        part = ratio * total_after / (ratio * total_after + total_before)
        together = before + after
        chi_square += float((((after - together * part) ** 2) / (together * part * (1 - part))).sum())
        freedom += len(before) - 1
    return max(1.0, chi_square / freedom) if freedom else 1.0


def _common_ratio(before: _Floats, total_before: _Floats, after: _Floats, total_after: _Floats) -> float:
    """Mantel and Haenszel's ratio of shares over the venues."""
    weight = total_before + total_after
    return float((after * total_before / weight).sum() / (before * total_after / weight).sum())


def _prior(likelihood: _Floats, grid: _Floats, years: int) -> _Floats:
    """Density on the grid: normals of the given standard deviations a year, weighted by EM over the directions."""
    import numpy as np

    taus = np.array(_TAUS) * years
    normals = np.exp(-0.5 * (grid / taus[:, None]) ** 2) / taus[:, None]
    normals /= normals.sum(axis=1, keepdims=True)
    pseudo = np.array(_PRIOR_DIRECTIONS)
    weights = pseudo / pseudo.sum()
    evidence = np.stack([_row_sums(likelihood, normal) for normal in normals], axis=1)
    for _ in range(_EM_ROUNDS):
        part = evidence * weights
        total = (part / part.sum(axis=1, keepdims=True)).sum(axis=0) + pseudo
        weights = total / total.sum()
    return np.asarray(weights @ normals)


def _row_sums(rows: _Floats, weights: _Floats) -> _Floats:
    """Weighted sum of each row; a matrix product would let a row's place change its last digit."""
    import numpy as np

    return np.asarray((rows * weights).sum(axis=1))


def _quantiles(below: _Floats, grid: _Floats, part: float) -> _Floats:
    import numpy as np

    return np.asarray(grid[(below >= part).argmax(axis=1)])
