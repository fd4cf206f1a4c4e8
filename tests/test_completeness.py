"""Which days are still to ask, and what each month of a field is worth."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from littriage.completeness import Asked, field_for, imported_field, merged, pending_windows, unmended
from littriage.model import Exposure, MonthStatus, Window

JAN, FEB, MAR, APR = (date(2021, month, 1) for month in range(1, 5))


def window(start: str, end: str) -> Window:
    return Window(date.fromisoformat(start), date.fromisoformat(end))


def asked(start: str, end: str, on: str) -> Asked:
    return Asked(window(start, end), date.fromisoformat(on))


# --- days to ask ------------------------------------------------------------------------------------------------


def test_the_first_time_every_day_is_asked_by_calendar_years() -> None:
    """Nothing was asked: all is pending."""
    assert pending_windows(date(2019, 5, 1), date(2021, 2, 3), []) == (
        window("2019-05-01", "2019-12-31"),
        window("2020-01-01", "2020-12-31"),
        window("2021-01-01", "2021-02-03"),
    )


def test_the_next_time_the_last_ten_days_and_the_new_ones_are_asked() -> None:
    """Papers of the last ten days before the asking may have been announced since."""
    done = [asked("2021-01-01", "2021-03-20", "2021-03-20")]

    assert pending_windows(JAN, date(2021, 3, 27), done) == (window("2021-03-11", "2021-03-27"),)


def test_days_that_settled_before_they_were_asked_are_never_asked_again() -> None:
    """A window that had ended long before is done for good."""
    done = [asked("2020-01-01", "2020-12-31", "2021-03-20")]

    assert pending_windows(date(2020, 1, 1), date(2020, 12, 31), done) == ()
    assert pending_windows(date(2020, 1, 1), JAN, done) == (window("2021-01-01", "2021-01-01"),)


def test_a_window_asked_on_its_last_days_only_settles_in_part() -> None:
    """Of three days that were asked at once, none is settled."""
    assert asked("2021-03-18", "2021-03-20", "2021-03-20").settled is None
    assert asked("2021-03-01", "2021-03-20", "2021-03-20").settled == window("2021-03-01", "2021-03-10")


def test_gaps_are_asked_whatever_the_order_of_the_windows() -> None:
    """Before, between and after what is done; overlapping windows do not matter."""
    done = [
        asked("2021-06-01", "2021-06-30", "2022-01-01"),
        asked("2021-02-01", "2021-02-28", "2022-01-01"),
        asked("2021-06-15", "2021-07-15", "2022-01-01"),
    ]

    assert pending_windows(JAN, date(2021, 8, 1), done) == (
        window("2021-01-01", "2021-01-31"),
        window("2021-03-01", "2021-05-31"),
        window("2021-07-16", "2021-08-01"),
    )


def test_what_was_done_outside_the_days_in_question_does_not_matter() -> None:
    """Windows before the first and after the last day leave the days between pending."""
    done = [asked("2019-01-01", "2019-12-31", "2022-01-01"), asked("2022-03-01", "2022-03-31", "2023-01-01")]

    assert pending_windows(JAN, date(2021, 1, 31), done) == (window("2021-01-01", "2021-01-31"),)
    assert pending_windows(FEB, JAN, done) == ()


DAYS = st.dates(date(2019, 1, 1), date(2022, 12, 31))


@st.composite
def windows(draw: st.DrawFn) -> Asked:
    start, end = sorted((draw(DAYS), draw(DAYS)))
    return Asked(Window(start, end), end + timedelta(days=draw(st.integers(0, 30))))


def days_of(window: Window) -> set[date]:
    return {window.start + timedelta(days=number) for number in range((window.end - window.start).days + 1)}


@given(DAYS, DAYS, st.lists(windows(), max_size=6))
def test_every_day_is_settled_or_asked_once(first: date, last: date, done: list[Asked]) -> None:
    """No day is missed, none is asked twice, none that is settled is asked again."""
    pending = pending_windows(first, last, done)
    settled = set().union(*(days_of(one.settled) for one in done if one.settled))
    wanted = days_of(Window(first, last)) if first <= last else set()

    assert set().union(*(days_of(one) for one in pending)) == wanted - settled
    assert sum(len(days_of(one)) for one in pending) == len(wanted - settled)
    assert all(one.start.year == one.end.year for one in pending)
    assert all(one.end < next_.start for one, next_ in pairwise(pending))


@given(st.lists(windows(), max_size=6))
def test_merging_keeps_the_days(done: list[Asked]) -> None:
    """Few windows, apart from each other, with the same days."""
    parts = [one.window for one in done]
    joined = merged(parts)

    assert set().union(*map(days_of, joined)) == set().union(*map(days_of, parts))
    assert all(one.end + timedelta(days=1) < next_.start for one, next_ in pairwise(joined))


# --- the imported field -----------------------------------------------------------------------------------------


def end_of(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def statuses(field: tuple[Exposure, ...]) -> list[tuple[date, int, str, str]]:
    return [(one.month, one.papers, one.status.value, one.reason) for one in field]


def test_without_a_coverage_file_a_month_is_assumed() -> None:
    """Nobody measured it, and nothing speaks against it."""
    field = imported_field("cs.CL", [(JAN, 10, end_of(JAN)), (FEB, 12, end_of(FEB))], {})

    assert statuses(field) == [
        (JAN, 10, "assumed", "nobody measured its completeness"),
        (FEB, 12, "assumed", "nobody measured its completeness"),
    ]
    assert {(one.category_set, one.source) for one in field} == {("cs.CL", "import")}


def test_the_newest_month_is_open_unless_the_files_reach_its_end() -> None:
    """Only the newest month can be cut off by the end of a file; its last day may be without papers."""
    months = [(JAN, 10, date(2021, 1, 3)), (FEB, 12, date(2021, 2, 14))]
    assert statuses(imported_field("cs.CL", months, {}))[-1] == (
        FEB, 12, "open", "the imported files end on 2021-02-14",
    )  # fmt: skip

    for last, status in ((date(2021, 2, 26), "open"), (date(2021, 2, 27), "assumed"), (date(2021, 3, 2), "assumed")):
        field = imported_field("cs.CL", [(JAN, 10, date(2021, 1, 3)), (FEB, 12, last)], {})
        assert [one.status.value for one in field] == ["assumed", status]


def test_a_coverage_file_has_the_say_on_its_months() -> None:
    """Each month gets the letter of its worst category; a month that no file holds is there with its letter."""
    letters = {
        ("cs.CL", JAN): "A",
        ("cs.LG", JAN): "B",
        ("cs.CL", FEB): "A",
        ("cs.LG", FEB): "S",
        ("cs.CL", MAR): "M",
        ("cs.CV", APR): "M",
    }
    field = imported_field("cs.CL cs.LG", [(JAN, 10, end_of(JAN)), (FEB, 12, end_of(FEB))], letters)

    assert statuses(field) == [
        (JAN, 10, "complete", "cs.LG: 75 to 95% of the papers are there"),
        (FEB, 12, "partial", "cs.LG: a biased sample"),
        (MAR, 0, "missing", "cs.CL: missing; cs.LG: not in the coverage file"),
    ]


def test_a_month_of_which_the_coverage_file_is_silent_is_assumed() -> None:
    """And open where the files end in it."""
    letters = {("cs.CL", JAN): "A"}
    months = [(JAN, 10, end_of(JAN)), (FEB, 10, end_of(FEB)), (MAR, 3, date(2021, 3, 5))]

    assert [one.status.value for one in imported_field("cs.CL", months, letters)] == ["complete", "assumed", "open"]


def test_nothing_imported_is_no_field() -> None:
    assert imported_field("cs.CL", [], {}) == ()
    assert imported_field("cs.CL", [], {("cs.CV", JAN): "A"}) == ()


# --- which field serves -----------------------------------------------------------------------------------------


def counted(*months: date, status: MonthStatus = MonthStatus.COMPLETE) -> dict[date, Exposure]:
    return {month: Exposure("cs.CL", month, 100, status, "arxiv-api") for month in months}


def imported(*months: date) -> dict[date, Exposure]:
    return {month: Exposure("cs.CL", month, 80, MonthStatus.ASSUMED, "import") for month in months}


def test_a_month_harvested_whole_goes_with_the_count_of_its_source() -> None:
    """Even where files hold the month too; in one window or in several that meet."""
    for done in (
        [asked("2021-01-01", "2021-02-28", "2021-04-01")],
        [asked("2021-01-01", "2021-01-15", "2021-04-01"), asked("2021-01-16", "2021-02-28", "2021-04-01")],
    ):
        chosen = field_for([JAN, FEB, MAR], counted(JAN, FEB, MAR), imported(JAN, FEB, MAR), done, [])

        sources = {month: one.source for month, one in chosen.items()}
        assert sources == {JAN: "arxiv-api", FEB: "arxiv-api", MAR: "import"}


def test_a_month_neither_harvested_whole_nor_imported_is_partial_with_the_reason() -> None:
    """The failure of the harvest where there was one."""
    done = [asked("2021-01-01", "2021-01-31", "2021-04-20")]
    failed = [(window("2021-02-01", "2021-02-28"), "SourceUnavailable: status 503")]
    chosen = field_for([JAN, FEB, MAR], counted(JAN, FEB, MAR), {}, done, failed)

    assert [(one.status.value, one.reason, one.papers) for one in chosen.values()] == [
        ("complete", "", 100),
        ("partial", "SourceUnavailable: status 503", 100),
        ("partial", "not harvested whole", 100),
    ]


def test_a_month_harvested_while_it_lasted_goes_with_its_count() -> None:
    """It holds as much as there was: its status says that it is open."""
    chosen = field_for(
        [MAR],
        counted(MAR, status=MonthStatus.OPEN),
        {},
        [asked("2021-01-01", "2021-03-20", "2021-03-20")],
        [],
    )

    assert chosen[MAR].status is MonthStatus.OPEN


def test_a_month_asked_while_it_lasted_and_never_again_is_partial() -> None:
    """A later asking of other months does not make it whole."""
    done = [asked("2021-01-01", "2021-03-20", "2021-03-20"), asked("2021-04-01", "2021-04-30", "2021-06-01")]

    assert field_for([MAR], counted(MAR), {}, done, [])[MAR].status is MonthStatus.PARTIAL


def test_a_month_that_was_half_over_when_last_asked_is_partial_once_its_field_is_whole() -> None:
    """Five days of papers beside thirty days of field would look like a collapse."""
    half = [asked("2021-01-01", "2021-03-05", "2021-03-05")]
    failed = [(window("2021-02-23", "2021-04-15"), "MalformedFeed: HTML")]

    chosen = field_for([JAN, MAR], counted(JAN, MAR), {}, half, failed)
    assert [(one.status.value, one.reason) for one in chosen.values()] == [
        ("complete", ""),
        ("partial", "MalformedFeed: HTML"),
    ]
    assert field_for([MAR], counted(MAR), {}, half, [])[MAR].reason == "not harvested whole"


def test_a_failure_is_mended_by_harvests_of_all_its_days() -> None:
    """In one window or in several that meet; not by half of them."""
    failed = [(window("2021-01-10", "2021-02-10"), "SourceUnavailable: 503")]
    first = asked("2021-01-01", "2021-01-31", "2021-04-01")

    assert unmended(failed, [first]) == tuple(failed)
    assert unmended(failed, [first, asked("2021-02-01", "2021-02-28", "2021-04-01")]) == ()


def test_a_month_that_could_not_be_counted_stays_missing() -> None:
    """Its 0 papers are no count, harvested whole or not."""
    missing = counted(JAN, status=MonthStatus.MISSING)
    done = [asked("2021-01-01", "2021-01-31", "2021-04-01")]

    assert field_for([JAN], missing, {}, done, [])[JAN].status is MonthStatus.MISSING
    assert field_for([JAN], missing, {}, [], [])[JAN].status is MonthStatus.MISSING
    assert field_for([JAN], {}, {}, done, []) == {}


def test_a_month_that_could_not_be_counted_is_served_by_files() -> None:
    """Where the source gave no count, the imported field is one."""
    done = [asked("2021-01-01", "2021-01-31", "2021-04-01")]

    assert field_for([JAN], counted(JAN, status=MonthStatus.MISSING), imported(JAN), done, [])[JAN].source == "import"
