"""Claims beside the record: hand-worked ratios, the rules of the outcomes, and the laws that hold for any record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from math import exp, inf, log
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage import signals
from littriage.claims import (
    FLAT,
    HORIZON_MONTHS,
    RULES,
    Change,
    ClaimOutcome,
    Gap,
    Lack,
    Outcome,
    Predicts,
    Record,
    Year,
    by_author,
    by_document,
    claim_outcomes,
    collapsed,
    tally,
    wilson,
)
from littriage.model import Claim, MonthStatus, Stage, Stance, TrendPoint, Verdict
from littriage.trends import month_after, month_span
from littriage.venues import Sign, VenueOpinion
from littriage.verdicts import judge

TODAY = date(2020, 1, 20)
"""Of which December 2019 is the last settled month."""
FIRST = date(2012, 1, 1)
THEN = date(2015, 5, 1)
"""The last month known on 1 July 2015: June has ended, and may still receive papers."""
HORIZON = date(2017, 5, 1)


def claim(stance: Stance = Stance.RISING, direction: str = "demo", **more: object) -> Claim:
    fields: dict[str, object] = {
        "document": "doc", "author": "ann", "date": "2015-06", "window": ("2015-05", "2015-06"),
        "paraphrase": "it grows", "locator": "p. 1",
    }  # fmt: skip
    return Claim(direction=direction, stance=stance, **{**fields, **more})  # type: ignore[arg-type]


def months(first: date = FIRST, last: date = date(2019, 12, 1)) -> tuple[date, ...]:
    return month_span(first, last)


def series(
    then: float = 100, later: float = 100, *, field: int = 10_000, first: date = FIRST, undecided: float | None = None
) -> list[TrendPoint]:
    """`then` papers a month up to THEN, `later` from then on."""
    return [
        TrendPoint("demo", month, then if month <= THEN else later, 0, field, MonthStatus.COMPLETE, undecided=undecided)
        for month in months(first)
    ]


def with_hole(points: list[TrendPoint], first: date, last: date) -> list[TrendPoint]:
    lacking = {"status": MonthStatus.PARTIAL, "reason": "cs.CV: a biased sample"}
    return [replace(point, **lacking) if first <= point.month <= last else point for point in points]  # type: ignore[arg-type]


def verdict(stage: Stage, day: date = TODAY) -> Verdict:
    return Verdict(day, "demo", stage, None, None, None, None, None, None, None, None, None)


def record(points: Mapping[str, list[TrendPoint]] | None = None, stage: Stage | None = None, **more: object) -> Record:
    stages = {"demo": verdict(stage)} if stage else {}
    return Record({"demo": series()} if points is None else points, TODAY, lambda day: stages, **more)  # type: ignore[arg-type]


def outcome_of(points: list[TrendPoint], stance: Stance = Stance.RISING, **more: object) -> ClaimOutcome:
    (outcome,) = claim_outcomes([claim(stance, **more)], record({"demo": points}))
    return outcome


# --- a share over an earlier one --------------------------------------------------------------------------------


def test_ratio_and_interval_worked_by_hand():
    """30 of 3,000 papers, then 60 of 3,000: twice the share; of 90 papers 2/3 are later.

    Wilson with z = 1.2816: centre (0.66667 + 0.00912) / 1.01825 = 0.66368, half 1.25863 x 0.05020 = 0.06318, so the
    part is 0.6005 to 0.7269 and the ratio 0.6005/0.3995 = 1.503 to 0.7269/0.2731 = 2.661. The log-normal interval,
    2 x exp(+-1.2816 x sqrt(1/30 + 1/60)) = 1.502 to 2.664, is nearly the same.
    """
    change = record({"demo": series(2.5, 5, field=250)}).change("demo", THEN, HORIZON)

    assert isinstance(change, Change)
    assert (change.then.papers, change.later.papers, change.dispersion) == (30, 60, 1)
    assert change.ratio == pytest.approx(2)
    assert (change.low, change.high) == (pytest.approx(1.503, abs=1e-3), pytest.approx(2.661, abs=1e-3))
    assert change.growth == pytest.approx((log(2) / 2, log(change.low) / 2, log(change.high) / 2))


def test_a_share_is_of_its_field():
    """Twice the papers in twice the field are no change."""
    points = [replace(p, exposure=p.exposure * (1 if p.month <= THEN else 2)) for p in series(50, 100)]

    change = record({"demo": points}).change("demo", THEN, HORIZON)

    assert isinstance(change, Change)
    assert change.ratio == pytest.approx(1)


def test_an_empty_year_bounds_one_side():
    """From nothing to 24 papers the ratio is without limit, but surely above 1; the other way it is 0."""
    grown = record({"demo": series(0, 2)}).change("demo", THEN, HORIZON)
    gone = record({"demo": series(2, 0)}).change("demo", THEN, HORIZON)

    assert isinstance(grown, Change)
    assert isinstance(gone, Change)
    assert (grown.ratio, grown.high, grown.growth[0], grown.growth[2]) == (inf, inf, None, None)
    # Wilson for 24 of 24: 24 / (24 + 1.2816^2) = 0.9360
    assert grown.low == pytest.approx(0.9360 / 0.0640, rel=1e-2)
    assert (gone.ratio, gone.low, gone.growth) == (0, 0, (None, None, pytest.approx(-log(grown.low) / 2)))


@pytest.mark.parametrize(("then", "later", "known"), [(0.4, 0.45, True), (0.4, 0.4, False)])
def test_ten_papers_are_needed(then, later, known):
    """4.8 and 5.4 papers in the two years are enough, 4.8 and 4.8 are not."""
    change = record({"demo": series(then, later)}).change("demo", THEN, HORIZON)

    assert isinstance(change, Change) is known
    if isinstance(change, Gap):
        assert (change.lack, change.papers) == (Lack.FEW_PAPERS, pytest.approx(9.6))


def test_bursts_widen_the_interval():
    """Months of 4 and 8 papers in turn: (400 - 800)^2 / (100 x 100 x 12) = 1.33 for each pair; 144 weigh as 108."""
    bursts = [
        replace(point, papers=8.0 if point.month.month % 2 else 4.0, undecided=0.0) for point in series(field=100)
    ]

    change = record({"demo": bursts}).change("demo", THEN, HORIZON)

    assert isinstance(change, Change)
    assert change.dispersion == pytest.approx(4 / 3)
    assert change.low == pytest.approx(wilson(0.5, 144 / (4 / 3))[0] / (1 - wilson(0.5, 108)[0]))


def test_undecided_papers_widen_the_interval():
    """A quarter of each paper's count in doubt: the dispersion grows by a quarter; not known: it is 1 at least."""
    sure, unsure, unknown = (
        record({"demo": series(5, 5, undecided=value)}).change("demo", THEN, HORIZON) for value in (0, 1.25, None)
    )

    assert isinstance(sure, Change)
    assert isinstance(unsure, Change)
    assert isinstance(unknown, Change)
    assert unsure.dispersion - sure.dispersion == pytest.approx(0.25)
    assert unknown.dispersion == 1


@pytest.mark.parametrize(("then", "ratio", "burst"), [(1.5, 1.0, 1), (1.5, 2.0, 1), (10, 1.3, 1), (10, 0.5, 4)])
def test_intervals_hold_the_truth(then, ratio, burst):
    """80% intervals of simulated directions, of 18 papers a year and of 120, bursts of four included."""
    random = np.random.default_rng(20210601)
    held = 0
    for _ in range(400):
        points = [
            replace(p, papers=float(burst * random.poisson(p.papers / burst)), undecided=0.0)
            for p in series(then, then * ratio)[24:72]
        ]
        change = record({"demo": points}).change("demo", THEN, HORIZON)
        held += isinstance(change, Change) and change.low <= ratio <= change.high

    assert 0.75 <= held / 400 <= 0.88


def test_wilson_worked_by_hand():
    """4 of 5: (0.8 + 0.16425) / 1.3285 = 0.7258, half 0.9647 x sqrt(0.032 + 0.01643) = 0.2123; all and none stay."""
    assert wilson(0.8, 5) == (pytest.approx(0.5135, abs=1e-3), pytest.approx(0.9381, abs=1e-3))
    assert wilson(0, 7)[0] == 0
    assert wilson(1, 7)[1] == 1


def test_flat_is_what_growth_calls_flat():
    """One notion of flat in verdicts and claims."""
    assert FLAT == signals.FLAT


@settings(max_examples=60, deadline=None)
@given(st.floats(0.5, 30), st.floats(0.5, 30), st.integers(2, 9))
def test_counting_every_paper_twice_changes_nothing(then, later, times):
    """Neither ratio nor interval nor outcome: the dispersion grows with the counts."""
    once = [replace(p, papers=p.papers * (1.5 if p.month.month % 2 else 1), undecided=0) for p in series(then, later)]
    many = [replace(p, papers=times * p.papers, exposure=times * p.exposure) for p in once]

    first, second = (record({"demo": points}).change("demo", THEN, HORIZON) for points in (once, many))

    if isinstance(first, Gap) or isinstance(second, Gap):
        assert isinstance(first, Gap)
        assert isinstance(second, Gap)
    else:
        assert (first.ratio, first.low) == (pytest.approx(second.ratio), pytest.approx(second.low))
        assert first.high == pytest.approx(second.high)


# --- outcomes ---------------------------------------------------------------------------------------------------


def test_rules_cover_every_stance_once():
    """No stance has two rules, and none is without."""
    assert Counter(stance for rule in RULES for stance in rule.stances) == dict.fromkeys(Stance, 1)


@pytest.mark.parametrize(
    ("then", "later", "risen", "fallen"),
    [
        (100, 200, Outcome.BORNE_OUT, Outcome.NOT_BORNE_OUT),  # surely higher
        (100, 100, Outcome.NOT_BORNE_OUT, Outcome.NOT_BORNE_OUT),  # surely within 10% a year: 0.82 to 1.22
        (1000, 1100, Outcome.NOT_BORNE_OUT, Outcome.NOT_BORNE_OUT),  # surely higher, and surely within 10% a year
        (100, 50, Outcome.NOT_BORNE_OUT, Outcome.BORNE_OUT),
        (100, 122, Outcome.BORNE_OUT, Outcome.NOT_BORNE_OUT),  # 1.22 (1.16 to 1.28)
        (100, 82, Outcome.NOT_BORNE_OUT, Outcome.BORNE_OUT),
        (1, 1.2, Outcome.UNCLEAR, Outcome.UNCLEAR),  # 1.2 (0.74 to 1.9)
        (1, 1.5, Outcome.UNCLEAR, Outcome.NOT_BORNE_OUT),  # 1.5 (0.96 to 2.4)
        (0, 3, Outcome.BORNE_OUT, Outcome.NOT_BORNE_OUT),
    ],
)
def test_outcomes_of_a_prediction(then, later, risen, fallen):
    """Rising and promising predict a rise, declining a fall, saturated that there is no rise."""
    points = series(then, later)
    opposite = {Outcome.BORNE_OUT: Outcome.NOT_BORNE_OUT, Outcome.NOT_BORNE_OUT: Outcome.BORNE_OUT}

    assert outcome_of(points, Stance.RISING).outcome is risen
    assert outcome_of(points, Stance.PROMISING).outcome is risen
    assert outcome_of(points, Stance.DECLINING).outcome is fallen
    assert outcome_of(points, Stance.SATURATED).outcome is opposite.get(risen, risen)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.5, 200), st.floats(0.5, 200))
def test_one_author_s_rise_is_the_other_s_saturation(then, later):
    """Of a rising and a saturated claim on one day exactly one is borne out, or both are unclear; no rise is a fall."""
    points = series(then, later)
    rising, saturated, declining = (
        outcome_of(points, stance).outcome for stance in (Stance.RISING, Stance.SATURATED, Stance.DECLINING)
    )

    assert {rising, saturated} in (
        {Outcome.BORNE_OUT, Outcome.NOT_BORNE_OUT}, {Outcome.UNCLEAR}, {Outcome.NOT_MEASURABLE},
    )  # fmt: skip
    assert (rising, declining) != (Outcome.BORNE_OUT, Outcome.BORNE_OUT)


@pytest.mark.parametrize("stance", [Stance.LIMITED, Stance.BOTTLENECK, Stance.NEUTRAL])
def test_a_limitation_predicts_nothing(stance):
    """It is listed with the record, and not judged."""
    found = outcome_of(series(100, 300), stance)

    assert (found.outcome, found.gap, found.base) == (Outcome.NO_PREDICTION, None, None)
    assert isinstance(found.at_horizon, Change)
    assert found.at_horizon.ratio == pytest.approx(3)


@pytest.mark.parametrize(
    ("stage", "outcome"),
    [
        (Stage.EMERGING, Outcome.BORNE_OUT),
        (Stage.RISING, Outcome.BORNE_OUT),
        (Stage.HOT, Outcome.BORNE_OUT),
        (Stage.UNSURE, Outcome.UNCLEAR),
        (Stage.PLATEAU, Outcome.NOT_BORNE_OUT),
        (Stage.SATURATED, Outcome.NOT_BORNE_OUT),
        (Stage.DECLINING, Outcome.NOT_BORNE_OUT),
        (Stage.DORMANT, Outcome.NOT_BORNE_OUT),
        (Stage.TOO_LITTLE_DATA, Outcome.NOT_MEASURABLE),
        (Stage.NOT_MEASURABLE, Outcome.NOT_MEASURABLE),
        (None, Outcome.NOT_MEASURABLE),
    ],
)
def test_hot_is_judged_by_the_stage_of_its_day(stage, outcome):
    """A statement of the state: what came after is shown beside it, and changes no outcome."""
    (found,) = claim_outcomes([claim(Stance.HOT)], record({"demo": series(100, 20)}, stage))

    assert found.outcome is outcome
    assert isinstance(found.at_horizon, Change)
    assert found.at_horizon.fell
    if outcome is Outcome.NOT_MEASURABLE:
        assert found.gap == Gap(Lack.NO_VERDICT, stage=stage)


def test_as_of_is_the_day_after_the_window():
    """A claim of June 2015 is read on 1 July, when May is the last month known, and its horizon is May 2017."""
    found = outcome_of(series())

    assert (found.as_of, found.horizon) == (date(2015, 7, 1), HORIZON)
    assert isinstance(found.year_then, Year)
    assert (found.year_then.last, found.year_then.papers, found.year_then.share) == (THEN, 1200, 0.01)
    assert isinstance(found.since, Change)
    assert found.since.later.last == date(2019, 12, 1)


@pytest.mark.parametrize(
    ("window", "outcome"),
    [
        (("2018-01", "2018-01"), Outcome.NOT_BORNE_OUT),  # horizon 2019-12, the last month
        (("2018-01", "2018-02"), Outcome.TOO_EARLY),
        (("2020-01", "2020-12"), Outcome.TOO_EARLY),  # not over: read today
    ],
)
def test_too_early(window, outcome):
    """Until the record reaches the horizon there is no outcome, whatever the share does meanwhile."""
    found = outcome_of(series(), window=window)

    assert (found.outcome, found.at_horizon is None) == (outcome, outcome is Outcome.TOO_EARLY)
    assert found.as_of <= TODAY


def test_what_there_is_so_far_is_shown():
    """Less than 12 months later there is nothing to compare; from 12 on the change so far is given, without outcome."""
    early, late = (outcome_of(series(), window=(month, month)) for month in ("2019-06", "2018-12"))

    assert (early.since, early.outcome) == (None, Outcome.TOO_EARLY)
    assert isinstance(late.since, Change)
    assert (late.since.later.last, late.outcome) == (date(2019, 12, 1), Outcome.TOO_EARLY)


# --- what the record may not judge ------------------------------------------------------------------------------


def test_a_hole_on_the_way_is_not_judged():
    """Both years are whole; four months between them lack papers, so the two may be different instruments."""
    points = with_hole(series(100, 300), date(2015, 8, 1), date(2015, 11, 1))

    found = outcome_of(points)

    gap = Gap(Lack.HOLES, date(2015, 8, 1), date(2015, 11, 1), 4, "cs.CV: a biased sample")
    assert (found.outcome, found.gap, found.at_horizon) == (Outcome.NOT_MEASURABLE, gap, gap)
    assert isinstance(found.year_then, Year)
    assert isinstance(found.year_now, Year)
    assert (found.measured, found.since) == (True, gap)


def test_three_months_may_lack():
    """As in a 12-month share."""
    points = with_hole(series(100, 300), date(2015, 8, 1), date(2015, 10, 1))

    assert outcome_of(points).outcome is Outcome.BORNE_OUT


def test_a_hole_after_the_horizon_takes_no_outcome_away():
    """What came of the claim is told; what has come since is told up to the hole."""
    found = outcome_of(with_hole(series(100, 300), date(2018, 1, 1), date(2018, 12, 1)))

    assert found.outcome is Outcome.BORNE_OUT
    assert isinstance(found.since, Change)
    assert found.since.later.last == date(2018, 3, 1)  # a year may lack three months


def test_a_hole_before_the_claim():
    """No share then: nothing to compare with, though the share of now is known. The hole is named whole."""
    found = outcome_of(with_hole(series(), date(2014, 1, 1), date(2016, 3, 1)))

    assert (found.outcome, found.measured) == (Outcome.NOT_MEASURABLE, True)
    assert found.gap == Gap(Lack.HOLES, date(2014, 1, 1), date(2016, 3, 1), 27, "cs.CV: a biased sample")
    assert isinstance(found.year_now, Year)
    assert outcome_of(with_hole(series(), date(2014, 1, 1), date(2016, 3, 1)), Stance.LIMITED).gap is None


def test_before_the_record():
    """A claim that is older than the record says where the record begins."""
    found = outcome_of(series(first=date(2016, 1, 1)))

    assert (found.outcome, found.gap) == (Outcome.NOT_MEASURABLE, Gap(Lack.BEFORE_RECORD, date(2016, 1, 1)))


def test_nothing_usable_at_all():
    """A direction of which every month lacks papers, and no month of any direction."""
    found = outcome_of(with_hole(series(), FIRST, TODAY))

    assert (found.outcome, found.measured, found.since) == (Outcome.NOT_MEASURABLE, False, found.gap)
    assert found.gap is not None
    assert (found.gap.lack, found.gap.first) == (Lack.HOLES, FIRST)


@pytest.mark.parametrize("stance", list(Stance))
@pytest.mark.parametrize(
    ("direction", "lack"), [("vision", Lack.THEME), ("nobody", Lack.UNKNOWN), ("new", Lack.NO_MONTHS)]
)
def test_claims_without_a_series_are_kept(direction, lack, stance):
    """A theme as a whole, a direction that is not known, one that was never measured: listed, with the reason."""
    known = record({"demo": series(), "new": []}, themes=["vision"])

    (found,) = claim_outcomes([claim(stance, direction)], known)

    assert (found.outcome, found.gap, found.measured) == (Outcome.NOT_MEASURABLE, Gap(lack), False)
    assert (found.then, found.now, found.at_horizon, found.since) == (None, None, Gap(lack), Gap(lack))


def test_an_empty_record():
    """Nothing published: every claim is listed, none is judged."""
    (found,) = claim_outcomes([claim()], record({}))

    assert (found.outcome, found.gap) == (Outcome.NOT_MEASURABLE, Gap(Lack.UNKNOWN))


# --- laws -------------------------------------------------------------------------------------------------------

NOISE = st.lists(st.floats(0, 500), min_size=60, max_size=60)


def panel(seed: int) -> dict[str, list[TrendPoint]]:
    """Six directions that grow and shrink."""
    random = Random(seed)
    return {
        f"d{number}": [
            TrendPoint(f"d{number}", month, random.uniform(0.5, 1.5) * 20 * exp(rate * place), 0, 10_000,
                       MonthStatus.COMPLETE, undecided=1.0)
            for place, month in enumerate(months())
        ]
        for number, rate in enumerate((-0.03, -0.01, 0.0, 0.01, 0.02, 0.03))
    }  # fmt: skip


def judged_record(points: Mapping[str, list[TrendPoint]]) -> Record:
    return Record(points, TODAY, lambda day: {one.direction: one for one in judge(points, day)})


PANEL_CLAIMS = [
    claim(stance, f"d{number}", author=f"author {number % 3}", locator=f"p. {number}")
    for number in range(6)
    for stance in Stance
]


@settings(max_examples=10, deadline=None)
@given(NOISE, st.integers(0, 9))
def test_the_future_changes_nothing_of_then(noise, seed):
    """Whatever comes after the claim's date, the verdict and the share of that day stay, to the last bit."""
    points = panel(seed)
    changed = {
        slug: [
            replace(p, papers=noise[place % 60], exposure=9_999) if p.month >= date(2015, 7, 1) else p
            for place, p in enumerate(own)
        ]
        for slug, own in points.items()
    }

    before, after = (claim_outcomes(PANEL_CLAIMS, judged_record(p)) for p in (points, changed))

    assert [(one.then, one.year_then) for one in before] == [(one.then, one.year_then) for one in after]


@settings(max_examples=10, deadline=None)
@given(NOISE, st.integers(0, 9))
def test_after_the_horizon_the_outcome_stays(noise, seed):
    """Months after the horizon, of this direction and of all others, change no outcome and no base rate."""
    points = panel(seed)
    changed = {
        slug: [
            replace(p, papers=noise[place % 60]) if p.month > month_after(THEN, HORIZON_MONTHS) else p
            for place, p in enumerate(own)
        ]
        for slug, own in points.items()
    }

    before, after = (claim_outcomes(PANEL_CLAIMS, judged_record(p)) for p in (points, changed))

    assert [(o.at_horizon, o.outcome, o.base) for o in before] == [(o.at_horizon, o.outcome, o.base) for o in after]


COPIES = st.lists(
    st.builds(
        claim,
        stance=st.sampled_from([Stance.RISING, Stance.HOT]),
        direction=st.sampled_from(["demo", "vision"]),
        document=st.sampled_from(["a", "b", "c", "d"]),
        author=st.sampled_from(["安", "bob"]),
        locator=st.sampled_from(["1", "2"]),
        repost_of=st.sampled_from([None, None, "a", "b", "c", "d"]),
    ),
    max_size=14,
)


@settings(max_examples=100, deadline=None)
@given(COPIES, st.randoms(use_true_random=False))
def test_every_claim_comes_out_once_in_any_order(claims, random):
    """As an original or among the copies of one, chains and circles of copies included; shuffling changes nothing."""
    found = collapsed(claims)

    assert Counter(one for head, copies in found for one in (head, *copies)) == Counter(claims)
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert collapsed(shuffled) == found
    known = record({})
    outcomes, again = claim_outcomes(claims, known), claim_outcomes(shuffled, known)
    assert again == outcomes
    assert (by_author(again), by_document(again)) == (by_author(outcomes), by_document(outcomes))


# --- reposts ----------------------------------------------------------------------------------------------------


def test_a_repost_counts_once_with_two_sources():
    """The original leads, whichever comes first; its copies of copies are found too."""
    original = claim(document="z")
    copy = claim(document="b", repost_of="z", locator="elsewhere")
    again = claim(document="a", repost_of="b")

    (found,) = claim_outcomes([again, copy, original], record())

    assert (found.claim, found.copies, found.documents) == (original, (again, copy), ("z", "a", "b"))


def test_what_only_looks_like_a_repost_stays_apart():
    """Another author, another direction, another stance, or no word of a copy: claims of their own."""
    claims = [
        claim(),
        claim(author="bob", document="copy", repost_of="doc"),
        claim(direction="other", document="copy", repost_of="doc"),
        claim(Stance.HOT, document="copy", repost_of="doc"),
        claim(document="chance"),
    ]

    assert [len(copies) for _, copies in collapsed(claims)] == [0] * 5


def test_two_claims_of_one_answer_stay_two():
    """An author who says it twice in a document says it twice in the copy."""
    claims = [claim(locator=place, document=name, repost_of=of) for name, of in (("doc", None), ("copy", "doc"))
              for place in "12"]  # fmt: skip

    assert collapsed(claims) == ((claims[0], (claims[2],)), (claims[1], (claims[3],)))


def test_copies_without_their_original_count_once():
    """Where nobody read the original, the first copy stands for it."""
    claims = [claim(document="copy2", repost_of="lost"), claim(document="copy1", repost_of="lost")]

    assert collapsed(claims) == ((claims[1], (claims[0],)),)


def test_order_is_by_date():
    """The oldest first, then by direction."""
    claims = [
        claim(direction="b"), claim(direction="a"), claim(direction="c", date="2014", window=("2014-01", "2014-12")),
    ]  # fmt: skip

    assert [one.claim.direction for one in claim_outcomes(claims, record())] == ["c", "a", "b"]


# --- tallies and base rates -------------------------------------------------------------------------------------


def test_base_rate_is_over_all_measurable_directions():
    """Two of three directions rise, the fourth has a hole: anybody who says "rising" is right in 2 of 3 cases."""
    points = {
        "up": series(100, 200),
        "more": series(100, 300),
        "flat": series(100, 100),
        "torn": with_hole(series(100, 300), date(2016, 1, 1), date(2016, 12, 1)),
    }

    found = claim_outcomes([claim(direction="flat"), claim(direction="torn")], record(points))

    flat, torn = found
    assert flat.base is not None
    assert (flat.base.predicts, flat.base.borne_out, flat.base.judged) == (Predicts.RISE, 2, 3)
    assert torn.base is None


def test_tally_worked_by_hand():
    """4 of 5 judged claims borne out are 80% (51 to 94); with 4 judged ones no part is given."""
    points = {"up": series(100, 200), "flat": series()}
    claims = [claim(direction="up", locator=f"{number}") for number in range(4)]
    claims += [claim(direction="flat"), claim(Stance.NEUTRAL, "flat"), claim(direction="nobody")]
    outcomes = claim_outcomes(claims, record(points))

    (whole,) = by_author(outcomes)
    few = tally("ann", [one for one in outcomes if one.claim.direction == "up"])

    assert whole.counts == {
        Outcome.BORNE_OUT: 4, Outcome.NOT_BORNE_OUT: 1, Outcome.NOT_MEASURABLE: 1, Outcome.NO_PREDICTION: 1,
    }  # fmt: skip
    assert (whole.claims, whole.judged, whole.borne_out, whole.base) == (7, 5, 0.8, 0.5)
    assert (whole.low, whole.high) == (pytest.approx(0.5135, abs=1e-3), pytest.approx(0.9381, abs=1e-3))
    assert (few.judged, few.borne_out, few.low, few.high, few.base) == (4, None, None, None, 0.5)


def test_documents_count_a_copied_claim_where_it_stood_first():
    """The copy is named beside, so that the documents' claims add up to all claims."""
    outcomes = claim_outcomes([claim(), claim(document="copy", repost_of="doc"), claim(direction="x")], record())

    assert [(one.name, one.claims, one.copies) for one in by_document(outcomes)] == [("doc", 2, 0), ("copy", 0, 1)]


def test_no_claims_no_tallies():
    """Nothing in, nothing out."""
    assert (claim_outcomes([], record()), by_author([]), by_document([])) == ((), (), ())


# --- documentation ----------------------------------------------------------------------------------------------


def test_documentation_shows_the_table_of_the_code():
    """docs/claims.md holds one row for each rule, in order, word for word."""
    text = (Path(__file__).parents[1] / "docs" / "claims.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| **")]

    assert rows == [
        f"| **{', '.join(rule.stances)}** | {rule.predicts} | {rule.borne_out or '-'} | {rule.not_borne_out or '-'} |"
        for rule in RULES
    ]


# --- conferences ------------------------------------------------------------------------------------------------


def opinion(day: date, reason: str = "") -> VenueOpinion:
    return VenueOpinion("demo", day.year - 1, Sign.UP, reason=reason)


def test_conferences_are_asked_where_the_record_cannot_tell():
    """On the claim's day and 24 months later, each day once; a measured claim asks nobody."""
    asked: list[date] = []

    def told(day: date) -> Mapping[str, VenueOpinion]:
        asked.append(day)
        return {"demo": opinion(day)}

    torn = with_hole(series(), date(2016, 1, 1), date(2016, 12, 1))
    of_torn = claim_outcomes([claim(), claim(Stance.SATURATED)], record({"demo": torn}, venues=told))
    of_whole = claim_outcomes([claim()], record(venues=told))

    assert asked == [date(2015, 7, 1), date(2017, 7, 1)]
    assert [[one.last_year for one in outcome.conferences] for outcome in of_torn] == [[2014, 2016]] * 2
    assert of_whole[0].conferences == ()
    assert claim_outcomes([claim()], record({"demo": torn}))[0].conferences == ()


def test_conferences_without_an_opinion_or_without_a_new_year_say_nothing():
    """A reason is no opinion; the same year twice is one opinion; after today nothing is known."""
    asked: list[date] = []

    def told(day: date) -> Mapping[str, VenueOpinion]:
        asked.append(day)
        return {"demo": opinion(date(2015, 1, 1)), "other": opinion(day, "few_papers")}

    torn = with_hole(series(), date(2016, 1, 1), date(2016, 12, 1))
    found = record({"demo": torn, "other": torn}, venues=told)

    (one,) = claim_outcomes([claim()], found)
    (other,) = claim_outcomes([claim(direction="other")], found)
    assert [told.last_year for told in one.conferences] == [2014]
    assert other.conferences == ()
    assert found.conferences("demo", date(2019, 7, 1)) == one.conferences
    assert asked[-2:] == [date(2019, 7, 1), TODAY]
