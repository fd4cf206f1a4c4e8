"""Stages, their reasons, and the laws that no data may break."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from littriage.model import MonthStatus, Reason, Stage, TrendPoint, Verdict
from littriage.trends import month_after, month_span, months_between
from littriage.verdicts import (
    RULES,
    STAGE_ZH,
    Thresholds,
    dump_reasons,
    grows,
    judge,
    parse_reasons,
    ranking,
    reason_text,
)

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
    assert verdict.rule == "v1"


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
