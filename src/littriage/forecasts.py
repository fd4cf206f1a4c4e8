"""Forecasts on record and what became of them.

A forecast is an outlook with what was known when it was made; the ledger keeps it for good. Its outcome is worked out
anew from today's counts whenever it is asked for. docs/forecasts.md words the rules. Nothing heavy is imported: the
commands that only read use this too.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import isclose, isfinite, log
from typing import Any

from littriage.errors import LittriageError
from littriage.model import FALL, NORMAL_80, RISE, LikeCases, Outlook, Part, TrendPoint
from littriage.proportions import wilson
from littriage.trends import (
    REPORTING_DELAY_DAYS,
    YEAR_NEEDS_MONTHS,
    last_settled_month,
    month_after,
    usable,
)

HINDSIGHT_DAYS = 31
"""A forecast that was made more than this many days after its as-of day was made in hindsight."""

REVISED = 0.10
"""Part of the base share by which today's counts may differ from those of then without a word."""

BIN_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Forecasts are compared with what came in groups of about equal probability; an edge belongs to the group above."""

SUREST = 0.001
"""The log loss takes no probability as nearer to 0 or 1 than this: one miss would outweigh everything."""

GAIN_NEEDS_DIRECTIONS = 10
"""Directions below which a Brier skill gets no interval."""

_EQUAL_WITHIN = 1e-9


class Event(StrEnum):
    """What a forecast gives a probability of."""

    RISE = "rise"
    """The share becomes more than 1.2 times the base."""
    UP = "up"
    """More than the base."""
    FALL = "fall"
    """Less than 0.8 times the base."""


class State(StrEnum):
    """How far a forecast has come."""

    SCORED = "scored"
    NOT_DUE = "not due yet"
    NOT_MEASURABLE = "not measurable"
    ABSTAINED = "abstained"
    """No probability was given."""


class Why(StrEnum):
    """Why a forecast that is due has no outcome."""

    GONE = "direction gone"
    """Its direction is no longer in the catalogue, or has another slug."""
    BASE_HOLES = "holes in the base"
    """Today fewer than 9 of the 12 months up to the base month are usable."""
    LATER_HOLES = "holes in the outcome"
    """Fewer than 9 of the 12 months that the outcome is read from are usable."""


# --- the ledger -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a direction's share was measured with."""

    rule: str
    """Membership rule and tier of the vectors; empty where there were no members."""
    query: str
    """Lexical rule and fingerprint of the query."""
    field: str
    """The categories that the share is a part of."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One row of the ledger."""

    direction: str
    as_of: date
    horizon: int
    """Months."""
    model: str
    revision: int
    """0: the forecast on record; 1, 2, ... later ones of the same day and model from other counts."""
    made_at: datetime
    """UTC, without a zone."""
    run: str
    hindsight: bool
    """Made more than 31 days after `as_of`."""
    base_month: date | None
    """Last month of the 12 that the forecast starts from."""
    base_papers: float | None
    """In the usable ones of these 12 months, as counted then; None where fewer than 9 were."""
    base_exposure: int | None
    stage: str
    """The verdict of the day, as in model.Stage; empty where there was none. Text, since stages may change their names
    while the ledger stays."""
    p_rise: float | None
    p_up: float | None
    p_fall: float | None
    growth_low: float | None
    """80% interval of the log of the ratio of the two shares."""
    growth_high: float | None
    added: float | None
    """Expected papers beyond those of the base."""
    abstained: str
    """Why no probability was given; empty where one was."""
    instrument: Instrument

    @property
    def base_share(self) -> float | None:
        """As counted then."""
        return self.base_papers / self.base_exposure if self.base_papers is not None and self.base_exposure else None

    @property
    def target(self) -> date | None:
        """Last month of the 12 that the outcome is read from."""
        return month_after(self.base_month, self.horizon) if self.base_month else None

    @property
    def due(self) -> date | None:
        """The day from which all papers of these months are listed."""
        return month_after(self.target) + timedelta(days=REPORTING_DELAY_DAYS) if self.target else None

    @property
    def speaks(self) -> bool:
        """Whether it gives a probability of anything."""
        return not (self.p_rise is None and self.p_up is None and self.p_fall is None)

    def given(self, event: Event) -> float | None:
        """The probability that was given; None where there was none."""
        return {Event.RISE: self.p_rise, Event.UP: self.p_up, Event.FALL: self.p_fall}[event]


def made(
    outlooks: Iterable[Outlook],
    points: Mapping[str, Sequence[TrendPoint]],
    stages: Mapping[str, str],
    instruments: Mapping[str, Instrument],
    *,
    run: str,
    made_at: datetime,
) -> tuple[Forecast, ...]:
    """Outlooks as forecasts: with the counts, the stage and the instrument of the moment.

    `points`, `stages` and `instruments` are by slug. Raises LittriageError for what could never be scored: two
    outlooks of one direction, day, horizon and model; a probability that is none; one without a base month; silence
    without a reason; an interval upside down; a direction without an instrument.
    """
    known: dict[str, dict[date, TrendPoint]] = {}
    found: dict[tuple[Any, ...], Forecast] = {}
    for one in outlooks:
        _check(one)
        if one.direction not in instruments:
            raise LittriageError(f"{one.direction} has an outlook, but nobody said what its share was measured with")
        if one.direction not in known:
            known[one.direction] = _usable(points.get(one.direction, ()))
        year = _year(known[one.direction], one.base_month) if one.base_month else None
        whole = year if year and year.months >= YEAR_NEEDS_MONTHS else None
        forecast = Forecast(
            direction=one.direction,
            as_of=one.as_of,
            horizon=one.horizon,
            model=one.model,
            revision=0,
            made_at=made_at,
            run=run,
            hindsight=(made_at.date() - one.as_of).days > HINDSIGHT_DAYS,
            base_month=one.base_month,
            base_papers=whole.papers if whole else None,
            base_exposure=whole.exposure if whole else None,
            stage=stages.get(one.direction, ""),
            p_rise=one.p_rise,
            p_up=one.p_up,
            p_fall=one.p_fall,
            growth_low=one.growth_low,
            growth_high=one.growth_high,
            added=one.added,
            abstained=one.abstained,
            instrument=instruments[one.direction],
        )
        if _key(forecast) in found:
            raise LittriageError(
                f"two outlooks of {one.direction} as of {one.as_of} for {one.horizon} months from {one.model}: "
                "the ledger keeps one"
            )
        found[_key(forecast)] = forecast
    return tuple(found.values())


def to_add(made_now: Iterable[Forecast], ledger: Iterable[Forecast]) -> tuple[Forecast, ...]:
    """What the ledger does not say yet, with the number of its revision.

    A forecast that says what a row of the same direction, day, horizon and model says, whatever run made it, is that
    row; one that says something else, since counts or stages have changed, is the next revision.
    """
    rows: dict[tuple[Any, ...], list[Forecast]] = defaultdict(list)
    for row in ledger:
        rows[_key(row)].append(row)
    new = []
    for one in made_now:
        same_day = rows[_key(one)]
        if not any(_says_the_same(one, row) for row in same_day):
            added = replace(one, revision=max((row.revision for row in same_day), default=-1) + 1)
            same_day.append(added)
            new.append(added)
    return tuple(new)


def _key(one: Forecast) -> tuple[str, date, int, str]:
    return one.direction, one.as_of, one.horizon, one.model


_OF_THE_RUN = {"revision", "made_at", "run", "hindsight"}


def _says_the_same(one: Forecast, other: Forecast) -> bool:
    return all(
        _equal(getattr(one, field.name), getattr(other, field.name))
        for field in fields(Forecast)
        if field.name not in _OF_THE_RUN
    )


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):  # sums may differ in their last digit
        return isclose(one, other, rel_tol=_EQUAL_WITHIN, abs_tol=_EQUAL_WITHIN)
    return bool(one == other)


def _check(one: Outlook) -> None:
    of = f"the outlook of {one.direction} as of {one.as_of} for {one.horizon} months"
    given = {"p_rise": one.p_rise, "p_up": one.p_up, "p_fall": one.p_fall}
    for name, probability in given.items():
        if probability is not None and not 0 <= probability <= 1:  # NaN fails this too
            raise LittriageError(f"{of}: {name} is {probability}, which is no probability")
    if one.base_month is None and set(given.values()) != {None}:
        raise LittriageError(f"{of}: a probability without a base month could never be scored")
    if set(given.values()) == {None} and not one.abstained:
        raise LittriageError(f"{of}: it gives no probability, and does not say why")
    if one.growth_low is not None and one.growth_high is not None and not one.growth_low <= one.growth_high:
        raise LittriageError(f"{of}: the interval goes from {one.growth_low} to {one.growth_high}")
    if any(figure is not None and not isfinite(figure) for figure in (one.growth_low, one.growth_high, one.added)):
        raise LittriageError(f"{of}: a figure is not finite")


# --- outcomes ---------------------------------------------------------------------------------------------------


def forecast_of(row: Sequence[Any]) -> Forecast:
    """The forecast of a row in the order of its fields, with those of its instrument at the end."""
    told = (*row[:-3], Instrument(*row[-3:]))
    return Forecast(*told)


def outlook_of(row: Sequence[Any]) -> Outlook:
    """The outlook of a row in the order of its fields, with like cases and parts as JSON."""
    *told, like, parts, abstained = row
    cases = LikeCases(**json.loads(like)) if like else None
    told += [cases, tuple(Part(**part) for part in json.loads(parts)), abstained]
    return Outlook(*told)


@dataclass(frozen=True, slots=True)
class Scored:
    """A forecast and what became of it, by today's counts."""

    forecast: Forecast
    state: State
    why: str = ""
    """As in Why, where the state is not measurable; else empty."""
    counted: bool = False
    """Whether it stands for its direction, horizon and base month: the first of them that gave a probability."""
    base_months: int | None = None
    """Usable ones of the 12 months up to the base month, today."""
    base_share: float | None = None
    """Today's count of the share that the forecast started from."""
    later_months: int | None = None
    later_share: float | None = None
    """Of the 12 months that end with the target."""
    rose: bool | None = None
    """By more than 20%; None where there is no outcome."""
    up: bool | None = None
    fell: bool | None = None
    """By more than 20%."""
    changed: tuple[str, ...] = ()
    """What the direction is measured with otherwise than then: rule, query, field."""

    def came(self, event: Event) -> bool | None:
        """Whether the event came; None where there is no outcome."""
        return {Event.RISE: self.rose, Event.UP: self.up, Event.FALL: self.fell}[event]

    @property
    def ratio(self) -> float | None:
        """Later share over base share, both by today's counts; None without an outcome or where the base is 0."""
        return self.later_share / self.base_share if self.later_share is not None and self.base_share else None

    @property
    def inside(self) -> bool | None:
        """Whether the change lay in the forecast's 80% interval; None where either is not known."""
        low, high = self.forecast.growth_low, self.forecast.growth_high
        if self.ratio is None or low is None or high is None:
            return None
        return self.ratio > 0 and low <= log(self.ratio) <= high

    @property
    def base_revision(self) -> float | None:
        """By what part today's count of the base differs from that of then, where it is more than 10%; else None."""
        then = self.forecast.base_share
        if self.base_share is None or not then:
            return None
        part = self.base_share / then - 1
        return part if abs(part) > REVISED else None


def score(
    forecasts: Iterable[Forecast],
    points: Mapping[str, Sequence[TrendPoint]],
    instruments: Mapping[str, Instrument],
    as_of: date,
) -> tuple[Scored, ...]:
    """What became of each forecast, in the given order; nothing after `as_of` is read.

    Due is one whose target month is settled on `as_of`. Both shares are of today's counts, so that one instrument
    measures them; each needs 9 of its 12 months usable, else the forecast is not measurable, now: months that come in
    later mend it. A share of 0 is a share. Where rule, query or categories have changed since, the outcome is that of
    the new ones, and says so.
    """
    ordered = list(forecasts)
    standing = {id(one) for one in _first_of_each_month(ordered)}
    settled = last_settled_month(as_of)
    years: dict[tuple[str, date], _Year] = {}
    known = {slug: _usable(own) for slug, own in points.items()}

    def year(direction: str, last: date) -> _Year:
        if (direction, last) not in years:
            years[direction, last] = _year(known[direction], last)
        return years[direction, last]

    found = []
    for one in ordered:
        base, target = one.base_month, one.target
        counted = id(one) in standing
        if not one.speaks or base is None or target is None:
            found.append(Scored(one, State.ABSTAINED))
        elif target > settled:
            found.append(Scored(one, State.NOT_DUE, counted=counted))
        elif one.direction not in known:
            found.append(Scored(one, State.NOT_MEASURABLE, Why.GONE, counted))
        else:
            now = instruments.get(one.direction)
            changed = _changed(one.instrument, now) if now else ()
            found.append(_outcome(one, year(one.direction, base), year(one.direction, target), counted, changed))
    return tuple(found)


def _outcome(one: Forecast, base: _Year, later: _Year, counted: bool, changed: tuple[str, ...]) -> Scored:
    enough = [year.months >= YEAR_NEEDS_MONTHS for year in (base, later)]
    shares = base.share, later.share
    scored = Scored(
        one, State.NOT_MEASURABLE, "" if all(enough) else Why.LATER_HOLES if enough[0] else Why.BASE_HOLES, counted,
        base.months, shares[0] if enough[0] else None, later.months, shares[1] if enough[1] else None, changed=changed,
    )  # fmt: skip
    if scored.base_share is None or scored.later_share is None:
        return scored
    return replace(
        scored,
        state=State.SCORED,
        rose=scored.later_share > RISE * scored.base_share,
        up=scored.later_share > scored.base_share,
        fell=scored.later_share < FALL * scored.base_share,
    )


def _first_of_each_month(forecasts: Sequence[Forecast]) -> Iterable[Forecast]:
    """The first forecast, on record and with a probability, for each direction, horizon and base month.

    Forecasts from one base month have one and the same outcome, however many weeks made one.
    """
    first: dict[tuple[Any, ...], Forecast] = {}
    for one in forecasts:
        if one.revision or not one.speaks:
            continue
        key = (one.direction, one.horizon, one.base_month, one.hindsight)
        if key not in first or _order(one) < _order(first[key]):
            first[key] = one
    return first.values()


def _order(one: Forecast) -> tuple[datetime, date, str]:
    return one.made_at, one.as_of, one.model


def _changed(then: Instrument, now: Instrument) -> tuple[str, ...]:
    return tuple(field.name for field in fields(Instrument) if getattr(then, field.name) != getattr(now, field.name))


@dataclass(frozen=True, slots=True)
class _Year:
    """The usable ones of 12 months."""

    months: int
    papers: float
    exposure: int

    @property
    def share(self) -> float | None:
        return self.papers / self.exposure if self.exposure else None


def _usable(points: Iterable[TrendPoint]) -> dict[date, TrendPoint]:
    return {point.month: point for point in points if usable(point)}


def _year(known: Mapping[date, TrendPoint], last: date) -> _Year:
    months = [known[month] for back in range(12) if (month := month_after(last, -back)) in known]
    return _Year(len(months), sum(one.papers for one in months), sum(one.exposure for one in months))


# --- the record -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of about one probability, and how many came true."""

    low: float
    high: float
    count: int
    independent: int
    """As in Record."""
    expected: float
    """Sum of the probabilities."""
    came: int

    @property
    def mean(self) -> float:
        """Mean probability that was given."""
        return self.expected / self.count

    @property
    def part(self) -> float:
        """Part that came true."""
        return self.came / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """80% interval of the probability behind `part` (Wilson 1927), from the independent forecasts alone."""
        return wilson(self.part, self.independent)


@dataclass(frozen=True, slots=True)
class Record:
    """How forecasts of one event have done. Figures that need a forecast are None where there is none."""

    event: Event
    count: int
    """Forecasts that are scored and stand for their direction, horizon and base month."""
    directions: int
    independent: int
    """Forecasts that hardly overlap: of one direction such as begin at least 12 months, or a horizon, apart."""
    came: int
    expected: float
    """Sum of the probabilities."""
    brier: float | None
    """Mean squared difference between probability and outcome (Brier 1950); 0 is perfect."""
    brier_base: float | None
    """That of always giving the part that did come, of the same horizon: what nobody knew in advance."""
    brier_half: float | None
    """That of always giving 50%."""
    log_loss: float | None
    """Mean of -ln of the probability given to what came."""
    calibration_error: float | None
    """Mean difference between the probability given and the part that came, over the bins."""
    gain_interval: tuple[float, float] | None
    """80% interval of `skill`, from the spread between directions; None with fewer than 10 of them."""
    bins: tuple[Bin, ...]
    """The ones that hold forecasts, the lowest first."""
    intervals: int
    """Forecasts with an 80% interval of the change."""
    inside: int
    """Of those, where the change lay in it."""
    changed: int
    """Forecasts that are measured otherwise than when they were made."""
    revised: int
    """Forecasts whose base share has changed by more than 10% since."""

    @property
    def skill(self) -> float | None:
        """Brier skill against the base rate: 1 is perfect, 0 no better; None where everything or nothing came."""
        return 1 - self.brier / self.brier_base if self.brier is not None and self.brier_base else None

    @property
    def skill_half(self) -> float | None:
        """Brier skill against always giving 50%."""
        return 1 - self.brier / self.brier_half if self.brier is not None and self.brier_half else None


def on_record(scored: Iterable[Scored], *, hindsight: bool = False) -> tuple[Scored, ...]:
    """The ones that have an outcome and stand for their month; those made in hindsight, or else all others."""
    return tuple(
        one for one in scored if one.counted and one.state is State.SCORED and one.forecast.hindsight is hindsight
    )


def record(scored: Iterable[Scored], event: Event = Event.RISE, *, hindsight: bool = False) -> Record:
    """The record of an event over forecasts that are due; those made in hindsight, or else all others."""
    pairs = [
        (one, given, bool(one.came(event)))
        for one in on_record(scored, hindsight=hindsight)
        if (given := one.forecast.given(event)) is not None
    ]
    chosen = [one for one, _, _ in pairs]
    count = len(pairs)
    rates = _base_rates(pairs)
    own = [(given - came) ** 2 for _, given, came in pairs]
    base = [(rates[one.forecast.horizon] - came) ** 2 for one, _, came in pairs]
    bins = _bins(pairs)
    known = [inside for one in chosen if (inside := one.inside) is not None]
    return Record(
        event=event,
        count=count,
        directions=len({one.forecast.direction for one in chosen}),
        independent=independent(chosen),
        came=sum(came for _, _, came in pairs),
        expected=sum(given for _, given, _ in pairs),
        brier=sum(own) / count if count else None,
        brier_base=sum(base) / count if count else None,
        brier_half=0.25 if count else None,
        log_loss=sum(_log_loss(given, came) for _, given, came in pairs) / count if count else None,
        calibration_error=sum(abs(one.expected - one.came) for one in bins) / count if count else None,
        gain_interval=_gain_interval([one.forecast.direction for one in chosen], own, base),
        bins=bins,
        intervals=len(known),
        inside=sum(known),
        changed=sum(bool(one.changed) for one in chosen),
        revised=sum(one.base_revision is not None for one in chosen),
    )


def track_record(
    scored: Iterable[Scored], stage: str, horizon: int, event: Event = Event.RISE, *, hindsight: bool = False
) -> Record:
    """The record of past forecasts that were made at one stage, for one horizon: to be shown beside the stage."""
    same = (one for one in scored if one.forecast.stage == stage and one.forecast.horizon == horizon)
    return record(same, event, hindsight=hindsight)


def records_by_horizon(
    scored: Iterable[Scored], event: Event = Event.RISE, *, hindsight: bool = False
) -> dict[int, Record]:
    """The record for each horizon that has an outcome, the shortest first."""
    groups: dict[int, list[Scored]] = defaultdict(list)
    for one in on_record(scored, hindsight=hindsight):
        groups[one.forecast.horizon].append(one)
    return {horizon: record(groups[horizon], event, hindsight=hindsight) for horizon in sorted(groups)}


def records_by_stage(
    scored: Iterable[Scored], event: Event = Event.RISE, *, hindsight: bool = False
) -> dict[str, Record]:
    """The record for each stage of then that has an outcome, by name."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for one in on_record(scored, hindsight=hindsight):
        groups[one.forecast.stage].append(one)
    return {stage: record(groups[stage], event, hindsight=hindsight) for stage in sorted(groups)}


def independent(scored: Iterable[Scored]) -> int:
    """How many of these forecasts hardly overlap.

    Of one direction the first counts, then each that begins at least 12 months, or the horizon of the one before,
    later: in between both shares have months in common. Directions are taken to be independent of each other, which
    they are not quite: a boom moves several.
    """
    by_direction: dict[str, list[Forecast]] = defaultdict(list)
    for one in scored:
        by_direction[one.forecast.direction].append(one.forecast)
    return sum(_apart(own) for own in by_direction.values())


def _apart(forecasts: Sequence[Forecast]) -> int:
    count, free_from = 0, date.min
    for base, horizon in sorted((one.base_month, one.horizon) for one in forecasts if one.base_month):
        if base >= free_from:
            count, free_from = count + 1, month_after(base, max(12, horizon))
    return count


_Pairs = Sequence[tuple[Scored, float, bool]]


def _base_rates(pairs: _Pairs) -> dict[int, float]:
    """Part that came, by horizon."""
    outcomes: dict[int, list[bool]] = defaultdict(list)
    for one, _, came in pairs:
        outcomes[one.forecast.horizon].append(came)
    return {horizon: sum(came) / len(came) for horizon, came in outcomes.items()}


def _bins(pairs: _Pairs) -> tuple[Bin, ...]:
    found = []
    last = len(BIN_EDGES) - 2
    for place in range(last + 1):
        low, high = BIN_EDGES[place], BIN_EDGES[place + 1]
        own = [pair for pair in pairs if low <= pair[1] and (pair[1] < high or place == last)]
        if own:
            expected, came = sum(given for _, given, _ in own), sum(came for _, _, came in own)
            found.append(Bin(low, high, len(own), independent(one for one, _, _ in own), expected, came))
    return tuple(found)


def _log_loss(given: float, came: bool) -> float:
    kept = min(max(given, SUREST), 1 - SUREST)
    return -log(kept if came else 1 - kept)


def _gain_interval(
    directions: Sequence[str], own: Sequence[float], base: Sequence[float]
) -> tuple[float, float] | None:
    """80% interval of 1 - mean(own) / mean(base), directions being drawn at random, not forecasts.

    Linearised ratio with clusters (Cochran 1977, 6.3 and 11.8): the spread of the directions' sums of
    own - (mean own / mean base) x base.
    """
    total = sum(base)
    if not total or len(set(directions)) < GAIN_NEEDS_DIRECTIONS:
        return None
    ratio = sum(own) / total
    sums: dict[str, float] = defaultdict(float)
    for direction, one, other in zip(directions, own, base, strict=True):
        sums[direction] += one - ratio * other
    count = len(sums)
    half = NORMAL_80 * (count / (count - 1) * sum(value**2 for value in sums.values())) ** 0.5 / total
    return 1 - ratio - half, 1 - ratio + half


def next_due(scored: Iterable[Scored], *, hindsight: bool = False) -> Scored | None:
    """The forecast that becomes due next; None where none is open."""
    waiting = [
        one for one in scored if one.counted and one.state is State.NOT_DUE and one.forecast.hindsight is hindsight
    ]
    return min(waiting, key=_wait, default=None)


def _wait(one: Scored) -> tuple[date, str, int]:
    return one.forecast.due or date.max, one.forecast.direction, one.forecast.horizon
