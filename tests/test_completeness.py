"""Which days are still to ask, and what each month of a field is worth."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from littriage.completeness import (
    LISTING,
    Arrivals,
    Asked,
    Listed,
    expected_growth,
    field_for,
    imported_field,
    late_papers,
    merged,
    pending_windows,
    unmended,
)
from littriage.idgaps import Audit, Hole
from littriage.model import Exposure, MonthStatus, Window
from littriage.trends import month_after, month_span

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


# --- the copy that listings keep current ------------------------------------------------------------------------

THREE = [(JAN, 10, end_of(JAN)), (FEB, 12, end_of(FEB)), (MAR, 8, date(2021, 3, 20))]


def listed(
    current_to: date | None, base_to: date | None = None, *, under_way: bool = False, records: int = 0, spec: str = "cs"
) -> Listed:
    return Listed(spec, base_to, current_to, under_way, records)


def copied(standing: Listed, today: date = date(2021, 4, 30)) -> list[tuple[date, int, str, str]]:
    return statuses(imported_field("cs.CL", THREE, {}, {"cs.CL": standing}, None, today))


def test_a_listed_month_is_complete_once_the_listing_has_passed_its_end_by_ten_days() -> None:
    """All that had changed before 12 March is held: January and February are complete, March is open."""
    found = copied(listed(date(2021, 3, 12)), date(2021, 3, 13))

    assert found == [
        (JAN, 10, "complete", ""),
        (FEB, 12, "complete", ""),
        (MAR, 8, "open", "listed up to 2021-03-12: papers may still arrive"),
    ]
    assert copied(listed(date(2021, 3, 10)))[1][2] == "open"


def test_months_after_the_last_listing_are_not_small_but_unknown() -> None:
    """Nobody looked: what came by chance is partial, and where nothing came it is missing."""
    months = [(JAN, 10, end_of(JAN)), (MAR, 1, date(2021, 3, 20))]
    field = imported_field("cs.CL", months, {}, {"cs.CL": listed(date(2021, 2, 15))}, None, date(2021, 4, 30))

    assert statuses(field) == [
        (JAN, 10, "complete", ""),
        (FEB, 0, "open", "listed up to 2021-02-15: papers may still arrive"),
        (MAR, 1, "partial", "not listed since 2021-02-15"),
        (APR, 0, "missing", "not listed since 2021-02-15"),
    ]
    assert {one.source for one in field} == {LISTING}


def test_months_of_an_imported_base_are_worth_what_the_file_is_worth() -> None:
    """To its last day, the month of that day included; the listing answers for those after it."""
    found = copied(listed(date(2021, 4, 30), base_to=date(2021, 2, 10)))

    assert [(status, reason) for _, _, status, reason in found] == [
        ("assumed", "nobody measured its completeness"),
        ("assumed", "nobody measured its completeness"),
        ("complete", ""),
        ("open", "listed up to 2021-04-30: papers may still arrive"),
    ]


def test_the_first_listing_makes_no_small_complete_months() -> None:
    """What it holds so far is partial, and the reason says how far it has come."""
    found = copied(listed(None, under_way=True, records=3500))

    assert {status for _, papers, status, _ in found if papers} == {"partial"}
    assert found[0][3] == "the listing of cs is under way: 3,500 records so far"


def test_an_imported_base_stands_while_it_is_being_caught_up_with() -> None:
    """Its whole months are worth what they were; the later ones are only as far as the listing has come."""
    found = copied(listed(None, base_to=date(2021, 2, 28), under_way=True, records=7))

    assert [status for _, _, status, _ in found] == ["assumed", "assumed", "partial", "partial"]
    noted_only = copied(listed(None, base_to=date(2021, 2, 28)))
    assert [status for _, _, status, _ in noted_only] == ["assumed", "assumed", "open"]


def test_a_set_of_categories_is_as_current_as_its_last() -> None:
    """And not current at all where nobody lists one of them."""
    both = {"cs.CL": listed(date(2021, 4, 1)), "stat.ML": listed(date(2021, 2, 20), spec="stat")}
    field = imported_field("cs.CL stat.ML", THREE, {}, both, None, date(2021, 3, 31))
    assert [one.status.value for one in field] == ["complete", "open", "partial"]

    alone = imported_field("cs.CL stat.ML", THREE, {}, {"cs.CL": listed(date(2021, 4, 30))}, None, date(2021, 4, 30))
    assert [(one.status.value, one.source) for one in alone] == [
        ("assumed", "import"),
        ("assumed", "import"),
        ("open", "import"),
    ]


def test_of_a_coverage_file_and_a_listing_the_better_counts() -> None:
    """A copy made twice holds what either holds: a listing mends what a file lacked, and does not spoil what it had."""
    letters = {("cs.CL", JAN): "S", ("cs.CL", FEB): "A", ("cs.CL", MAR): "M"}
    field = imported_field("cs.CL", THREE, letters, {"cs.CL": listed(date(2021, 2, 20))}, None, date(2021, 3, 31))

    assert [(one.status.value, one.source) for one in field] == [
        ("complete", LISTING),
        ("complete", "import"),
        ("partial", LISTING),
    ]


# --- the audit of the ids ---------------------------------------------------------------------------------------


def audited(month: date, held: int, lost: float = 0.0, numbers: int = 100_000) -> dict[date, Audit]:
    holes = (Hole(f"{month:%y%m}.00100", f"{month:%y%m}.00299", lost),) if lost else ()
    return {month: Audit(month, held, numbers, holes, 20)}


def test_a_month_that_lacks_ids_is_partial_whatever_else_is_assumed_of_it() -> None:
    """From half a percent of its papers on; of the whole copy, whatever the set of categories."""
    for standing in ({}, {"cs.CL": listed(date(2021, 4, 30))}):
        lacking = imported_field("cs.CL", THREE, {}, standing, audited(JAN, 9000, 180), date(2021, 3, 31))
        assert (lacking[0].status.value, lacking[0].reason) == (
            "partial",
            "ids 2101.00100 to 2101.00299 are missing: about 180 papers of 9,180",
        )
        few = imported_field("cs.CL", THREE, {}, standing, audited(JAN, 9000, 40), date(2021, 3, 31))
        assert few[0].status.comparable


def test_a_month_that_a_coverage_file_measured_keeps_its_letter() -> None:
    """Who measured knows better than a rule."""
    letters = {("cs.CL", JAN): "A", ("cs.CL", FEB): "A"}

    assert imported_field("cs.CL", THREE, letters, {}, audited(JAN, 9000, 180))[0].status is MonthStatus.COMPLETE


def test_a_month_without_a_gap_has_been_measured_by_its_ids() -> None:
    """Nobody need assume it; but only where its papers reach the end of the month."""
    dense = audited(JAN, 9900, numbers=10_000)
    assert statuses(imported_field("cs.CL", THREE, {}, {}, dense))[0] == (JAN, 10, "complete", "")

    cut = [(JAN, 10, date(2021, 1, 26)), *THREE[1:]]
    assert imported_field("cs.CL", cut, {}, {}, dense)[0].status is MonthStatus.ASSUMED


def test_a_month_that_ends_early_is_partial() -> None:
    """Ids say nothing of what lacks after the last: ten days without any of twenty papers a day do."""
    months = [(JAN, 400, date(2021, 1, 20)), (FEB, 500, end_of(FEB))]
    field = imported_field("cs.CL", months, {})

    assert statuses(field)[0] == (
        JAN, 400, "partial", "no paper after 2021-01-20: some 220 would be usual until its end",
    )  # fmt: skip
    for months in ([(JAN, 400, date(2021, 1, 28))], [(JAN, 400, JAN)], [(JAN, 12, date(2021, 1, 20))]):
        assert imported_field("cs.CL", [*months, (FEB, 500, end_of(FEB))], {})[0].status is MonthStatus.ASSUMED


# --- papers that arrive late ------------------------------------------------------------------------------------


def arrivals(looks: list[str], **months: dict[str, int]) -> Arrivals:
    """By month, such as m2021_01: day of storing -> papers."""
    seen = {
        date(int(name[1:5]), int(name[6:]), 1): {date.fromisoformat(day): papers for day, papers in days.items()}
        for name, days in months.items()
    }
    return Arrivals(seen, tuple(date.fromisoformat(look) for look in looks))


def test_papers_that_an_update_after_the_delay_could_not_bring_are_late() -> None:
    """January is due on 10 February: the update of the 14th may bring what it likes, the one of the 21st is late."""
    known = arrivals(
        ["2021-01-03", "2021-02-07", "2021-02-14", "2021-02-21"],
        m2021_01={"2021-01-03": 50, "2021-02-07": 40, "2021-02-14": 4, "2021-02-21": 3},
    )

    assert late_papers(JAN, known) == 3


def test_late_is_not_known_where_nobody_watched() -> None:
    """A backfill is not late, and a month that is not due yet has nothing late to show."""
    backfilled = arrivals(["2021-06-01", "2021-06-08"], m2021_01={"2021-05-25": 90, "2021-06-08": 1})
    assert late_papers(JAN, backfilled) is None
    assert late_papers(date(2021, 6, 1), backfilled) is None
    assert late_papers(JAN, arrivals([], m2021_01={"2021-05-25": 90})) is None


def watched(parts: list[float]) -> Arrivals:
    """Months since 2021-01 looked at on their 15th, their last day and the 15th after it, with half of `parts` seen."""
    seen: dict[date, dict[date | None, int]] = {}
    looks = []
    for month, part in zip(month_span(JAN, month_after(JAN, len(parts) - 1)), parts, strict=True):
        middle, end, after = month.replace(day=15), end_of(month), month_after(month).replace(day=15)
        looks += [middle, end, after]
        seen[month] = {middle: 400, end: round(1000 * part) - 400, after: 1000 - round(1000 * part)}
    now = month_after(JAN, len(parts))
    seen[now] = {now.replace(day=15): 400, end_of(now): 560}
    return Arrivals(seen, tuple(sorted({JAN, *looks, end_of(now)})))


def test_an_open_month_grows_as_the_watched_ones_did() -> None:
    """At the end of a month 96% had been seen of each: 1 / 0.96, and no doubt where all agree."""
    expected = expected_growth(month_after(JAN, 6), watched([0.96] * 6))

    assert expected is not None
    assert (round(expected.ratio, 4), round(expected.low, 4), round(expected.high, 4)) == (1.0417, 1.0417, 1.0417)
    assert expected.reason(960) == "960 held, about 4% more expected (4% to 4%)"


def test_the_interval_is_as_wide_as_the_months_differ() -> None:
    """For 0.94, 0.96 and 0.98: e^(0.0410 +- 1.886 x 0.0208 x sqrt(4/3)), and never below 1."""
    expected = expected_growth(month_after(JAN, 3), watched([0.94, 0.96, 0.98]))

    assert expected is not None
    assert round(expected.ratio, 4) == 1.0418
    assert (round(expected.low, 3), round(expected.high, 3)) == (1.0, 1.09)


def test_growth_needs_three_watched_months() -> None:
    """Two say nothing of how months differ; a month with papers of unknown day was not watched."""
    assert expected_growth(month_after(JAN, 2), watched([0.96] * 2)) is None

    unknown = watched([0.96] * 3)
    unknown.seen[FEB][None] = 1  # type: ignore[index]
    assert expected_growth(month_after(JAN, 3), unknown) is None
    assert expected_growth(JAN, Arrivals({}, ())) is None


def test_the_middle_of_a_month_is_compared_with_the_middle_of_others() -> None:
    """On the 15th 40% had been seen: a month of 28 days is as far on its 14th as one of 30 on its 15th."""
    known = watched([0.96] * 6)
    now = month_after(JAN, 6)
    looks = tuple(look for look in known.looks if look <= now.replace(day=15))
    expected = expected_growth(now, Arrivals(known.seen, looks))

    assert expected is not None
    assert 2.2 < expected.ratio < 2.8


@given(st.lists(st.floats(0.5, 1.0), min_size=3, max_size=20))
def test_growth_lies_within_its_interval(parts: list[float]) -> None:
    """And a month never shrinks."""
    expected = expected_growth(month_after(JAN, len(parts)), watched(parts))

    assert expected is not None
    assert 1.0 <= expected.low <= expected.ratio <= expected.high


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


# --- one instrument ---------------------------------------------------------------------------------------------


def copy_of(*months: date, status: MonthStatus = MonthStatus.COMPLETE) -> dict[date, Exposure]:
    return {month: Exposure("cs.CL", month, 90, status, LISTING) for month in months}


def test_a_copy_that_is_kept_current_serves_every_month() -> None:
    """Though the source counted them too and the direction was harvested whole: a series has one instrument."""
    done = [asked("2021-01-01", "2021-03-31", "2021-06-01")]
    field = {**copy_of(JAN, FEB), **copy_of(MAR, status=MonthStatus.OPEN)}

    assert field_for([JAN, FEB, MAR], counted(JAN, FEB, MAR), field, done, []) == field


def test_a_copy_that_was_given_up_gives_way_to_the_count() -> None:
    """The listing stopped in January, the harvest went on: its months have the count."""
    done = [asked("2021-01-01", "2021-03-31", "2021-06-01")]
    field = {**copy_of(JAN), **copy_of(FEB, MAR, status=MonthStatus.MISSING)}
    chosen = field_for([JAN, FEB, MAR], counted(JAN, FEB, MAR), field, done, [])

    assert {one.source for one in chosen.values()} == {"arxiv-api"}


def test_months_that_the_copy_does_not_speak_of_have_the_count() -> None:
    """And a direction that was never harvested has the copy."""
    chosen = field_for([JAN, FEB], counted(JAN), copy_of(FEB), [asked("2021-01-01", "2021-02-28", "2021-06-01")], [])
    assert [one.source for one in chosen.values()] == ["arxiv-api", LISTING]
    assert field_for([JAN], counted(JAN), copy_of(JAN), [], [])[JAN].source == LISTING
