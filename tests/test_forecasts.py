"""Forecasts on record: what is kept, what becomes of it, and how it did."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import inf, log, nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast_rows import AS_OF, BASE, FIRST, INSTRUMENT, NOW, forecast, months, outlook, scored, weekly
from littriage.errors import LittriageError
from littriage.forecasts import (
    Event,
    State,
    Why,
    independent,
    made,
    next_due,
    on_record,
    record,
    records_by_horizon,
    records_by_stage,
    score,
    to_add,
    track_record,
)
from littriage.proportions import wilson
from littriage.trends import month_after

LATE = date(2025, 6, 1)
"""April 2025 is settled."""
INSTRUMENTS = {"parsing": INSTRUMENT}


def scored_by(papers: list[float], *, lacking: tuple[int, ...] = (), as_of: date = LATE, **facts: Any):
    """The outcome of one forecast as of December 2023, by months from January 2022 on."""
    points = {"parsing": months("parsing", papers, lacking=lacking)}
    (found,) = score([forecast(**facts)], points, INSTRUMENTS, as_of)
    return found


# --- making -----------------------------------------------------------------------------------------------------


def test_a_forecast_keeps_what_was_known_when_it_was_made():
    """Papers, field and share of the 12 months up to the base month, stage, instrument, run and day."""
    points = {"parsing": months("parsing", [1.0] * 12 + [10.0] * 12 + [99.0])}

    (one,) = made([outlook()], points, {"parsing": "hot"}, INSTRUMENTS, run="r1", made_at=NOW)

    assert (one.base_month, one.base_papers, one.base_exposure, one.base_share) == (BASE, 120.0, 12_000, 0.01)
    assert (one.stage, one.instrument, one.run, one.made_at) == ("hot", INSTRUMENT, "r1", NOW)
    assert (one.p_rise, one.growth_low, one.growth_high, one.added, one.model) == (0.7, -0.1, 0.4, 12.5, "m1")
    assert (one.revision, one.hindsight, one.speaks) == (0, False, True)
    assert (one.target, one.due) == (date(2024, 12, 1), date(2025, 1, 11))


@pytest.mark.parametrize(
    ("later", "hindsight"), [(0, False), (31, False), (32, True), (1500, True)], ids=["now", "month", "more", "years"]
)
def test_a_forecast_made_long_after_its_day_is_hindsight(later: int, hindsight: bool):
    """More than 31 days."""
    (one,) = made([outlook()], {}, {}, INSTRUMENTS, run="r", made_at=NOW + timedelta(days=later))

    assert one.hindsight is hindsight


def test_an_abstention_is_kept_with_its_reason():
    """Nobody can say later that it had been right; without a base year, there is no base share."""
    points = {"parsing": months("parsing", [10.0] * 24, lacking=range(13, 17))}

    (one,) = made([outlook(p_rise=None)], points, {}, INSTRUMENTS, run="r", made_at=NOW)

    assert (one.speaks, one.abstained, one.base_share, one.stage) == (False, "too few papers", None, "")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"p_up": nan}, "parsing as of 2024-02-05 for 12 months: p_up is nan, which is no probability"),
        ({"p_fall": 1.01}, "p_fall is 1.01"),
        ({"base_month": None}, "without a base month could never be scored"),
        ({"growth_low": 0.5}, "the interval goes from 0.5 to 0.4"),
        ({"growth_high": inf}, "a figure is not finite"),
        ({"added": nan}, "a figure is not finite"),
        ({"p_rise": None}, "it gives no probability, and does not say why"),
    ],
)
def test_what_could_never_be_scored_is_refused(facts: dict[str, Any], message: str):
    """The ledger is for good: nothing wrong enters it."""
    if "p_rise" in facts:
        facts = {**facts, "abstained": ""}

    with pytest.raises(LittriageError, match=message):
        made([outlook(**facts)], {}, {}, INSTRUMENTS, run="r", made_at=NOW)


def test_two_outlooks_of_one_kind_are_refused():
    """And so is one of a direction that was measured with nobody knows what."""
    with pytest.raises(LittriageError, match="two outlooks of parsing as of 2024-02-05 for 12 months from m1"):
        made([outlook(), outlook(p_rise=0.1)], {}, {}, INSTRUMENTS, run="r", made_at=NOW)
    with pytest.raises(LittriageError, match="nobody said what its share was measured with"):
        made([outlook("other")], {}, {}, INSTRUMENTS, run="r", made_at=NOW)


# --- the ledger -------------------------------------------------------------------------------------------------


def test_saying_the_same_again_adds_nothing():
    """Whatever run says it, and whenever; a sum that differs in its last digit is the same."""
    first = forecast(base_papers=0.1 + 0.2)
    again = replace(first, run="r2", made_at=NOW + timedelta(days=90), hindsight=True, base_papers=0.3)

    assert to_add([again], [first]) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"p_rise": 0.71}, {"base_papers": 121.0}, {"base_month": FIRST}, {"stage": "hot"}, {"abstained": "x"},
        {"growth_low": None}, {"instrument": replace(INSTRUMENT, rule="v3/fast")},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_other_counts_make_a_revision(change: dict[str, Any]):
    """The first stays the forecast on record; the next has the next number, and is not repeated either."""
    first = forecast()
    other = replace(first, run="r2", **change)

    (added,) = to_add([other], [first])

    assert added == replace(other, revision=1)
    assert to_add([replace(other, run="r3"), first], [first, added]) == ()
    (third,) = to_add([replace(first, added=99.0)], [first, added])
    assert third.revision == 2


@pytest.mark.parametrize(
    "other", [{"model": "m2"}, {"horizon": 6}, {"as_of": AS_OF + timedelta(7)}, {"direction": "图"}]
)
def test_another_model_horizon_day_or_direction_is_no_revision(other: dict[str, Any]):
    """Each has its own row on record."""
    (added,) = to_add([replace(forecast(), **other)], [forecast()])

    assert added.revision == 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([6, 12]), st.integers(0, 2), st.integers(0, 3)),
            max_size=5,
        ),
        max_size=6,
    )
)
def test_the_ledger_only_grows(runs: list[list[tuple[str, int, int, int]]]):
    """Whatever runs say: no row changes or goes, no two say the same, and revisions count from 0 on."""
    ledger = []
    for number, run in enumerate(runs):
        now = [
            replace(forecast(slug, horizon), as_of=AS_OF + timedelta(day), base_papers=float(papers), run=f"{number}")
            for slug, horizon, day, papers in run
        ]
        before = list(ledger)
        ledger += to_add(now, ledger)

        assert ledger[: len(before)] == before
        assert to_add(now, ledger) == ()
    by_key: dict[tuple[Any, ...], list[int]] = {}
    for row in ledger:
        by_key.setdefault((row.direction, row.horizon, row.as_of), []).append(row.revision)
    assert all(revisions == list(range(len(revisions))) for revisions in by_key.values())
    assert len({replace(row, revision=0, run="") for row in ledger}) == len(ledger)


# --- outcomes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("horizon", "papers", "ratio", "events"),
    [
        (12, [10.0] * 24 + [13.0] * 12, 1.3, (True, True, False)),
        (12, [10.0] * 24 + [12.0] * 12, 1.2, (False, True, False)),  # not more than 1.2 times
        (12, [10.0] * 24 + [10.0] * 12, 1.0, (False, False, False)),
        (12, [10.0] * 24 + [8.0] * 12, 0.8, (False, False, False)),
        (12, [10.0] * 24 + [7.0] * 12, 0.7, (False, False, True)),
        (6, [10.0] * 24 + [20.0] * 6, 1.5, (True, True, False)),  # (60 + 120) / 120
        (12, [10.0] * 24 + [0.0] * 12, 0.0, (False, False, True)),  # nothing came: a zero is known
    ],
)
def test_the_outcome_is_one_share_over_the_other(
    horizon: int, papers: list[float], ratio: float, events: tuple[bool, bool, bool]
):
    """Each of 12 months, the later one ending `horizon` months after the base month."""
    found = scored_by(papers, horizon=horizon)

    assert found.state is State.SCORED
    assert found.ratio == pytest.approx(ratio)
    assert (found.rose, found.up, found.fell) == events
    assert [found.came(event) for event in Event] == list(events)
    assert (found.base_months, found.later_months, found.counted) == (12, 12, True)


def test_a_direction_without_papers_then_rises_with_the_first():
    """The ratio is without bounds, and none is given; without papers later nothing has come."""
    rose = scored_by([0.0] * 24 + [1.0] * 12)
    still = scored_by([0.0] * 36)

    assert (rose.state, rose.rose, rose.up, rose.fell, rose.ratio) == (State.SCORED, True, True, False, None)
    assert (still.rose, still.up, still.fell, still.ratio, still.inside) == (False, False, False, None, None)


@pytest.mark.parametrize(
    ("as_of", "state"), [(date(2025, 1, 10), State.NOT_DUE), (date(2025, 1, 11), State.SCORED)], ids=["before", "on"]
)
def test_due_is_the_day_when_the_last_month_is_settled(as_of: date, state: State):
    """10 days after its end; what is known of it earlier is not read."""
    found = scored_by([10.0] * 24 + [13.0] * 12, as_of=as_of)

    assert found.state is state
    assert found.forecast.due == date(2025, 1, 11)
    assert (found.rose is None) == (state is State.NOT_DUE)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 500), min_size=12, max_size=12), st.sampled_from([6, 12, 24]))
def test_nothing_after_the_day_is_read(future: list[float], horizon: int):
    """Whatever comes after the last settled month, or is known of it too early: the outcome is the same."""
    past = [10.0] * 24 + [14.0] * 12
    as_of = date(2025, 2, 3)  # December 2024 is settled

    assert scored_by([*past, *future], as_of=as_of, horizon=horizon) == scored_by(past, as_of=as_of, horizon=horizon)


@pytest.mark.parametrize(
    ("lacking", "state", "why"),
    [
        (range(24, 27), State.SCORED, ""),
        (range(24, 28), State.NOT_MEASURABLE, Why.LATER_HOLES),
        (range(12, 16), State.NOT_MEASURABLE, Why.BASE_HOLES),
        (range(36), State.NOT_MEASURABLE, Why.BASE_HOLES),
    ],
    ids=["three", "four", "base", "all"],
)
def test_holes_at_the_due_date_are_no_decline(lacking: range, state: State, why: str):
    """9 of 12 months must be usable; what a harvest lost says nothing of the direction."""
    papers = [0.0 if place in lacking else 10.0 for place in range(36)]

    found = scored_by(papers, lacking=tuple(lacking))

    assert (found.state, found.why) == (state, why)
    assert not found.fell
    if state is State.SCORED:
        assert (found.ratio, found.later_months) == (pytest.approx(1.0), 9)
    else:
        assert (found.rose, found.ratio, record([found]).count) == (None, None, 0)


def test_a_record_that_ends_too_early_is_not_measurable():
    """The calendar says due, and no month has come."""
    found = scored_by([10.0] * 24)

    assert (found.state, found.why, found.later_months) == (State.NOT_MEASURABLE, Why.LATER_HOLES, 0)


def test_a_direction_that_is_gone_stays_in_the_ledger():
    """Renamed or removed: its forecasts are not measurable, and nobody can hide them; before that they are not due."""
    (found,) = score([forecast()], {"parsing-2": months("parsing-2", [10.0] * 36)}, {}, LATE)
    (early,) = score([forecast()], {}, {}, AS_OF)

    assert (found.state, found.why, found.counted) == (State.NOT_MEASURABLE, Why.GONE, True)
    assert early.state is State.NOT_DUE


def test_both_shares_are_of_todays_counts():
    """A revision of counts doubles base and outcome alike, and is said; one of 5% is not worth a word."""
    doubled = scored_by([20.0] * 24 + [26.0] * 12)
    nearly = scored_by([10.5] * 24 + [13.0] * 12)

    assert (doubled.ratio, doubled.base_revision) == (pytest.approx(1.3), pytest.approx(1.0))
    assert doubled.forecast.base_share == 0.01
    assert nearly.base_revision is None
    assert (record([doubled, nearly]).revised, record([nearly]).revised) == (1, 0)


def test_another_instrument_is_scored_and_named():
    """Its two shares can be compared with each other; the forecast was of another's, and a reader is told."""
    points = {"parsing": months("parsing", [10.0] * 24 + [13.0] * 12)}
    now = replace(INSTRUMENT, rule="v3/fast", field="cs.CL cs.LG")

    (found,) = score([forecast()], points, {"parsing": now}, LATE)

    assert (found.state, found.rose, found.changed) == (State.SCORED, True, ("rule", "field"))
    assert record([found]).changed == 1


def test_an_abstention_has_no_outcome():
    """It is counted apart, never as right or wrong."""
    found = scored_by([10.0] * 36, p_rise=None)

    assert (found.state, found.counted, found.rose) == (State.ABSTAINED, False, None)


def test_the_interval_is_of_the_log_of_the_ratio():
    """-0.1 to 0.4: 0.905 to 1.492 times; a share of nothing is outside."""
    assert [scored_by([10.0] * 24 + [count] * 12).inside for count in (9.1, 14.9, 9.0, 15.0, 0.0)] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert scored_by([10.0] * 36, growth_low=None).inside is None


# --- what counts ------------------------------------------------------------------------------------------------


def test_successive_weeks_count_once():
    """Forecasts of one base month have one outcome: the first stands for all of them, in whatever order they come."""
    rows = weekly("parsing", date(2024, 1, 12), 9)  # base months: December, 4 or 5 times; January
    points = {"parsing": months("parsing", [10.0] * 24 + [13.0] * 14)}

    found = score(rows[::-1], points, INSTRUMENTS, LATE)[::-1]

    assert [(one.forecast.base_month.month, one.counted) for one in found] == [  # type: ignore[union-attr]
        (12, True), (12, False), (12, False), (12, False), (12, False), (1, True), (1, False), (1, False), (1, False),
    ]  # fmt: skip
    assert record(found).count == 2


def test_a_revision_never_takes_the_place_of_the_first():
    """Nor does a second model of the same month, nor what was made in hindsight."""
    first = forecast(p_rise=0.1)
    rows = [
        replace(first, revision=1, p_rise=0.9),
        replace(first, model="m2", made_at=NOW + timedelta(days=1), p_rise=0.9),
        replace(first, as_of=AS_OF + timedelta(days=1), hindsight=True, made_at=NOW + timedelta(days=900), p_rise=0.9),
        first,
    ]
    points = {"parsing": months("parsing", [10.0] * 24 + [13.0] * 12)}

    found = score(rows, points, INSTRUMENTS, LATE)

    assert [one.counted for one in found] == [False, False, True, True]
    assert [one.forecast.p_rise for one in on_record(found)] == [0.1]
    assert [one.forecast.p_rise for one in on_record(found, hindsight=True)] == [0.9]
    assert (record(found).expected, record(found, hindsight=True).expected) == (0.1, 0.9)


def test_hindsight_and_record_are_never_mixed():
    """In no figure of the record."""
    rows = [scored("a", 0.9, rose=False), scored("b", 0.6, rose=True, hindsight=True)]

    for select in (record, records_by_horizon, records_by_stage, on_record):
        assert select(rows) == select(rows[:1])  # type: ignore[operator]
        assert select(rows, hindsight=True) == select(rows[1:], hindsight=True)  # type: ignore[operator]


# --- the record -------------------------------------------------------------------------------------------------


def test_an_empty_ledger_has_a_record_without_figures():
    """Nothing to divide by, nothing made up."""
    found = record([])

    assert (found.count, found.came, found.expected, found.bins, found.independent) == (0, 0, 0, (), 0)
    assert {found.brier, found.brier_base, found.brier_half, found.log_loss, found.skill, found.skill_half} == {None}
    assert (found.calibration_error, found.gain_interval, next_due([])) == (None, None, None)
    assert (records_by_horizon([]), records_by_stage([]), score([], {}, {}, LATE)) == ({}, {}, ())


def test_the_figures_of_a_record_by_hand():
    """0.7 and it rose, 0.2 and it did not, 0.6 and it did not."""
    found = record([scored("a", 0.7, rose=True), scored("b", 0.2, rose=False), scored("c", 0.6, rose=False)])

    assert (found.count, found.directions, found.independent, found.came) == (3, 3, 3, 1)
    assert found.expected == pytest.approx(1.5)
    assert found.brier == pytest.approx((0.09 + 0.04 + 0.36) / 3)
    assert found.brier_base == pytest.approx(2 / 9)
    assert found.skill == pytest.approx(1 - 0.49 / 3 / (2 / 9))
    assert found.skill_half == pytest.approx(1 - 0.49 / 3 / 0.25)
    assert found.log_loss == pytest.approx(-(log(0.7) + log(0.8) + log(0.4)) / 3)
    assert found.calibration_error == pytest.approx((0.2 + 0.3) / 3)  # |1.3 - 1| and |0.2 - 0|
    assert [(one.low, one.high, one.count, one.came) for one in found.bins] == [(0.2, 0.4, 1, 0), (0.6, 0.8, 2, 1)]
    assert found.bins[1].mean == pytest.approx(0.65)
    assert found.bins[1].interval == wilson(0.5, 2)
    assert (found.intervals, found.inside) == (3, 2)  # log 1.5 is 0.405, above 0.4
    assert found.gain_interval is None


def test_the_example_of_the_documentation():
    """Of 8 forecasts that give 70%, 5.6 are expected to come true."""
    found = record([scored(f"d{n}", 0.7, rose=n < 5) for n in range(8)])

    (one,) = found.bins
    assert (one.low, one.high, one.count, one.came, one.expected) == (0.6, 0.8, 8, 5, pytest.approx(5.6))
    # Wilson: centre (5/8 + 1.6425/16) / 1.2053 = 0.6037, half 1.2816/1.2053 x root(0.0293 + 0.0064) = 0.2009
    assert one.interval == pytest.approx((0.4028, 0.8047), abs=1e-4)


def test_bins_hold_their_lower_edge_and_certainty():
    """0.2 belongs to 20 to 40%, and 1 to the last; the log loss of a certain miss is bounded."""
    found = record([scored("a", 0.2, rose=False), scored("b", 1.0, rose=False), scored("c", 0.0, rose=False)])

    assert [(one.low, one.count) for one in found.bins] == [(0.0, 1), (0.2, 1), (0.8, 1)]
    assert found.log_loss == pytest.approx((-log(0.8) - log(0.001) - log(0.999)) / 3)
    assert (found.brier_base, found.skill) == (0.0, None)  # nothing rose: the base rate is perfect


def test_each_horizon_is_held_against_its_own_base_rate():
    """All rose within 12 months and none within 6: who knew the base rates knew everything."""
    rows = [scored("a", 0.5, rose=True), scored("b", 0.5, rose=False, horizon=6)]

    assert record(rows).brier_base == 0
    assert {horizon: one.came for horizon, one in records_by_horizon(rows).items()} == {6: 0, 12: 1}


def test_overlapping_forecasts_are_worth_less():
    """Of one direction only such as begin 12 months apart, or a horizon of 24, are told apart."""
    rows = [scored("a", 0.7, rose=True, base_month=month_after(BASE, back)) for back in range(-30, 1)]
    long = [scored("a", 0.7, rose=True, horizon=24, base_month=month_after(BASE, back)) for back in range(-30, 1)]

    assert (independent(rows), independent(long), independent([*rows, *long])) == (3, 2, 3)
    assert independent([*rows, scored("b", 0.7, rose=True)]) == 4
    found = record(rows)
    assert (found.count, found.directions, found.independent) == (31, 1, 3)
    assert found.bins[0].interval == wilson(1.0, 3)


def test_skill_has_an_interval_from_the_spread_between_directions():
    """One that knows is surely better than the base rate, one that errs surely worse, one that gives it is level."""

    def skill(given_if_rose: float, given_if_not: float) -> tuple[float, float]:
        rows = [scored(f"d{n}", given_if_rose if n % 2 else given_if_not, rose=bool(n % 2)) for n in range(40)]
        found = record(rows)
        assert found.gain_interval is not None
        assert found.skill is not None
        assert found.gain_interval[0] <= found.skill <= found.gain_interval[1]
        return found.gain_interval

    assert skill(0.8, 0.2)[0] > 0
    assert skill(0.2, 0.8)[1] < 0
    assert skill(0.5, 0.5) == (0, 0)


def test_forecasts_of_few_directions_do_not_make_skill_sure():
    """A thousand forecasts of one direction are one direction."""
    rows = [scored("a", 0.9, rose=True, base_month=month_after(BASE, -back)) for back in range(200)]
    rows += [scored("b", 0.1, rose=False, base_month=month_after(BASE, -back)) for back in range(200)]

    assert record(rows).gain_interval is None


def test_repeating_every_direction_leaves_the_interval_of_skill():
    """Copies of the same story within a direction are no evidence."""
    once = [scored(f"d{n}", 0.3 + 0.4 * (n % 3 == 0), rose=n % 2 == 0) for n in range(12)]

    assert record(once * 5).gain_interval == pytest.approx(record(once).gain_interval)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 1), st.booleans()), max_size=30), st.randoms())
def test_laws_of_a_record(rows: list[tuple[str, float, bool]], random: Any):
    """The order is nothing; bins add up to the whole; no score leaves its range; the base rate has no skill."""
    found = [scored(slug, given_, rose=rose) for slug, given_, rose in rows]
    whole = record(found)
    shuffled = list(found)
    random.shuffle(shuffled)

    assert record(shuffled).brier == pytest.approx(whole.brier)
    assert sum(one.count for one in whole.bins) == whole.count == len(rows)
    assert sum(one.came for one in whole.bins) == whole.came
    assert sum(one.expected for one in whole.bins) == pytest.approx(whole.expected)
    assert all(0 <= one.interval[0] <= one.part <= one.interval[1] <= 1 for one in whole.bins)
    if rows:
        assert whole.brier is not None
        assert whole.brier_base is not None
        assert 0 <= whole.brier <= 1
        assert whole.brier_base <= 0.25 + 1e-12
        level = record([scored(slug, whole.came / whole.count, rose=rose) for slug, _, rose in rows])
        assert level.brier == pytest.approx(level.brier_base)


def test_other_events_have_a_record_of_their_own():
    """Any rise, and a fall by more than 20%; a forecast without that probability is left out."""
    rows = [
        replace(scored("a", 0.7, rose=False, p_up=0.9, p_fall=0.1), up=True),
        replace(scored("b", 0.1, rose=False, p_up=None, p_fall=0.8), fell=True),
    ]

    assert [record(rows, event).count for event in Event] == [2, 1, 2]
    assert record(rows, Event.UP).brier == pytest.approx(0.01)
    assert record(rows, Event.FALL).brier == pytest.approx((0.01 + 0.04) / 2)


def test_the_track_record_of_a_stage():
    """Forecasts made at that stage for that horizon, whatever the stage is today."""
    rows = [
        scored("a", 0.7, rose=True, stage="rising"),
        scored("b", 0.5, rose=False, stage="rising"),
        scored("c", 0.2, rose=False, stage="plateau"),
        scored("d", 0.9, rose=True, stage="rising", horizon=24),
        scored("e", 0.9, rose=True, stage="rising", hindsight=True),
    ]

    found = track_record(rows, "rising", 12)

    assert (found.count, found.came, found.expected) == (2, 1, pytest.approx(1.2))
    assert found.brier == pytest.approx((0.09 + 0.25) / 2)
    assert track_record(rows, "饱和", 12).count == 0
    assert {stage: one.count for stage, one in records_by_stage(rows).items()} == {"plateau": 1, "rising": 3}


def test_the_next_that_becomes_due():
    """Of those on record; by day, then by name."""
    rows = [forecast("b"), forecast("a", 24), forecast("a"), forecast("c", 6, hindsight=True), forecast("d", 6, None)]

    found = next_due(score(rows, {}, {}, AS_OF))

    assert found is not None
    assert (found.forecast.direction, found.forecast.due) == ("a", date(2025, 1, 11))


def test_years_of_weekly_forecasts():
    """48,000 rows are scored and summed up; every base month of every direction counts once for each horizon."""
    slugs = [f"d{number}" for number in range(160)]
    pattern = [row for horizon in (6, 12) for row in weekly("d", date(2019, 1, 14), 150, horizon=horizon)]
    rows = [replace(row, direction=slug) for slug in slugs for row in pattern]
    points = {slug: months(slug, [10.0 + number % 7] * 80, date(2018, 1, 1)) for number, slug in enumerate(slugs)}

    found = score(rows, points, {}, date(2024, 8, 20))
    whole = record(found)

    assert (len(found), len(rows)) == (48_000, 48_000)
    assert (whole.count, whole.came) == (2 * len({row.base_month for row in pattern}) * len(slugs), 0)
