"""Counts to trend points."""

from __future__ import annotations

from datetime import date
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.errors import ImportRefused
from littriage.model import Exposure, MonthStatus, TrendPoint
from littriage.trends import (
    coverage_status,
    field_status,
    last_settled_month,
    month_after,
    month_span,
    months_between,
    seen_as_of,
    sparkline,
    trend_points,
    twelve_month_shares,
)

LONG_AFTER = date(2030, 1, 1)


def exposure(month: date, papers: int, status: MonthStatus = MonthStatus.COMPLETE, reason: str = "") -> Exposure:
    return Exposure("cs.CL", month, papers, status, "test", reason)


def field(*papers: int, first: date = date(2020, 1, 1), status: MonthStatus = MonthStatus.ASSUMED) -> list[Exposure]:
    return [exposure(month_after(first, place), count, status) for place, count in enumerate(papers)]


def point(month: date, papers: float, exposure: int, status: MonthStatus = MonthStatus.COMPLETE) -> TrendPoint:
    return TrendPoint("demo", month, papers, int(papers), exposure, status)


def test_months_are_counted_over_years():
    """Months go on over the turn of the year, both ways."""
    assert month_after(date(2020, 12, 1)) == date(2021, 1, 1)
    assert month_after(date(2020, 1, 1), -1) == date(2019, 12, 1)
    assert months_between(date(2019, 11, 1), date(2020, 2, 1)) == 3
    assert month_span(date(2020, 11, 1), date(2021, 1, 1)) == (date(2020, 11, 1), date(2020, 12, 1), date(2021, 1, 1))


def test_empty_month_is_a_row():
    """A month without papers is a zero, not a gap; a month without a field is missing and says so."""
    months = month_span(date(2020, 1, 1), date(2020, 3, 1))
    papers = {months[0]: (1.5, 1)}
    fields = {months[0]: exposure(months[0], 10), months[1]: exposure(months[1], 20, MonthStatus.PARTIAL, "a hole")}

    rows = trend_points("demo", reversed(months), papers, fields)

    assert [(p.papers, p.members, p.exposure, p.status.value, p.reason) for p in rows] == [
        (1.5, 1, 10, "complete", ""),
        (0.0, 0, 20, "partial", "a hole"),
        (0.0, 0, 0, "missing", "its field was not harvested"),
    ]
    assert [p.share for p in rows] == [0.15, 0.0, None]


def test_no_months_give_no_rows():
    """Nothing asked for, nothing given."""
    assert trend_points("demo", [], {}, {}) == ()


def test_outage_in_papers_and_field_leaves_the_share():
    """Half of the month lost on both sides leaves its share as it was."""
    month = date(2020, 1, 1)
    whole = trend_points("demo", [month], {month: (12.0, 12)}, {month: exposure(month, 300)})
    half = trend_points("demo", [month], {month: (6.0, 6)}, {month: exposure(month, 150)})

    assert whole[0].share == half[0].share == 0.04


# --- the field --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letters", "status", "reason"),
    [
        ({"cs.CL": "A"}, "complete", ""),
        ({"cs.CL": "A", "cs.LG": "B"}, "complete", "cs.LG: 75 to 95% of the papers are there"),
        ({"cs.CL": "A", "cs.CV": "T"}, "titles", "cs.CV: titles only"),
        ({"cs.CL": "T", "cs.LG": "S"}, "partial", "cs.CL: titles only; cs.LG: a biased sample"),
        ({"cs.CL": "M", "cs.LG": "A"}, "missing", "cs.CL: missing"),
        ({"cs.CL": "A", "cs.XX": ""}, "assumed", "cs.XX: not in the coverage file"),
        ({"cs.CL": "S", "cs.XX": ""}, "partial", "cs.CL: a biased sample; cs.XX: not in the coverage file"),
        ({}, "assumed", "the coverage file says nothing of it"),
        ({"cs.XX": ""}, "assumed", "the coverage file says nothing of it"),
    ],
)
def test_set_of_categories_is_as_good_as_its_worst(letters, status, reason):
    """One hole in one category is a hole in the set."""
    assert coverage_status(letters) == (MonthStatus(status), reason)


def test_unknown_coverage_letter_is_refused():
    """A letter nobody defined is an error that names it."""
    with pytest.raises(ImportRefused, match=r"'Q' of cs\.CL"):
        coverage_status({"cs.CL": "Q"})


def test_hole_is_partial_and_the_return_is_not():
    """A month with a third of the usual papers lacks papers; the jump back is normal."""
    checked = field_status(field(*[1000] * 12, 312, 1000, 1100), LONG_AFTER)

    assert [e.status.value for e in checked[11:]] == ["assumed", "partial", "assumed", "assumed"]
    assert checked[12].reason == "312 papers where 1,000 were usual: the harvest lacks papers"


def test_long_hole_stays_a_hole():
    """Two years without most papers never become usual."""
    checked = field_status(field(*[1000] * 12, *[200] * 24), LONG_AFTER)

    assert {e.status for e in checked[12:]} == {MonthStatus.PARTIAL}


def test_small_field_is_not_doubted():
    """4 papers after months of 10 are chance."""
    assert all(e.status is MonthStatus.ASSUMED for e in field_status(field(*[10] * 12, 4), LONG_AFTER))


def test_measured_months_are_not_doubted():
    """Who measured completeness knows better than a rule."""
    months = field(*[1000] * 12, 100, status=MonthStatus.COMPLETE)

    assert field_status(months, LONG_AFTER) == tuple(months)


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=30), st.integers(0, 29))
def test_doubt_never_looks_ahead(papers, cut):
    """Later months change no earlier status, and the order of the input none at all."""
    months = field(*papers)
    whole = field_status(months[::-1], LONG_AFTER)

    assert field_status(months[: cut + 1], LONG_AFTER) == whole[: cut + 1]


@given(st.lists(st.integers(0, 3000), min_size=7, max_size=40))
def test_doubted_month_is_far_under_what_was_usual(papers):
    """A doubted month lies under 0.6 of some earlier median of up to twelve months."""
    for place, month in enumerate(field_status(field(*papers), LONG_AFTER)):
        if month.status is MonthStatus.PARTIAL:
            over = min(12, place)
            usual = max(median(papers[start : start + over]) for start in range(place - over + 1))
            assert papers[place] < 0.6 * usual


def test_months_of_titles_are_another_instrument():
    """More than a fifth of papers without abstract makes a month of titles; a handful does not."""
    months = field(100, 100, 10)
    known = {months[0].month: 70, months[1].month: 85, months[2].month: 6}

    checked = field_status(months, LONG_AFTER, known)

    assert [e.status.value for e in checked] == ["titles", "assumed", "assumed"]
    assert checked[0].reason == "no abstract for 30 of 100 papers"


def test_month_stays_open_for_ten_days():
    """March is settled on 11 April, not before."""
    march = exposure(date(2024, 3, 1), 100)

    assert field_status([march], date(2024, 3, 20))[0].reason == "not ended on 2024-03-20"
    assert field_status([march], date(2024, 4, 10))[0].status is MonthStatus.OPEN
    assert field_status([march], date(2024, 4, 11))[0].status is MonthStatus.COMPLETE
    assert last_settled_month(date(2024, 4, 10)) == date(2024, 2, 1)
    assert last_settled_month(date(2024, 4, 11)) == date(2024, 3, 1)


# --- as of, years, lines ----------------------------------------------------------------------------------------


def test_only_ended_months_are_seen():
    """On 5 March, January is settled, February open, March unknown."""
    points = [point(date(2024, month, 1), 1, 10) for month in (3, 1, 2)]

    seen = seen_as_of(points, date(2024, 3, 5))

    assert [(p.month.month, p.status.value) for p in seen] == [(1, "complete"), (2, "open")]
    assert seen[1].reason == "ended 4 days before 2024-03-05: papers may still arrive"


def test_year_share_is_papers_over_field():
    """Sums, not means of shares: 12 x 1 of 11 x 10 + 1 x 130."""
    months = month_span(date(2020, 1, 1), date(2020, 12, 1))
    points = [point(month, 1, 10 if month.month < 12 else 130) for month in months]

    shares = twelve_month_shares(points)

    assert shares[months[-1]] == 12 / 240
    assert [shares[month] for month in months[:8]] == [None] * 8
    assert shares[months[8]] == 0.1


def test_year_with_four_holes_is_no_year():
    """Three holes are left out of both sums; with a fourth there is no share; a hole itself has none."""
    months = month_span(date(2020, 1, 1), date(2020, 12, 1))

    def shares(holes: int) -> dict[date, float | None]:
        lacking = MonthStatus.PARTIAL
        return twelve_month_shares(
            [point(m, 1, 10, lacking if m.month <= holes else MonthStatus.COMPLETE) for m in months]
        )

    assert shares(3)[months[-1]] == 0.1
    assert shares(4)[months[-1]] is None
    assert twelve_month_shares([point(months[0], 0, 0)]) == {months[0]: None}


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([0.0, 0.5, 1.0], "▁▅█"),
        ([1.0, None, 2.0], "▅·█"),
        ([0.0, 0.0], "▁▁"),
        ([None, None], "··"),
        ([7.0], "█"),
    ],
)
def test_sparkline_shows_gaps(values, line):
    """A gap is not a low value."""
    assert sparkline(values) == line
