"""What conference titles say of a direction: which years and venues are compared, and how sure a change of share is."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage.venues import (
    NEEDS_PAPERS,
    Sign,
    VenueOpinion,
    VenueYear,
    opinion_json,
    opinion_text,
    opinions,
)

AS_OF = date(2024, 6, 30)
Counts = dict[tuple[str, int], int]


def field(*venues: str, first: int = 2019, last: int = 2023, papers: int = 1000) -> Counts:
    """So many papers in each venue every year."""
    return {(venue, year): papers for venue in venues for year in range(first, last + 1)}


def one(counts: Counts, totals: Counts, as_of: date = AS_OF) -> VenueOpinion:
    return opinions({"demo": counts}, totals, as_of)["demo"]


# --- which years and venues -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "last"), [(date(2024, 2, 1), 2023), (date(2024, 1, 31), 2022), (date(2022, 6, 30), 2021)]
)
def test_a_year_counts_once_its_proceedings_are_out(as_of: date, last: int) -> None:
    """The last meetings of a year are in December."""
    assert one({}, field("A"), as_of).last_year == last


def test_nothing_after_the_day_changes_anything() -> None:
    """Later years may hold whatever they like: the opinion is the same to the last digit."""
    totals, counts = field("A", "B"), {("A", year): 20 + 7 * (year - 2019) for year in range(2019, 2024)}
    before = one(counts, totals, date(2022, 6, 30))
    counts |= {("A", 2022): 1, ("A", 2023): 999, ("B", 2023): 999}
    totals |= {("A", 2022): 3, ("B", 2022): 9_999, ("C", 2022): 5}

    assert one(counts, totals, date(2022, 6, 30)) == before
    assert before.changes


def test_a_year_of_which_most_venues_are_lacking_is_not_compared() -> None:
    """Of three venues of the same size one has come: the last whole year is the one before."""
    totals = field("A", "B", "C")
    del totals["B", 2023], totals["C", 2023]

    assert one({}, totals).last_year == 2022


def test_a_torn_year_of_a_venue_is_left_out() -> None:
    """48 papers where 900 were usual are a file that was cut off: its absent papers are no decline."""
    totals = field("A", "B") | {("B", 2023): 48}
    counts = {(venue, year): 300 for venue in "AB" for year in range(2019, 2024)} | {("B", 2023): 0}
    opinion = one(counts, totals)

    assert opinion.sign is Sign.FLAT
    assert [change.venues for change in opinion.changes] == [1, 1]


def test_only_venues_of_both_years_are_compared() -> None:
    """A venue that is new, or that did not meet, changes no share; one that meets every other year is compared."""
    totals = field("A") | {("EVEN", 2020): 500, ("EVEN", 2022): 500, ("NEW", 2023): 5000}
    totals |= {("ODD", 2019): 700, ("ODD", 2021): 700, ("ODD", 2023): 700}
    counts = {("A", year): 300 for year in range(2019, 2024)} | {("NEW", 2023): 2000, ("EVEN", 2022): 300}
    short, long = one(counts, totals).changes

    assert (short.first_year, short.last_year, short.venues) == (2021, 2023, 2)
    assert (short.papers_before, short.total_before, short.papers, short.total) == (300, 1700, 300, 1700)
    assert (long.first_year, long.venues) == (2019, 2)
    assert one(counts, totals).sign is Sign.FLAT


def test_a_venue_that_grows_makes_no_trend() -> None:
    """The direction is as common as ever in each venue; only the venue that favours it has become larger."""
    totals = field("A", "B") | {("A", 2023): 9000}
    counts = {("A", year): 100 for year in range(2019, 2023)} | {("A", 2023): 900}
    counts |= {("B", year): 10 for year in range(2019, 2024)}
    opinion = one(counts, totals)

    assert opinion.sign is Sign.FLAT
    assert opinion.changes[0].papers / opinion.changes[0].total > 1.5 * 110 / 2000


def test_the_series_is_over_one_panel_of_venues() -> None:
    """Five years over the venues that have all five; with none that has, as many years as some have."""
    totals = field("A", papers=100) | field("B", first=2021, papers=50)
    counts = {("A", 2020): 3, ("B", 2022): 9}

    assert [(year.year, year.papers, year.total) for year in one(counts, totals).years] == [
        (2019, 0, 100), (2020, 3, 100), (2021, 0, 100), (2022, 0, 100), (2023, 0, 100)
    ]  # fmt: skip
    assert [year.year for year in one(counts, field("B", first=2021)).years] == [2021, 2022, 2023]


# --- the change of a share --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "sign"),
    [(100, 300, Sign.UP), (300, 100, Sign.DOWN), (400, 410, Sign.FLAT), (14, 20, Sign.UNSURE), (0, 40, Sign.UP)],
)
def test_a_clear_change_is_told_and_a_small_one_is_not(before: int, after: int, sign: Sign) -> None:
    """Three times as many of the same field is up; 14 and then 20 may be chance."""
    totals = field("A")

    assert one({("A", 2021): before, ("A", 2023): after}, totals).sign is sign


def test_with_many_papers_the_change_is_the_ratio_of_the_shares() -> None:
    """600 of 20,000 and then 1,200 of 20,000: about log 2, within two standard errors, sqrt(1/600 + 1/1200)."""
    totals = field("A", papers=20_000)
    change = one({("A", 2021): 600, ("A", 2023): 1200}, totals).changes[0]
    error = (1 / 600 + 1 / 1200) ** 0.5

    assert change.change == pytest.approx(np.log(2), abs=0.02)
    assert change.high - change.low == pytest.approx(2 * 1.2816 * error, abs=0.021)
    assert change.p_up > 0.999


def test_venues_that_disagree_widen_the_interval() -> None:
    """The same papers in all: tripled in one venue and a third in the other is no sure change."""
    totals = field("A", "B")
    agreeing = one({("A", 2021): 40, ("A", 2023): 60, ("B", 2021): 40, ("B", 2023): 60}, totals).changes[0]
    torn = one({("A", 2021): 20, ("A", 2023): 90, ("B", 2021): 60, ("B", 2023): 30}, totals).changes[0]

    assert (agreeing.papers_before, agreeing.papers) == (torn.papers_before, torn.papers)
    assert torn.high - torn.low > 1.5 * (agreeing.high - agreeing.low)


def test_flat_shares_are_seldom_called_up_or_down() -> None:
    """Of 400 directions that do not change, at most 5% are called up, and 80% intervals hold no change in most."""
    random = np.random.default_rng(20210601)
    venues = [f"V{number}" for number in range(10)]
    totals = field(*venues, papers=800)
    shares = random.uniform(0.002, 0.05, 400)
    counts = {
        f"d{number}": {place: int(random.poisson(share * papers)) for place, papers in totals.items()}
        for number, share in enumerate(shares)
    }
    found = opinions(counts, totals, AS_OF)
    signs = [opinion.sign for opinion in found.values()]
    held = [change.low <= 0 <= change.high for opinion in found.values() for change in opinion.changes[:1]]

    assert signs.count(Sign.UP) <= 20
    assert signs.count(Sign.DOWN) <= 20
    assert sum(held) / len(held) >= 0.8


def test_intervals_hold_the_truth_of_directions_that_move() -> None:
    """Changes drawn from the kind of mixture that the prior fits: 80% intervals hold 75 to 88% of them."""
    random = np.random.default_rng(7)
    totals = field("A", "B", "C", first=2021, papers=1500)
    truth = {f"d{number:03}": random.normal(0, 0.5) for number in range(400)}
    counts: dict[str, Counts] = {}
    for slug, change in truth.items():
        share = random.uniform(0.01, 0.05)
        counts[slug] = {
            (venue, year): int(random.poisson(share * papers * np.exp(change * (year == 2023))))
            for (venue, year), papers in totals.items()
        }
    found = opinions(counts, totals, AS_OF)
    held = [opinion.changes[0].low <= truth[slug] <= opinion.changes[0].high for slug, opinion in found.items()]

    assert 0.75 <= sum(held) / len(held) <= 0.88


counted = st.dictionaries(
    st.sampled_from([(venue, year) for venue in "AB" for year in range(2019, 2024)]), st.integers(0, 900)
)


@settings(max_examples=25, deadline=None)
@given(st.lists(counted, min_size=1, max_size=4), st.permutations(range(4)))
def test_names_and_order_change_nothing(given_counts: list[Counts], order: list[int]) -> None:
    """Directions under other names, and venues in another order, have the same opinion."""
    totals = field("A", "B")
    found = opinions({f"d{number}": own for number, own in enumerate(given_counts)}, totals, AS_OF)
    renamed = opinions(
        {f"x{order[number]}": dict(reversed(own.items())) for number, own in enumerate(given_counts)},
        dict(reversed(totals.items())),
        AS_OF,
    )

    for number in range(len(given_counts)):
        mine, other = found[f"d{number}"], renamed[f"x{order[number]}"]
        assert (mine.sign, mine.changes, mine.years) == (other.sign, other.changes, other.years)


@settings(max_examples=25, deadline=None)
@given(counted)
def test_whatever_the_counts_an_opinion_is_well_formed(counts: Counts) -> None:
    """Probabilities are parts, intervals are in order, and too few papers have a reason in place of a change."""
    opinion = one(counts, field("A", "B"))
    for change in opinion.changes:
        assert change.low <= change.high
        assert 0 <= change.p_up <= 1
        assert 0 <= change.p_flat <= 1
        assert change.papers + change.papers_before >= NEEDS_PAPERS
    compared = sum(counts.get((venue, year), 0) for venue in "AB" for year in (2021, 2023))
    assert bool(opinion.reason) == (compared < NEEDS_PAPERS)
    assert opinion.reason == "" or opinion.sign is Sign.UNSURE


# --- no opinion -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "totals", "reason"),
    [
        ({}, {}, "no_proceedings"),
        ({}, {("A", 2023): 100}, "no_proceedings"),
        ({}, {("A", 2023): 0, ("A", 2022): 0}, "no_proceedings"),
        ({}, {("A", 2022): 100, ("A", 2023): 100}, "no_earlier_year"),
        ({("A", 2021): 4, ("A", 2023): 5}, field("A"), "few_papers"),
        ({}, field("A"), "few_papers"),
        ({("Ä大会", 2021): 6, ("Ä大会", 2023): 3}, field("Ä大会"), "few_papers"),
    ],
)
def test_where_little_is_known_there_is_no_opinion(counts: Counts, totals: Counts, reason: str) -> None:
    """A state with its reason, in both languages, and never a sign."""
    opinion = one(counts, totals)

    assert (opinion.reason, opinion.sign, opinion.changes) == (reason, Sign.UNSURE, ())
    assert "no opinion" in opinion_text(opinion)
    assert "无法判断" in opinion_text(opinion, "zh")
    assert "None" not in opinion_text(opinion) + opinion_text(opinion, "zh")


def test_no_direction_has_no_opinion() -> None:
    """Nothing asked, nothing answered."""
    assert opinions({}, field("A"), AS_OF) == {}


def test_four_years_are_told_where_two_are_too_few() -> None:
    """A direction that has faded may have papers to show over four years; the sign stays that of two."""
    opinion = one({("A", 2019): 30, ("A", 2021): 3, ("A", 2023): 1}, field("A"))

    assert (opinion.reason, opinion.sign, [change.first_year for change in opinion.changes]) == (
        "few_papers", Sign.UNSURE, [2019]
    )  # fmt: skip
    assert "4 in 2021 and 2023 together, 10 are needed" in opinion_text(opinion)


# --- as it is shown ---------------------------------------------------------------------------------------------


def test_the_line_tells_sign_change_and_papers() -> None:
    """In natural numbers: how many of how many, before and after."""
    opinion = one({("A", 2021): 100, ("A", 2023): 1300}, field("A", papers=2000))
    change = opinion.changes[0]
    line, line_zh = opinion_text(opinion), opinion_text(opinion, "zh")

    assert line.startswith("Titles of accepted conference papers: up; share +")
    assert "from 2021 to 2023" in line
    assert "100 of 2,000 papers, then 1,300 of 2,000, in 1 conference" in line
    assert f"{100 * (np.exp(change.low) - 1):+.0f}%" in line
    assert line_zh.startswith("会议录用论文题目：上升；2021 至 2023 年份额变化 +")
    assert "2,000 篇中 1,300 篇" in line_zh


def test_programs_get_the_years_with_their_intervals() -> None:
    """Plain values; Wilson's 80% interval of 10 in 100 is 6.8% to 14.5%."""
    shown = opinion_json(one({("A", 2023): 10}, field("A", papers=100)))

    assert (shown["sign"], shown["reason"]) == ("up", None)
    assert [year["papers"] for year in shown["years"]] == [0, 0, 0, 0, 10]
    assert VenueYear(2023, 10, 100).interval == pytest.approx((0.0679, 0.1448), abs=5e-4)
    assert shown["years"][-1]["interval"] == VenueYear(2023, 10, 100).interval
