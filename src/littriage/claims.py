"""Dated claims beside the record: what it said when a claim was made, what happened since, and what came of the claim.

The rules are the table `RULES`; docs/claims.md shows the same table, works an example and names the limits. Nothing
after a claim's date enters what is said of that date, and nothing after its horizon enters its outcome.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from math import exp, inf, log
from statistics import fmean, median
from typing import TYPE_CHECKING

from littriage.model import Claim, Stage, Stance, TrendPoint, Verdict
from littriage.proportions import wilson
from littriage.trends import (
    YEAR_NEEDS_MONTHS,
    last_settled_month,
    month_after,
    month_span,
    months_between,
    usable,
)

if TYPE_CHECKING:
    from littriage.venues import VenueOpinion

HORIZON_MONTHS = 24
"""How long after the claim's date its outcome is read."""

FLAT = 0.10
"""Log units a year that a share may move and still be called flat, as in `signals.FLAT`."""

WEIGHED_PAPERS = 10
"""Papers that two years need together, each weighed by 1 over the dispersion: with fewer, no change below a factor of
about 2 could show."""

TOO_FEW = 5
"""Judged claims below which no part of them is given."""

_POOL_MONTHS = 8.0
"""The median dispersion counts like this many months of a direction's own, as in `signals`."""


class Outcome(StrEnum):
    """What came of a claim."""

    BORNE_OUT = "borne out"
    NOT_BORNE_OUT = "not borne out"
    UNCLEAR = "unclear"
    """Measured, and the interval holds both."""
    TOO_EARLY = "too early"
    NOT_MEASURABLE = "not measurable"
    NO_PREDICTION = "no prediction"

    @property
    def judged(self) -> bool:
        """Whether the claim was put to the test."""
        return self in (Outcome.BORNE_OUT, Outcome.NOT_BORNE_OUT, Outcome.UNCLEAR)


class Predicts(StrEnum):
    """What a stance says that a count of papers can answer."""

    RISE = "rise"
    NO_RISE = "no rise"
    FALL = "fall"
    GROWN = "grown"
    """Of the state on the claim's date, not of what follows."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a stance predicts, and when that is borne out and when not (as docs/claims.md words it)."""

    predicts: Predicts
    stances: tuple[Stance, ...]
    borne_out: str
    not_borne_out: str


RULES = (
    Rule(
        Predicts.RISE,
        (Stance.RISING, Stance.PROMISING),
        "the share rose: surely higher 24 months on, and not surely within 10% a year",
        "the share did not rise: surely below a rise of 10% a year",
    ),
    Rule(
        Predicts.NO_RISE,
        (Stance.SATURATED,),
        "the share did not rise: surely below a rise of 10% a year",
        "the share rose: surely higher 24 months on, and not surely within 10% a year",
    ),
    Rule(
        Predicts.FALL,
        (Stance.DECLINING,),
        "the share fell: surely lower 24 months on, and not surely within 10% a year",
        "the share did not fall: surely above a fall of 10% a year",
    ),
    Rule(
        Predicts.GROWN,
        (Stance.HOT,),
        "the stage on the claim's date is emerging, rising or hot",
        "it is plateau, saturated, declining or dormant",
    ),
    Rule(Predicts.NOTHING, (Stance.LIMITED, Stance.BOTTLENECK, Stance.NEUTRAL), "", ""),
)
_PREDICTS = {stance: rule.predicts for rule in RULES for stance in rule.stances}

_GROWN = frozenset({Stage.EMERGING, Stage.RISING, Stage.HOT})
_STILL = frozenset({Stage.PLATEAU, Stage.SATURATED, Stage.DECLINING, Stage.DORMANT})
_NO_VERDICT = frozenset({Stage.TOO_LITTLE_DATA, Stage.INCOMPLETE, Stage.NOT_MEASURABLE})


class Lack(StrEnum):
    """Why the record cannot tell."""

    THEME = "theme"
    """A theme as a whole has no series of its own."""
    UNKNOWN = "unknown"
    """No direction of that name."""
    NO_MONTHS = "no months"
    """The direction was never measured."""
    BEFORE_RECORD = "before the record"
    HOLES = "holes"
    """Months lack papers."""
    FEW_PAPERS = "few papers"
    NO_VERDICT = "no verdict"
    """Too little was known on the claim's date for a stage."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Why the record cannot tell, with what there is to say of it."""

    lack: Lack
    first: date | None = None
    """First and last month that lacks papers, or that came before the record."""
    last: date | None = None
    months: int = 0
    """How many of them lack papers."""
    reason: str = ""
    """That of the status of the most of them."""
    papers: float | None = None
    """In both years."""
    stage: Stage | None = None


@dataclass(frozen=True, slots=True)
class Year:
    """The 12 months that end with `last`, of which at least 9 are usable."""

    last: date
    months: int
    papers: float
    exposure: int
    undecided: float | None
    """Variance of `papers` from undecided memberships; None: not known."""

    @property
    def share(self) -> float:
        return self.papers / self.exposure


@dataclass(frozen=True, slots=True)
class Change:
    """One year's share over that of an earlier year, with an 80% interval."""

    then: Year
    later: Year
    dispersion: float
    """What counts as one paper: 1 for independent papers that surely belong, more where they come in bursts."""
    ratio: float
    """Infinite where there was no paper then."""
    low: float
    high: float
    """May be infinite."""

    @property
    def years(self) -> float:
        return months_between(self.then.last, self.later.last) / 12

    @property
    def rose(self) -> bool:
        """Surely higher, and not surely within 10% a year."""
        return self.low > 1 and self.high >= self._flat

    @property
    def surely_no_rise(self) -> bool:
        return self.high < self._flat

    @property
    def fell(self) -> bool:
        """Surely lower, and not surely within 10% a year."""
        return self.high < 1 and self.low <= 1 / self._flat

    @property
    def surely_no_fall(self) -> bool:
        return self.low > 1 / self._flat

    @property
    def growth(self) -> tuple[float | None, float | None, float | None]:
        """Log units a year, with its 80% interval; None where a share is 0 or a bound infinite."""
        mean, low, high = (log(r) / self.years if 0 < r < inf else None for r in (self.ratio, self.low, self.high))
        return mean, low, high

    @property
    def _flat(self) -> float:
        return exp(FLAT * self.years)


@dataclass(frozen=True, slots=True)
class BaseRate:
    """How often a prediction, made on one day of every direction that can be judged, is borne out."""

    predicts: Predicts
    as_of: date
    borne_out: int
    judged: int
    """Directions, those that the claim is about included."""

    @property
    def part(self) -> float:
        return self.borne_out / self.judged


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """A claim beside the record."""

    claim: Claim
    copies: tuple[Claim, ...]
    """The same claim in other documents."""
    as_of: date
    """First day after the claim's window: all that its author can have known lies before."""
    predicts: Predicts
    horizon: date
    """The year that the outcome is read from ends with this month."""
    then: Verdict | None
    """From what was known at `as_of`; None where there is no verdict."""
    now: Verdict | None
    year_then: Year | Gap
    """The last 12 months known at `as_of`."""
    year_now: Year | Gap
    """The last 12 months of the record."""
    at_horizon: Change | Gap | None
    """None: the record does not reach so far yet."""
    since: Change | Gap | None
    """Up to the last month that an unbroken record leads to; None: the record goes on for less than 12 months."""
    outcome: Outcome
    gap: Gap | None
    """Why it is not measurable; None where it is."""
    base: BaseRate | None
    """What comes of the same prediction for all directions; None where the claim is not judged."""
    conferences: tuple[VenueOpinion, ...] = ()
    """Where the record cannot tell: what the titles of accepted papers said on the claim's day, and, once it differs,
    what they said 24 months later or say today. Another instrument, yearly: it decides no outcome."""

    @property
    def documents(self) -> tuple[str, ...]:
        """Where it stands, the original first."""
        return tuple(dict.fromkeys(claim.document for claim in (self.claim, *self.copies)))

    @property
    def measured(self) -> bool:
        """Whether the record says anything beside the claim."""
        return isinstance(self.year_then, Year) or isinstance(self.year_now, Year)

    @property
    def latest(self) -> Change | None:
        """The change up to the horizon, else as far as there is one."""
        return next((one for one in (self.at_horizon, self.since) if isinstance(one, Change)), None)


# --- the record -------------------------------------------------------------------------------------------------


class Record:
    """What the counts say of each direction on any day. `points` are the months of all directions, by slug.

    `judged` gives the verdicts of all directions as of a day, by slug; it is asked once a day. `themes` are slugs that
    have no series of their own. `venues` gives the opinions of the conferences as of a day, as `venues.opinions` does;
    none where no proceedings are known.
    """

    def __init__(
        self,
        points: Mapping[str, Sequence[TrendPoint]],
        today: date,
        judged: Callable[[date], Mapping[str, Verdict]],
        themes: Collection[str] = (),
        venues: Callable[[date], Mapping[str, VenueOpinion]] | None = None,
    ) -> None:
        self.points = {slug: sorted(own, key=lambda point: point.month) for slug, own in points.items()}
        self.today = today
        self.themes = frozenset(themes)
        settled = last_settled_month(today)
        self.end = max(
            (p.month for own in self.points.values() for p in own if usable(p) and p.month <= settled), default=None
        )
        """The last month that any direction has a count for."""
        self._judged = judged
        self._venues = venues
        self._opinions: dict[date, Mapping[str, VenueOpinion]] = {}
        self._verdicts: dict[date, Mapping[str, Verdict]] = {}
        self._usable = {slug: {p.month: p for p in own if usable(p)} for slug, own in self.points.items()}
        self._dispersions: dict[tuple[date, date], tuple[dict[str, float], float]] = {}
        self._years: dict[tuple[str, date], Year | None] = {}
        self._rates: dict[tuple[Predicts, date], BaseRate | None] = {}

    def verdict(self, direction: str, day: date) -> Verdict | None:
        """The direction's verdict as of a day; None where it has none."""
        if not self.points.get(direction):
            return None
        if day not in self._verdicts:
            self._verdicts[day] = self._judged(day)
        return self._verdicts[day].get(direction)

    def year(self, direction: str, last: date) -> Year | Gap:
        """The 12 months that end with `last`."""
        return self._year(direction, last) or self._why_no_year(direction, last)

    def change(self, direction: str, then: date, later: date) -> Change | Gap:
        """The share of the year up to `later` over that of the year up to `then`.

        A Gap where a year on the way, these two included, has fewer than 9 usable months: behind a hole the record may
        be another instrument. A Gap too where both years hold too few papers.

        Of all papers of the two years a part p falls into the later one; given their number, p is binomial, with odds
        (ratio of the shares) x (ratio of the exposures) (Przyborowski and Wilenski 1940). Its interval is Wilson's
        (1927), for the papers divided by their dispersion (McCullagh and Nelder 1989, 4.5), so that it says something
        where one year is empty. Variance from undecided memberships is added.
        """
        known: list[Year] = []
        for month in month_span(then, later):
            if isinstance(year := self.year(direction, month), Gap):
                return year
            known.append(year)
        return _change(known[0], known[-1], self._dispersion(direction, then, later))

    def at_horizon(self, direction: str, day: date) -> Change | Gap | None:
        """What became of the share 24 months after the last month known on that day; None where that is yet to come."""
        then = last_settled_month(day)
        horizon = month_after(then, HORIZON_MONTHS)
        if isinstance(lacking := self.year(direction, self._within(then)), Gap):
            return lacking
        return self.change(direction, then, horizon) if self.end and horizon <= self.end else None

    def since(self, direction: str, day: date) -> Change | Gap | None:
        """What became of the share up to the last month that an unbroken record leads to from that day.

        A Gap where a hole comes within 12 months, so that no later year stands apart from that of then; None where
        those months are yet to come.
        """
        then = last = last_settled_month(day)
        if isinstance(lacking := self.year(direction, self._within(then)), Gap) or self.end is None:
            return lacking if isinstance(lacking, Gap) else None
        while last < self.end and self._year(direction, month_after(last)):
            last = month_after(last)
        if months_between(then, last) >= 12:
            return self.change(direction, then, last)
        return self._why_no_year(direction, month_after(last)) if months_between(then, self.end) >= 12 else None

    def conferences(self, direction: str, day: date) -> tuple[VenueOpinion, ...]:
        """What the conferences said of a direction on that day, and then 24 months later, or today where that is
        sooner; only opinions, of different years."""
        if self._venues is None:
            return ()
        found: list[VenueOpinion] = []
        for when in (day, min(_months_later(day, HORIZON_MONTHS), self.today)):
            if when not in self._opinions:
                self._opinions[when] = self._venues(when)
            one = self._opinions[when].get(direction)
            if one and not one.reason and one.last_year not in [other.last_year for other in found]:
                found.append(one)
        return tuple(found)

    def base_rate(self, predicts: Predicts, day: date) -> BaseRate | None:
        """What comes of this prediction, made on that day of every direction; None where none can be judged."""
        if (predicts, day) not in self._rates:
            found = Counter(self.judge(slug, predicts, day)[0] for slug in self.points)
            judged = sum(count for outcome, count in found.items() if outcome.judged)
            rate = BaseRate(predicts, day, found[Outcome.BORNE_OUT], judged)
            self._rates[predicts, day] = rate if judged else None
        return self._rates[predicts, day]

    def judge(self, direction: str, predicts: Predicts, day: date) -> tuple[Outcome, Gap | None]:
        """The outcome of a prediction that was made on that day, with the reason where it is not measurable."""
        then = self.year(direction, last_settled_month(day))
        if predicts is Predicts.NOTHING:
            now = self.year(direction, self.end) if self.end else then
            blind = isinstance(then, Gap) and isinstance(now, Gap)
            return (Outcome.NOT_MEASURABLE, then) if blind and isinstance(then, Gap) else (Outcome.NO_PREDICTION, None)
        change = self.at_horizon(direction, day)
        if predicts is not Predicts.GROWN:
            if isinstance(change, Gap):
                return Outcome.NOT_MEASURABLE, change
            return (_of_change(predicts, change) if change else Outcome.TOO_EARLY), None
        verdict = self.verdict(direction, day)
        if verdict and verdict.stage not in _NO_VERDICT:
            return _of_state(verdict.stage), None
        if isinstance(then, Gap):
            return (Outcome.TOO_EARLY, None) if change is None else (Outcome.NOT_MEASURABLE, then)
        return Outcome.NOT_MEASURABLE, Gap(Lack.NO_VERDICT, stage=verdict.stage if verdict else None)

    def _within(self, month: date) -> date:
        return min(month, self.end) if self.end else month

    def _year(self, direction: str, last: date) -> Year | None:
        if (direction, last) not in self._years:
            known = self._usable.get(direction, {})
            months = [known[month] for month in month_span(month_after(last, -11), last) if month in known]
            self._years[direction, last] = _year(last, months) if len(months) >= YEAR_NEEDS_MONTHS else None
        return self._years[direction, last]

    def _why_no_year(self, direction: str, last: date) -> Gap:
        points = {point.month: point for point in self.points.get(direction, ())}
        if not points:
            here = Lack.NO_MONTHS if direction in self.points else Lack.UNKNOWN
            return Gap(Lack.THEME if direction in self.themes else here)
        known = self._usable[direction]
        lacking = [month for month in month_span(month_after(last, -11), last) if month not in known]
        if known and lacking[-1] < min(known):
            return Gap(Lack.BEFORE_RECORD, first=min(known))
        # The hole may go on to both sides of the year: it is named whole, as far as the record goes.
        first, final = lacking[0], lacking[-1]
        while (before := month_after(first, -1)) >= min(points) and before not in known:
            first = before
        while (after := month_after(final)) <= (self.end or final) and after not in known:
            final = after
        hole = [month for month in month_span(first, final) if month not in known]
        reasons = Counter(points[month].reason for month in hole if month in points and points[month].reason)
        usual = max(sorted(reasons), key=lambda reason: reasons[reason], default="")
        return Gap(Lack.HOLES, hole[0], hole[-1], len(hole), usual)

    def _dispersion(self, direction: str, then: date, later: date) -> float:
        """What one paper less or more may be by chance, over the years compared: at least the directions' median."""
        span = (month_after(then, -11), later)
        if span not in self._dispersions:
            self._dispersions[span] = _dispersions(self._usable, *span)
        own, usual = self._dispersions[span]
        return max(usual, own.get(direction, usual))


def _year(last: date, months: Sequence[TrendPoint]) -> Year:
    return Year(
        last,
        len(months),
        sum(point.papers for point in months),
        sum(point.exposure for point in months),
        None if None in (known := [point.undecided for point in months]) else sum(filter(None, known)),
    )


def _change(then: Year, later: Year, dispersion: float) -> Change | Gap:
    papers = then.papers + later.papers
    if papers:
        dispersion = _with_undecided(then, later, dispersion)
    if papers < WEIGHED_PAPERS * dispersion:
        return Gap(Lack.FEW_PAPERS, papers=papers)
    part = later.papers / papers
    fields = then.exposure / later.exposure
    bounds = (part, *wilson(part, papers / dispersion))
    ratio, low, high = (fields * p / (1 - p) if p < 1 else inf for p in bounds)
    return Change(then, later, dispersion, ratio, low, high)


def _with_undecided(then: Year, later: Year, dispersion: float) -> float:
    """The dispersion with what undecided memberships add to the variance of the later year's part of the papers.

    Counts that are sums of probabilities vary less than papers do. Where nobody kept what that hides, the papers are
    taken to be independent at best.
    """
    if then.undecided is None or later.undecided is None:
        return max(1.0, dispersion)
    then_each = then.undecided / then.papers if then.papers else 0.0
    later_each = later.undecided / later.papers if later.papers else 0.0
    return dispersion + (then_each * later.papers + later_each * then.papers) / (then.papers + later.papers)


def _dispersions(
    usable_months: Mapping[str, Mapping[date, TrendPoint]], first: date, last: date
) -> tuple[dict[str, float], float]:
    """That of each direction over those months, drawn a little to the median of all; and the median, 1 where none is.

    As in `signals`: the mean of (y1 N2 - y2 N1)^2 / (N1 N2 (y1 + y2)) over neighbouring months with papers.
    """
    own: dict[str, tuple[float, int]] = {}
    for slug in sorted(usable_months):
        points = [point for month, point in sorted(usable_months[slug].items()) if first <= month <= last]
        pairs = [(a, b) for a, b in pairwise(points) if a.papers + b.papers > 0]
        if pairs:
            differences = (
                (a.papers * b.exposure - b.papers * a.exposure) ** 2 / (a.exposure * b.exposure * (a.papers + b.papers))
                for a, b in pairs
            )
            least = 1e-4 * fmean(point.papers for point in points)
            own[slug] = max(least, fmean(differences)), len(points)
    usual = median(value for value, _ in own.values()) if own else 1.0
    pooled = {
        slug: (months * value + _POOL_MONTHS * usual) / (months + _POOL_MONTHS) for slug, (value, months) in own.items()
    }
    return pooled, usual


def _of_change(predicts: Predicts, change: Change) -> Outcome:
    came, failed = {
        Predicts.RISE: (change.rose, change.surely_no_rise),
        Predicts.NO_RISE: (change.surely_no_rise, change.rose),
        Predicts.FALL: (change.fell, change.surely_no_fall),
    }[predicts]
    return Outcome.BORNE_OUT if came else Outcome.NOT_BORNE_OUT if failed else Outcome.UNCLEAR


def _of_state(stage: Stage) -> Outcome:
    if stage in _GROWN:
        return Outcome.BORNE_OUT
    return Outcome.NOT_BORNE_OUT if stage in _STILL else Outcome.UNCLEAR


# --- claims -----------------------------------------------------------------------------------------------------


def claim_outcomes(claims: Iterable[Claim], record: Record) -> tuple[ClaimOutcome, ...]:
    """One outcome for each claim, oldest first; the copies of a claim in other documents count with it, once.

    A claim whose window ends after today is read as of today.
    """
    outcomes = (_outcome(claim, copies, record) for claim, copies in collapsed(claims))
    return tuple(sorted(outcomes, key=lambda one: (one.as_of, one.claim.direction, _place(one.claim))))


def _outcome(claim: Claim, copies: tuple[Claim, ...], record: Record) -> ClaimOutcome:
    slug, predicts = claim.direction, _PREDICTS[claim.stance]
    as_of = claim_day(claim, record.today)
    then = last_settled_month(as_of)
    outcome, gap = record.judge(slug, predicts, as_of)
    return ClaimOutcome(
        claim=claim,
        copies=copies,
        as_of=as_of,
        predicts=predicts,
        horizon=month_after(then, HORIZON_MONTHS),
        then=record.verdict(slug, as_of),
        now=record.verdict(slug, record.today),
        year_then=record.year(slug, then),
        year_now=record.year(slug, record.end or then),
        at_horizon=record.at_horizon(slug, as_of),
        since=record.since(slug, as_of),
        outcome=outcome,
        gap=gap,
        base=record.base_rate(predicts, as_of) if outcome.judged else None,
        conferences=record.conferences(slug, as_of) if outcome is Outcome.NOT_MEASURABLE else (),
    )


def _months_later(day: date, months: int) -> date:
    """The first day of that month: proceedings come out by the month."""
    return month_after(day.replace(day=1), months)


def claim_day(claim: Claim, today: date) -> date:
    """The day that a claim is read on: the first after its window, or today where the window is not over."""
    return min(month_after(date.fromisoformat(f"{claim.window[1]}-01")), today)


def collapsed(claims: Iterable[Claim]) -> tuple[tuple[Claim, tuple[Claim, ...]], ...]:
    """Each claim once, with its copies in other documents.

    A claim is a copy where it names the document that it repeats, and that document, or the one that it was itself
    copied from, holds a claim of the same author, direction and stance. Without such an original the first copy stands
    for it.
    """
    groups: dict[tuple[str, str, Stance], list[Claim]] = defaultdict(list)
    for claim in claims:
        groups[claim.direction, claim.author, claim.stance].append(claim)
    found: list[tuple[Claim, tuple[Claim, ...]]] = []
    for key in sorted(groups):
        found += _collapsed_group(sorted(groups[key], key=_place))
    return tuple(found)


def _collapsed_group(group: Sequence[Claim]) -> list[tuple[Claim, tuple[Claim, ...]]]:
    """Claims of one author, direction and stance: the first claim of a copy repeats the first of its original."""
    repeats = {claim.document: claim.repost_of for claim in group if claim.repost_of}
    by_root: dict[str, dict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    for claim in group:
        root = _root(claim.repost_of, repeats) if claim.repost_of else claim.document
        by_root[root][claim.document].append(claim)
    found = []
    for root in sorted(by_root):
        documents = by_root[root]
        first = root if root in documents else min(documents)
        originals = documents.pop(first)
        copies: list[list[Claim]] = [[] for _ in originals]
        for document in sorted(documents):
            for place, claim in enumerate(documents[document]):
                copies[min(place, len(originals) - 1)].append(claim)
        found += [(original, tuple(own)) for original, own in zip(originals, copies, strict=True)]
    return found


def _root(document: str, repeats: Mapping[str, str]) -> str:
    """The document at the end of the chain of copies; in a circle the first by name."""
    chain = [document]
    while (document := repeats.get(document, document)) not in chain:
        chain.append(document)
    return chain[-1] if document == chain[-1] else min(chain[chain.index(document) :])


def _place(claim: Claim) -> tuple[object, ...]:
    """What claims are ordered by: all that tells two of one author, direction and stance apart."""
    return (
        claim.document, claim.locator, claim.window, claim.date, claim.paraphrase, claim.inferred,
        claim.repost_of or "", claim.author, claim.stance.value, claim.span or (), claim.paraphrase_zh,
    )  # fmt: skip


# --- per author and per document --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tally:
    """How the claims of one author, or of one document, came out."""

    name: str
    counts: Mapping[Outcome, int]
    """Each claim once; the outcomes that occur."""
    copies: int
    """Claims of this document that are counted in the document they were copied from."""
    borne_out: float | None
    """Part of the judged claims; None where there are fewer than 5."""
    low: float | None
    """80% interval."""
    high: float | None
    base: float | None
    """The part to be expected of anybody who had said the same, on the same days, of any measurable direction; None
    where no claim is judged."""

    @property
    def claims(self) -> int:
        return sum(self.counts.values())

    @property
    def judged(self) -> int:
        return sum(count for outcome, count in self.counts.items() if outcome.judged)


def tally(name: str, outcomes: Sequence[ClaimOutcome], copies: int = 0) -> Tally:
    """The outcomes of these claims, counted."""
    counts = Counter(one.outcome for one in outcomes)
    bases = sorted(one.base.part for one in outcomes if one.base)
    judged = sum(outcome.judged for outcome in (one.outcome for one in outcomes))
    part = counts[Outcome.BORNE_OUT] / judged if judged >= TOO_FEW else None
    low, high = wilson(part, judged) if part is not None else (None, None)
    ordered = {outcome: counts[outcome] for outcome in Outcome if outcome in counts}
    return Tally(name, ordered, copies, part, low, high, fmean(bases) if bases else None)


def by_author(outcomes: Sequence[ClaimOutcome]) -> tuple[Tally, ...]:
    """One tally for each author, the one with the most claims first."""
    names = {one.claim.author for one in outcomes}
    return _ordered(tally(name, [one for one in outcomes if one.claim.author == name]) for name in names)


def by_document(outcomes: Sequence[ClaimOutcome]) -> tuple[Tally, ...]:
    """One tally for each document, the one with the most claims first; a copied claim counts where it stood first."""
    copied = Counter(copy.document for one in outcomes for copy in one.copies)
    names = {one.claim.document for one in outcomes} | set(copied)
    return _ordered(
        tally(name, [one for one in outcomes if one.claim.document == name], copied[name]) for name in names
    )


def _ordered(tallies: Iterable[Tally]) -> tuple[Tally, ...]:
    return tuple(sorted(tallies, key=lambda one: (-one.claims, one.name)))
