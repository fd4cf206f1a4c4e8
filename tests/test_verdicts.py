"""Stages, their reasons, and the laws that no data may break."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from littriage import facts, verdicts
from littriage.model import MonthStatus, Reason, Stage, TrendPoint, Verdict
from littriage.published import Published
from littriage.trends import (
    month_after,
    month_span,
    months_between,
    seen_as_of,
    twelve_month_shares,
    usable,
    year_to,
)
from littriage.verdicts import (
    RULES,
    STAGE_ZH,
    CategoryYear,
    Thresholds,
    dump_reasons,
    grows,
    judge,
    parse_reasons,
    ranking,
    reason_text,
    with_sources,
)
from littriage.warehouse import Warehouse, derived
from littriage.warehouse.publishing import publish

AS_OF = date(2020, 1, 11)
MONTHS = month_span(date(2012, 1, 1), date(2019, 12, 1))
YEARS = (np.arange(len(MONTHS)) - len(MONTHS) + 6.5) / 12
"""Years from the middle of the last one."""

Points = tuple[TrendPoint, ...]


def record(papers, slug: str = "demo", field: int = 100_000) -> Points:
    """Points with those papers a month, the last at the end of 2019."""
    papers = list(papers)
    used = MONTHS[len(MONTHS) - len(papers) :]
    return tuple(
        TrendPoint(slug, m, float(p), int(p), field, MonthStatus.COMPLETE) for m, p in zip(used, papers, strict=True)
    )


def drawn(rng, papers_a_year: float, log_share=lambda years: 0 * years) -> Points:
    return record(rng.poisson(papers_a_year / 12 * np.exp(log_share(YEARS))))


def ones(points: Points) -> Verdict:
    return judge({"demo": points}, AS_OF)[0]


def texts(verdict: Verdict) -> list[str]:
    return [reason_text(reason) for reason in verdict.reasons]


def lacking(points: Points, *months_ago: int, status: MonthStatus = MonthStatus.PARTIAL) -> Points:
    """The same with half of the papers lost in some months, and known to be."""
    return tuple(
        replace(p, papers=p.papers // 2, exposure=p.exposure // 2, status=status)
        if months_between(p.month, MONTHS[-1]) in months_ago
        else p
        for p in points
    )


@cache
def panel() -> dict[str, Points]:
    """100 directions of 8 to 400 papers a year: half of them flat."""
    rng = np.random.default_rng(5)
    growth = [0.0 if i % 2 else 0.35 * rng.normal() for i in range(100)]
    return {
        f"d{i:02}": drawn(rng, float(np.exp(rng.uniform(2, 6))), lambda y, g=g: g * y) for i, g in enumerate(growth)
    }


def stages(points: dict[str, Points], as_of: date = AS_OF) -> dict[str, Stage]:
    return {verdict.direction: verdict.stage for verdict in judge(points, as_of)}


# --- no verdict -------------------------------------------------------------------------------------------------


def test_open_months_only_are_incomplete():
    """A record of one month that ended last week has no verdict yet."""
    (verdict,) = judge({"demo": record([50])}, date(2020, 1, 5))

    assert verdict.stage is Stage.INCOMPLETE
    assert texts(verdict) == ["still open: 2019-12"]
    assert verdict.last_month is None


@pytest.mark.parametrize("status", [MonthStatus.PARTIAL, MonthStatus.TITLES, MonthStatus.MISSING])
def test_four_holes_in_a_year_are_not_measurable(status):
    """Three lacking months are borne; with the fourth there is no verdict, and the months are named."""
    points = record([40] * 96)

    assert ones(lacking(points, 1, 2, 3, status=status)).stage is Stage.PLATEAU
    verdict = ones(lacking(points, 1, 2, 3, 4, status=status))
    assert verdict.stage is Stage.NOT_MEASURABLE
    assert verdict.growth is None
    assert texts(verdict) == ["4 of the last 12 months lack papers: 2019-08, 2019-09, 2019-10, 2019-11"]


def test_record_that_stops_is_not_measurable():
    """Months that nobody harvested are holes, though no point says so."""
    assert ones(record([40] * 96)[:-5]).stage is Stage.NOT_MEASURABLE


def test_old_holes_can_leave_too_few_months():
    """With 30 of 48 months lost, the last year alone carries no verdict."""
    verdict = ones(lacking(record([40] * 96), *range(12, 42)))

    assert verdict.stage is Stage.NOT_MEASURABLE
    assert texts(verdict)[0].startswith("30 of the last 48 months lack papers: 2016-07, ")


@pytest.mark.parametrize(
    ("papers", "reason"),
    [
        pytest.param([0, 2] * 48, "24 papers in the last 24 months; 25 are needed", id="few papers"),
        pytest.param([40] * 23, "23 usable months of the last 48; 24 are needed", id="few months"),
        pytest.param([0] * 96, "0 papers in the last 24 months; 25 are needed", id="no papers"),
        pytest.param(
            [0] * 80 + [15, 0, 0, 0, 0, 0, 0, 15] + [0] * 8,
            "30 papers in the last 24 months come in bursts and weigh as 2; 25 are needed",
            id="bursts",
        ),
    ],
)
def test_too_little_data_abstains(papers, reason):
    """Few papers, few months, or a few bursts: no stage, and the number that was missing."""
    verdict = ones(record(papers))

    assert verdict.stage is Stage.TOO_LITTLE_DATA
    assert texts(verdict)[0] == reason


def test_direction_without_points_abstains():
    """No month at all is too little data, not an error."""
    verdict = ones(())

    assert verdict.stage is Stage.TOO_LITTLE_DATA
    assert (verdict.papers_12m, verdict.share_12m, verdict.first_month) == (None, None, None)
    assert judge({}, AS_OF) == ()


# --- stages -----------------------------------------------------------------------------------------------------


def test_steady_grower_is_rising():
    """30% a year over eight years, alone in its catalogue."""
    verdict = ones(record(200 * 1.3**YEARS))

    assert verdict.stage is Stage.RISING
    assert texts(verdict)[0] == "P(growth > 0) = >99%"
    assert "share 1.30x the year before's" in texts(verdict)
    assert (verdict.first_month, verdict.last_month) == (MONTHS[0], MONTHS[-1])
    assert verdict.papers_12m == pytest.approx(200 * sum(1.3 ** YEARS[-12:]))
    assert verdict.share_12m == pytest.approx(verdict.papers_12m / verdict.exposure_12m)
    assert verdict.rule == "v2"


def test_steady_shrinker_declines():
    """The mirror image, far under its peak."""
    verdict = ones(record(200 * 1.3**-YEARS))

    assert verdict.stage is Stage.DECLINING
    assert texts(verdict)[0] == "P(growth < 0) = >99%"
    assert verdict.saturation == 0


def test_stages_take_size_and_youth_into_account():
    """Beside flat neighbours, a young small grower is emerging, a large one hot, an old small one rising."""
    rng = np.random.default_rng(9)
    flat = {f"flat{i}": drawn(rng, 250) for i in range(8)}
    growers = {
        "new": record([0] * 60 + list(np.round(np.geomspace(1, 9, 36)))),
        "old": record(12 * 1.5**YEARS),
        "large": record(150 * 1.5**YEARS),
    }

    found = stages(flat | growers)

    assert (found["new"], found["old"], found["large"]) == (Stage.EMERGING, Stage.RISING, Stage.HOT)


def test_grower_that_stops_is_hot_then_saturated():
    """A large direction that has levelled off stays hot for a while, saying so, and is saturated in the end."""
    rng = np.random.default_rng(10)
    flat = {f"flat{i}": drawn(rng, 100) for i in range(8)}

    def risen(stopped_months_ago: int) -> Verdict:
        shape = np.minimum(0, YEARS - 0.46 + stopped_months_ago / 12)
        return next(v for v in judge(flat | {"large": record(400 * np.exp(shape))}, AS_OF) if v.direction == "large")

    assert grows(risen(0))
    slowed = risen(24)
    assert slowed.stage is Stage.HOT
    assert not grows(slowed)
    assert any(text.startswith("growing 24 months ago") for text in texts(slowed))
    assert risen(48).stage is Stage.SATURATED
    assert risen(48).saturation > 0.8


def test_flat_without_a_rise_is_a_plateau():
    """Always the same share: flat, and saturated of nothing."""
    verdict = ones(record([40] * 96))

    assert verdict.stage is Stage.PLATEAU
    assert texts(verdict)[0].startswith("P(growth within 10% a year) = ")


def steady(growth: float, papers_a_year: float = 2000) -> Points:
    return record(papers_a_year / 12 * np.exp(growth * YEARS))


@pytest.mark.parametrize(("growth", "stage"), [(0.2, Stage.RISING), (-0.2, Stage.DECLINING)])
def test_growth_beyond_a_tenth_is_said_to_be(growth: float, stage: Stage):
    """20% a year, known closely: the interval lies beyond 10%."""
    verdict = ones(steady(growth))

    assert verdict.stage is stage
    assert texts(verdict)[1] == "surely by more than 10% a year"


@pytest.mark.parametrize("growth", [0.07, -0.07])
def test_a_sure_drift_within_a_tenth_is_no_growth(growth: float):
    """7% a year, and hardly a doubt that it is not 0: words of style do that."""
    verdict = ones(steady(growth, 20_000))

    assert verdict.growth.p_up > 0.99 or verdict.growth.p_down > 0.99
    assert verdict.stage is Stage.PLATEAU


def test_growth_that_may_be_a_drift_is_unsure_and_says_why():
    """About 12% a year: surely growing, not surely by more than a tenth, and no longer flat."""
    rng = np.random.default_rng(3)
    found = judge({f"d{i:02}": drawn(rng, 600, lambda y: 0.14 * y) for i in range(20)}, AS_OF)
    doubtful = [v for v in found if v.stage is Stage.UNSURE and v.growth.p_up >= 0.9]

    assert doubtful
    assert all(v.growth.low < 0.1 for v in doubtful)
    assert all("P(by more than 10% a year) is below 90%" in texts(v) for v in doubtful)


@cache
def months_lost() -> dict[str, Points]:
    """Twelve directions that fall by 10% to 50% a year."""
    rng = np.random.default_rng(6)
    return {f"d{i:02}": drawn(rng, 150, lambda y, g=0.1 + 0.035 * i: -g * y) for i in range(12)}


def test_with_months_lacking_a_decline_needs_more():
    """The interval of 94% must lie beyond 10% a year: whoever misses it by that alone is told so."""
    whole = stages(months_lost())
    torn = judge({slug: lacking(points, 6) for slug, points in months_lost().items()}, AS_OF)

    assert Counter(whole.values())[Stage.DECLINING] > sum(v.stage is Stage.DECLINING for v in torn) > 0
    assert any("with months lacking, a decline needs 97%" in texts(v) for v in torn)


def test_a_month_that_towers_is_left_out_and_named():
    """A thousand papers in one month of forty each: the stage is that of the other months."""
    papers = [40] * 96
    papers[80] = 1000
    verdict = ones(record(papers))

    assert verdict.stage is Stage.PLATEAU
    assert verdict.peak_ratio == 1
    assert "left out, as they tower over the months around them: 2018-09" in texts(verdict)
    assert texts(ones(record([40] * 96)))[-1] != texts(verdict)[-1]


@pytest.mark.parametrize("growth", [0.3, -0.3])
def test_a_stage_that_hinges_on_one_month_is_unsure(growth: float):
    """The fullest month holds 9 to 10% of the year that it stands out in: with a limit below that, no way is told."""
    told = judge({"demo": steady(growth)}, AS_OF)[0]
    (verdict,) = judge({"demo": steady(growth)}, AS_OF, Thresholds(one_month=0.09))

    assert told.stage in (Stage.RISING, Stage.DECLINING)
    assert verdict.stage is Stage.UNSURE
    assert texts(verdict)[1].startswith("one month holds 10% of the papers of its year: too much to tell")


def test_reasons_tell_pace_peak_and_ceiling():
    """A large S-curve, three years after its steepest growth, and one that goes on growing."""
    rng = np.random.default_rng(12)
    points = {f"flat{i}": drawn(rng, 300) for i in range(12)}
    points["wave"] = drawn(rng, 2000, lambda years: -np.log1p(np.exp(-(years + 3) / 0.6)))
    points["climb"] = drawn(rng, 400, lambda years: 0.4 * years)
    found = {v.direction: texts(v) for v in judge(points, AS_OF)}
    brief = {v.direction: v for v in judge(points, AS_OF, brief=True)}

    assert any(text.startswith("S-curve towards ") for text in found["wave"])
    assert any(text.startswith("P(growth slowed within the last 12 months) = ") for text in found["climb"])
    assert "P(highest 12-month share within the last 12 months) = >99%" in found["climb"]
    assert {v.direction: v.stage for v in judge(points, AS_OF)} == {slug: v.stage for slug, v in brief.items()}
    assert not any(text.startswith(("S-curve", "P(highest")) for v in brief.values() for text in texts(v))


def test_sources_of_growth_by_hand():
    """Two categories that both treble in a field that doubles; the direction grows sixfold in each."""
    verdict = replace(ones(steady(0.2)), direction="demo")
    categories = {"demo": [CategoryYear((10, 60), (100, 300)), CategoryYear((20, 120), (50, 150))]}

    (told,) = with_sources([verdict], categories, {"demo": (1000, 2000)})

    assert told.reasons[:-1] == verdict.reasons
    assert texts(told)[-1] == (
        "papers +500% in a year: the field +100%, its categories against the field +50%, "
        "the direction within them +100%"
    )


@pytest.mark.parametrize(
    "categories",
    [
        {},
        {"demo": [CategoryYear((10, 60), (100, 300))]},
        {"demo": [CategoryYear((5, 60), (100, 300)), CategoryYear((4, 60), (100, 300))]},
    ],
)
def test_little_data_has_no_sources(categories):
    """No categories, only one, or too few papers the year before."""
    verdict = ones(steady(0.2))

    assert with_sources([verdict], categories, {"demo": (1000, 2000)}) == (verdict,)


def test_former_giant_is_dormant():
    """Hundreds of papers once, two in the last year: silent, which is not too little data."""
    assert ones(record([30] * 40 + [0] * 50 + [1, 0, 0, 1, 0, 0])).stage is Stage.DORMANT


def test_noise_is_unsure():
    """Neither up nor down nor flat: the verdict says so."""
    rng = np.random.default_rng(2)
    counts = Counter(stages({f"d{i}": drawn(rng, 25, lambda y: 0.15 * y) for i in range(12)}).values())

    assert counts[Stage.UNSURE] >= 1


def test_unmeasured_completeness_is_said():
    """Months that nobody measured count, and the reader is told."""
    points = tuple(replace(p, status=MonthStatus.ASSUMED) for p in record([40] * 96))

    assert texts(ones(points))[-1] == "completeness of 12 of the last 12 months not verified"


# --- laws -------------------------------------------------------------------------------------------------------


def test_order_and_names_change_nothing():
    """Shuffled points and renamed directions keep every stage and number."""
    renamed = {f"x{slug}": tuple(reversed(points)) for slug, points in reversed(panel().items())}

    for before, after in zip(judge(panel(), AS_OF), judge(renamed, AS_OF), strict=True):
        growth = after.growth and replace(after.growth, direction=before.direction)
        assert replace(after, direction=before.direction, growth=growth) == before


def test_every_paper_twice_changes_no_stage():
    """Twice the papers in twice the field."""
    twice = {
        slug: tuple(replace(p, papers=2 * p.papers, members=2 * p.members, exposure=2 * p.exposure) for p in points)
        for slug, points in panel().items()
    }

    assert stages(twice) == stages(panel())


@pytest.mark.parametrize("months_ago", [(0,), (3,), (0, 1), (14,), (30,)])
def test_known_outage_makes_no_decline(months_ago):
    """Half a month lost, and known to be: whatever a direction was, it does not become declining."""
    before = stages(panel())
    after = stages({slug: lacking(points, *months_ago) for slug, points in panel().items()})

    assert not [slug for slug in before if after[slug] is Stage.DECLINING and before[slug] is not Stage.DECLINING]


def test_future_changes_nothing():
    """Verdicts as of 2018 are the same bits whatever 2018 and later months hold."""
    past = date(2018, 1, 11)
    seen = {slug: tuple(p for p in points if p.month < date(2018, 1, 1)) for slug, points in panel().items()}
    later = month_span(date(2018, 1, 1), month_after(MONTHS[-1], 12))
    marked = {
        slug: points + tuple(TrendPoint(slug, month, 1e9, 10**9, 1, MonthStatus.COMPLETE) for month in later)
        for slug, points in seen.items()
    }

    assert judge(seen, past) == judge(panel(), past) == judge(marked, past)


def test_flat_directions_are_seldom_called_rising():
    """Of 200 flat directions at most 5% are emerging, rising or growing hot, and at most 5% declining."""
    rng = np.random.default_rng(11)
    verdicts = judge({f"d{i}": drawn(rng, float(np.exp(rng.uniform(2.3, 6)))) for i in range(200)}, AS_OF)

    assert len(ranking(verdicts, "rising")) <= 10
    assert len(ranking(verdicts, "declining")) <= 10


@pytest.mark.parametrize(
    ("months_from_inflection", "expected"),
    [
        (-24, {Stage.TOO_LITTLE_DATA}),
        (0, {Stage.HOT, Stage.RISING, Stage.EMERGING}),
        (12, {Stage.HOT, Stage.RISING}),
        (24, {Stage.HOT, Stage.PLATEAU, Stage.SATURATED}),
        (48, {Stage.SATURATED, Stage.HOT}),
    ],
)
def test_planted_logistic_is_followed(months_from_inflection, expected):
    """A share that rises to a ceiling within two years: too little, rising, high and slowing, saturated."""
    rng = np.random.default_rng(12)
    points = {f"flat{i}": drawn(rng, float(np.exp(rng.uniform(3, 5.3)))) for i in range(12)}
    points["wave"] = drawn(rng, 400, lambda years: -np.log1p(np.exp(-(years + months_from_inflection / 12) / 0.5)))

    assert stages(points)["wave"] in expected


# --- the facts behind a stage -----------------------------------------------------------------------------------


def gappy(seed: int) -> dict[str, Points]:
    """Eight directions with holes, late beginnings, open months and expected papers that are no whole numbers."""
    rng = np.random.default_rng(seed)
    kinds = [MonthStatus.COMPLETE, MonthStatus.ASSUMED, MonthStatus.PARTIAL, MonthStatus.OPEN]
    found = {}
    for number in range(8):
        points = record(
            rng.gamma(1.0 + number, 3.0, int(rng.integers(1, 97))), f"d{number}", int(rng.integers(0, 2000))
        )
        found[f"d{number}"] = tuple(
            replace(p, status=kinds[int(rng.choice(4, p=[0.8, 0.08, 0.08, 0.04]))]) for p in rng.permutation(points)
        )
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("as_of", [AS_OF, date(2017, 3, 5), date(2012, 1, 1)])
def test_facts_are_those_of_the_points(seed: int, as_of: date):
    """Worked out in arrays, they are what the points themselves say, one by one."""
    points = gappy(seed)
    found = facts.facts(facts.seen(points, as_of), 24)
    peaks = {}
    for one in found:
        seen = seen_as_of(points[one.slug], as_of)
        known = [p for p in seen if usable(p)]
        shares = twelve_month_shares(seen)
        recent = [p for p in known if months_between(p.month, one.settled) < 24]
        assert one.first_month == (known[0].month if known else None)
        assert one.last_month == (known[-1].month if known else None)
        assert one.open_months == tuple(p.month for p in seen if p.status is MonthStatus.OPEN)
        assert one.papers_24m == pytest.approx(sum(p.papers for p in recent))
        assert one.best_year == pytest.approx(
            max((sum(p.papers for p in year_to(seen, p.month)) for p in seen), default=0)
        )
        lacking = set(month_span(seen[0].month, one.settled)[-48:]) - {p.month for p in known} if seen else set()
        assert set(one.lacking) == lacking
        given = [(share, month) for month, share in shares.items() if share is not None]
        highest, at = max(given, default=(0.0, None))
        assert (one.peak is None) == (not highest)
        if one.peak:
            peaks[one.slug] = given[-1][0]
            assert (one.peak.share, one.peak.ratio) == pytest.approx((given[-1][0], given[-1][0] / highest))
            assert one.peak.month == at
        year = year_to(seen, known[-1].month) if known else ()
        assert (one.year is not None) == (len(year) >= 9)
        if one.year:
            assert one.year == (pytest.approx(sum(p.papers for p in year)), sum(p.exposure for p in year))
    levels = {
        slug: sum((other < share) + 0.5 * (other == share) for other in peaks.values()) / len(peaks)
        for slug, share in peaks.items()
    }
    assert {one.slug: one.level for one in found if one.level is not None} == pytest.approx(levels)


def test_age_is_that_of_the_fifth_weighed_paper():
    """One paper a month: the fifth came in the fifth month; weighed by half, in the tenth."""
    (one,) = facts.facts(facts.seen({"demo": record([0] * 36 + [1] * 60)}, AS_OF), 24)

    assert replace(one, paper_weight=1.0).age_months(5) == 55
    assert replace(one, paper_weight=0.5).age_months(5) == 50
    assert replace(one, paper_weight=0.01).age_months(5) is None


# --- how firmly a stage stands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [(0.9, 0.88, 0.92), (0.5, 0.4, 0.6), (0.25, 0.2, 0.3), (25, 20, 30), (3, 2, 4), (48, 38, 58), (2.0, 1.6, 2.4)],
)
def test_a_threshold_moves_by_a_fifth(value: float, low: float, high: float):
    """Numbers by a fifth; probabilities by a fifth of what is left to certainty; counts by one at least."""
    assert [verdicts.moved_threshold(value, way) for way in (-1, 0, 1)] == pytest.approx([low, value, high])


def test_thresholds_are_moved_all_at_once():
    """Each at random within its reach, and never the months that growth looks back."""
    base, moved = Thresholds(), verdicts.moved_thresholds(Thresholds())

    assert len(set(moved)) == 20
    for name in (one.name for one in fields(base)):
        values = {getattr(one, name) for one in moved}
        reach = [verdicts.moved_threshold(getattr(base, name), way) for way in (-1, 1)]
        assert (len(values) > 1) == (name != "look_back_months")
        assert all(reach[0] <= value <= reach[1] for value in values)


def test_a_firm_stage_never_flips_and_one_on_the_edge_does():
    """Growth of 30% a year for eight years is rising by any reading; 28 papers of the needed 25 are a near thing."""
    rng = np.random.default_rng(4)
    flat = {f"flat{i}": drawn(rng, 300) for i in range(8)}
    found = verdicts.flips(flat | {"grower": record(900 * 1.3**YEARS), "edge": record([1] * 92 + [2] * 4)}, AS_OF)
    stage = stages(flat | {"edge": record([1] * 92 + [2] * 4)})["edge"]

    assert found["grower"].part <= 0.05
    assert found["edge"].changed >= 2
    assert found["edge"].to is Stage.TOO_LITTLE_DATA
    assert stage is not Stage.TOO_LITTLE_DATA
    assert found["edge"].tried == 40


def test_flips_are_told_beside_the_verdict():
    """Nothing else of the verdict changes; the reason has both languages, with the stage in each."""
    points = dict(list(panel().items())[:12])
    plain, told = judge(points, AS_OF), judge(points, AS_OF, with_flips=True)
    found = verdicts.flips(points, AS_OF)

    assert [replace(v, flips=None, flips_to=None, reasons=v.reasons[:-1]) for v in told] == list(plain)
    assert [v.flips for v in told] == [found[v.direction].part for v in told]
    assert any(v.flips for v in told)
    flipped = next(v for v in told if v.flips and v.flips_to)
    count = f"{found[flipped.direction].changed} of {found[flipped.direction].tried}"
    assert texts(flipped)[-1] == (
        f"stage changes in {count} perturbations of thresholds and data, most often to {flipped.flips_to.value}"
    )
    assert reason_text(flipped.reasons[-1], "zh").endswith(f"最常变为{STAGE_ZH[flipped.flips_to]}")
    firm = next(v for v in told if v.flips == 0)
    assert texts(firm)[-1].startswith("stage changes in none of ")
    assert "阶段从未改变" in reason_text(firm.reasons[-1], "zh")


def test_flips_know_neither_names_nor_the_future():
    """Renamed, in another order, and with later months added: the same flips."""
    points = dict(list(panel().items())[:8])
    before = verdicts.flips(points, date(2018, 6, 20))
    marked = {
        f"x{slug}": tuple(p if p.month < date(2018, 6, 1) else replace(p, papers=9e5, exposure=10**7) for p in own)
        for slug, own in reversed(points.items())
    }

    assert verdicts.flips(marked, date(2018, 6, 20)) == {f"x{slug}": flip for slug, flip in before.items()}


@pytest.mark.parametrize("points", [(), record([0] * 96), record([5000]), record([40] * 15)])
def test_little_data_flips_nothing_and_breaks_nothing(points: Points):
    """No months, no papers, one giant month, too few months: still no verdict in every perturbation."""
    (verdict,) = judge({"demo": points}, AS_OF, with_flips=True)

    assert verdict.stage is Stage.TOO_LITTLE_DATA
    assert verdict.flips == 0
    assert judge({}, AS_OF, with_flips=True) == ()


def test_a_thinned_record_loses_a_fifth():
    """About a fifth of the papers, never a month, and a fifth of the field; the newest month goes in another one."""
    known = facts.seen(dict(list(panel().items())[:40]), AS_OF)
    first, second, shorter = facts.disturbed(known, 1)

    for thinned in (first, second):
        assert thinned.panel.papers.sum() == pytest.approx(0.8 * known.panel.papers.sum(), rel=0.01)
        assert (thinned.panel.papers <= known.panel.papers).all()
        assert thinned.panel.exposure.sum() == pytest.approx(0.8 * known.panel.exposure.sum())
        assert (thinned.panel.usable == known.panel.usable).all()
    assert (first.panel.papers != second.panel.papers).any()
    assert shorter.panel.last == month_after(known.panel.last, -1)
    assert (shorter.panel.papers == known.panel.papers[:, :-1]).all()


def test_members_stand_in_for_expected_papers():
    """Where the rule's members differ from the sum of probabilities, the stage is asked of them too."""
    points = {"demo": tuple(replace(p, papers=p.papers * 0.7) for p in record([40] * 96))}
    *_, by_members = facts.disturbed(facts.seen(points, AS_OF), 1)

    assert by_members.panel.papers.sum() == 40 * 96
    assert len(list(facts.disturbed(facts.seen({"demo": record([40] * 96)}, AS_OF), 1))) == 3


def test_flips_survive_storage(warehouse: Warehouse):
    """Through the working file and the published one."""
    points = dict(list(panel().items())[:12])
    told = judge(points, AS_OF, with_flips=True)
    derived.store_verdicts(warehouse, told, {})
    for verdict in told:
        known = {"theme": "t", "name": "n", "name_zh": "n", "scope": "s", "category_set": "", "field": "", "query": "q"}
        warehouse.insert("direction", {"slug": [verdict.direction]}, **known)
    meta = {"run": "r1", "as_of": "2020-01-11", "published_at": "", "last_month": ""}
    publish(warehouse, meta, AS_OF)

    with Published.open(warehouse.folder) as published:
        assert [entry.verdict for entry in published.entries()] == list(told)


def test_a_flat_share_that_is_not_proved_flat_says_so():
    """50% is enough for the word; the reader is told, with the probability that it still grows."""
    for verdict in judge(panel(), AS_OF):
        if verdict.stage in (Stage.SATURATED, Stage.PLATEAU) and verdict.growth:
            told = any(text.startswith("flat is likely and not proved: 50%") for text in texts(verdict))
            assert told == (verdict.growth.p_flat < 0.9)


# --- tables, words, storage -------------------------------------------------------------------------------------


def test_rankings_hold_what_they_name():
    """Growers by the safe end of their growth, the flat by saturation, the falling apart; the unsure nowhere."""
    verdicts = judge(panel(), AS_OF)
    rising, saturated, declining = (ranking(verdicts, kind) for kind in ("rising", "saturated", "declining"))

    assert [v.growth.low for v in rising] == sorted((v.growth.low for v in rising), reverse=True)
    assert [v.saturation for v in saturated] == sorted((v.saturation for v in saturated), reverse=True)
    assert all(v.growth.p_up >= 0.9 for v in rising)
    assert {v.stage for v in declining} <= {Stage.DECLINING, Stage.DORMANT}
    listed = [v.direction for v in (*rising, *saturated, *declining)]
    assert len(listed) == len(set(listed))
    left = {v.stage for v in verdicts if v.direction not in listed}
    assert left <= {Stage.UNSURE, Stage.TOO_LITTLE_DATA, Stage.NOT_MEASURABLE, Stage.INCOMPLETE}


def test_every_reason_has_both_languages():
    """Each reason that the panel gives can be said in English and in Chinese, with the same numbers."""
    reasons = {reason for verdict in judge(panel(), AS_OF) for reason in verdict.reasons}

    for reason in reasons:
        english, chinese = reason_text(reason), reason_text(reason, "zh")
        assert english != chinese
        assert all(value in english and value in chinese for _, value in reason.parts)
    assert set(STAGE_ZH) == set(Stage)


def test_reasons_survive_storage():
    """A JSON column gives back what it was given."""
    reasons = (Reason("p_up", (("p", ">99%"),)), Reason("peak", (("p", "61%"), ("month", "2019-12"))))

    assert parse_reasons(dump_reasons(reasons)) == reasons
    assert dump_reasons(reasons[:1]) == '[["p_up", {"p": ">99%"}]]'
    assert parse_reasons("[]") == ()


def test_thresholds_are_arguments():
    """A stricter reader gets fewer risers."""
    strict = judge(panel(), AS_OF, Thresholds(sure=0.999))

    assert len(ranking(strict, "rising")) < len(ranking(judge(panel(), AS_OF), "rising"))


def test_documentation_shows_the_table_of_the_code():
    """docs/method.md holds one row for each rule, in order, word for word."""
    text = (Path(__file__).parents[1] / "docs" / "method.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| **")]

    assert rows == [f"| **{rule.stage.value}** | {STAGE_ZH[rule.stage]} | {rule.when} |" for rule in RULES]


def test_reading_verdicts_loads_no_numpy():
    """Commands that only read verdicts stay light."""
    code = "import sys, littriage.verdicts, littriage.claims; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
