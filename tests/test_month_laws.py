"""Laws of months and verdicts: what lacks in a harvest never passes for what research does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fakes import FakeClock
from littriage import idgaps
from littriage.channels import harvest_field
from littriage.completeness import Asked, field_for, imported_field
from littriage.harvest import month_window
from littriage.model import (
    Attempt,
    Catalogue,
    Direction,
    Exposure,
    MonthStatus,
    Paper,
    Query,
    Stage,
    Theme,
    TrendPoint,
    Verdict,
    Window,
)
from littriage.pipeline import give_verdicts, publish, weigh
from littriage.progress import Quiet
from littriage.published import Published
from littriage.replica import Replica
from littriage.run import Run
from littriage.sources.oai_pmh import OaiPmh
from littriage.trends import field_status, month_span, trend_points
from littriage.verdicts import judge, reason_text
from littriage.warehouse import Warehouse, ledger

AS_OF = date(2020, 1, 11)
MONTHS = month_span(date(2014, 1, 1), date(2019, 12, 1))
UP = {Stage.RISING, Stage.HOT, Stage.EMERGING}
IDS = 4000
"""Numbers that arXiv gives in a month."""

Papers = Mapping[str, NDArray[np.int64]]
"""Papers of each direction, a number for each month."""


@cache
def record() -> tuple[Papers, NDArray[np.int64]]:
    """Sixty directions of 10 to 400 papers a year, half of them growing, and the field of 1,000 papers a month."""
    rng = np.random.default_rng(7)
    years = (np.arange(len(MONTHS)) - len(MONTHS)) / 12
    directions = {}
    for number in range(60):
        rate = np.exp(rng.uniform(2.3, 6)) / 12 * np.exp((0.4 if number % 2 else 0.1 * rng.normal()) * years)
        directions[f"d{number:02}"] = rng.poisson(rate)
    return directions, np.full(len(MONTHS), 1000)


def stages(field: Iterable[Exposure], papers: Papers) -> dict[str, Stage]:
    by_month = {one.month: one for one in field}
    series = {
        slug: trend_points(slug, MONTHS, dict(zip(MONTHS, [(float(n), int(n)) for n in counts], strict=True)), by_month)
        for slug, counts in papers.items()
    }
    return {verdict.direction: verdict.stage for verdict in judge(series, AS_OF)}


def exposures(papers: NDArray[np.int64], status: MonthStatus, source: str) -> dict[date, Exposure]:
    return {
        month: Exposure("cs.LG", month, int(count), status, source)
        for month, count in zip(MONTHS, papers, strict=True)
    }  # fmt: skip


@cache
def undisturbed() -> dict[str, Stage]:
    papers, field = record()
    return stages(exposures(field, MonthStatus.ASSUMED, "import").values(), papers)


def lost_part(outage: Window) -> NDArray[np.float64]:
    """The part of each month's days that lies in the outage."""
    parts = []
    for month in MONTHS:
        days = month_window(month)
        lost = (min(days.end, outage.end) - max(days.start, outage.start)).days + 1
        parts.append(max(0, lost) / days.end.day)
    return np.array(parts)


def thinned(counts: NDArray[np.int64], lost: NDArray[np.float64], seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).binomial(counts, 1 - lost)


def two_weeks(days_before_the_end: int) -> Window:
    start = date(2020, 1, 1) - timedelta(days=days_before_the_end)
    return Window(start, start + timedelta(days=13))


OUTAGES = [two_weeks(days) for days in (14, 20, 38, 100, 190, 400, 800)]


def after(outage: Window, field: Iterable[Exposure]) -> dict[str, Stage]:
    papers, _ = record()
    lost = lost_part(outage)
    return stages(field, {slug: thinned(counts, lost, place) for place, (slug, counts) in enumerate(papers.items())})


def turned(stages: Mapping[str, Stage]) -> list[str]:
    """Directions that went up and are now said to decline."""
    return [slug for slug, stage in undisturbed().items() if stage in UP and stages[slug] is Stage.DECLINING]


def test_the_record_has_directions_to_lose() -> None:
    """The laws below would be empty otherwise."""
    found = list(undisturbed().values())

    assert sum(stage in UP for stage in found) >= 15
    assert {Stage.DECLINING, Stage.PLATEAU} & set(found)


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: str(outage.start))
def test_an_outage_that_the_ledger_knows_turns_nothing(outage: Window) -> None:
    """The windows failed and the source counts the whole field: the months are partial, not small."""
    _, field = record()
    counted = exposures(field, MonthStatus.COMPLETE, "arxiv-api")
    before, behind = outage.start - timedelta(days=1), outage.end + timedelta(days=1)
    asked = [Asked(Window(MONTHS[0], before), AS_OF), Asked(Window(behind, AS_OF), AS_OF + timedelta(days=30))]
    chosen = field_for(MONTHS, counted, {}, asked, [(outage, "SourceUnavailable: status 503")])

    lacking = [month for month, one in chosen.items() if one.status is MonthStatus.PARTIAL]
    assert lacking == [month for month, part in zip(MONTHS, lost_part(outage), strict=True) if part]
    assert turned(after(outage, chosen.values())) == []


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: str(outage.start))
def test_an_outage_that_only_the_ids_know_turns_nothing(outage: Window) -> None:
    """Nobody noted it: the run of ids has a hole, or the month ends early, and the months are partial."""
    rng = np.random.default_rng(outage.start.toordinal())
    sequences, held = [], []
    for month in MONTHS:
        days = month_window(month)
        numbers = np.sort(rng.choice(IDS, 1000, replace=False)) + 1
        day = days.start.toordinal() + (numbers - 1) * days.end.day // IDS
        kept = (day < outage.start.toordinal()) | (day > outage.end.toordinal())
        sequences.append(idgaps.Sequence(month, "", numbers[kept].astype(np.int32)))
        held.append((month, int(kept.sum()), date.fromordinal(int(day[kept].max()))))
    found = {one.month: one for one in idgaps.audits(sequences)}
    field = field_status(imported_field("cs.LG", held, {}, {}, found), AS_OF)

    lost = dict(zip(MONTHS, lost_part(outage), strict=True))
    assert {one.month for one in field if one.status is MonthStatus.ASSUMED} == {m for m in MONTHS if not lost[m]}
    assert turned(after(outage, field)) == []


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: str(outage.start))
def test_an_outage_that_nobody_knows_turns_nothing(outage: Window) -> None:
    """Papers of direction and field are lost alike, and every month passes for whole: shares stand it."""
    _, field = record()
    small = exposures(thinned(field, lost_part(outage), 1), MonthStatus.COMPLETE, "import")

    assert turned(after(outage, small.values())) == []


@pytest.mark.parametrize("seed", range(4))
def test_every_paper_twice_changes_no_stage(seed: int) -> None:
    """Members and field of each month, twice: no verdict rests on how finely papers are counted."""
    rng = np.random.default_rng(seed)
    papers = {f"d{n:02}": rng.poisson(np.exp(rng.uniform(0.5, 5)) / 12, len(MONTHS)) for n in range(50)}
    once = exposures(np.full(len(MONTHS), 1000), MonthStatus.COMPLETE, "import")
    twice = exposures(np.full(len(MONTHS), 2000), MonthStatus.COMPLETE, "import")
    found = stages(once.values(), papers)

    assert {Stage.TOO_LITTLE_DATA, Stage.PLATEAU} <= set(found.values())
    assert stages(twice.values(), {slug: 2 * counts for slug, counts in papers.items()}) == found


def test_the_order_of_months_and_directions_changes_nothing() -> None:
    """Shuffled, the same stages."""
    papers, field = record()
    whole = list(exposures(field, MonthStatus.ASSUMED, "import").values())
    rng = np.random.default_rng(1)
    shuffled = [list(papers)[place] for place in rng.permutation(len(papers))]

    found = stages([whole[place] for place in rng.permutation(len(whole))], {slug: papers[slug] for slug in shuffled})
    assert found == undisturbed()


# --- the same in the warehouse ----------------------------------------------------------------------------------

SPREAD = Direction(
    "spread", "t", "Spread", "散", "All over the month.", Query((("spread",),), (), ("cs.LG",)),
)  # fmt: skip
MEETING = Direction(
    "meeting", "t", "Meeting", "聚", "All in one block of ids.", Query((("meeting",),), (), ("cs.LG",)),
)  # fmt: skip
CATALOGUE = Catalogue((Theme("t", "Theme", "主题", "Both."),), (MEETING, SPREAD))
BLOCK = range(1001, 1201)
"""Where the papers of the meeting have their ids, month by month."""
HIT_MONTH = date(2019, 11, 1)

Row = tuple[str, date, date, str]
"""Id, month, day, direction."""


@cache
def corpus() -> tuple[Row, ...]:
    """Four years, a quarter of the ids of each month; 30 papers of each direction in every one."""
    rng = np.random.default_rng(3)
    rows: list[Row] = []
    for month in MONTHS[-48:]:
        numbers = (np.sort(rng.choice(IDS, IDS // 4, replace=False)) + 1).tolist()
        inside = [number for number in numbers if number in BLOCK]
        outside = [number for number in numbers if number not in BLOCK]
        meeting, spread = set(inside[:30]), set(outside[:: len(outside) // 29])
        for number in numbers:
            slug = "meeting" if number in meeting else "spread" if number in spread else ""
            day = month + timedelta(days=number * month_window(month).end.day // (IDS + 1))
            rows.append((f"{month:%y%m}.{number:05}", month, day, slug))
    return tuple(rows)


Judged = tuple[dict[str, Verdict], dict[str, tuple[TrendPoint, ...]]]
"""Verdicts and months by direction."""


def store(warehouse: Warehouse, rows: Iterable[Row], seen: Mapping[str, date] | None = None) -> None:
    """Put the papers and their memberships in; `seen` tells when they were first stored."""
    used = list(rows)
    warehouse.insert(
        "paper",
        {
            "id": [id_ for id_, *_ in used],
            "month": [month for _, month, _, _ in used],
            "published": [day for _, _, day, _ in used],
            "first_seen": [(seen or {}).get(id_) for id_, *_ in used],
        },
        title="T",
        abstract="A.",
        authors=["A"],
        categories=["cs.LG"],
        date_kind="submitted",
        text_hash="h",
        source="s",
        in_field=True,
    )
    store_members(warehouse, used)


def store_members(warehouse: Warehouse, used: Sequence[Row]) -> None:
    """Let the papers belong to their directions."""
    warehouse.insert(
        "membership",
        {
            "paper_id": [id_ for id_, _, _, slug in used if slug],
            "direction": [slug for _, _, _, slug in used if slug],
        },
        similarity=0.5,
        probability=0.9,
        member=True,
        rule="v1/fast",
    )


def weighed(warehouse: Warehouse, today: date, as_of: date | None = None) -> Judged:
    """What the warehouse says on that day; published too."""
    run = Run(warehouse, CATALOGUE, today, lambda: datetime.combine(today, time()), Quiet(), as_of)
    weigh(run, "arxiv-api")
    give_verdicts(run)
    publish(run, {})
    return {one.direction: one for one in run.verdicts}, {slug: tuple(points) for slug, points in run.points.items()}


def judged(folder: Path, rows: Iterable[Row]) -> Judged:
    """What an import of these papers says."""
    with Warehouse.open(folder) as warehouse:
        store(warehouse, rows)
        return weighed(warehouse, date(2020, 2, 1), AS_OF)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judged(tmp_path_factory.mktemp("whole"), corpus())


def without_block() -> list[Row]:
    return [row for row in corpus() if row[1] != HIT_MONTH or int(row[0][5:]) not in BLOCK]


def test_a_lost_block_of_ids_is_a_partial_month_and_no_decline(whole: Judged, tmp_path: Path) -> None:
    """Two hundred ids of one month: every paper of the meeting, and a few of the other. Both are told of it."""
    verdicts, points = judged(tmp_path, without_block())

    for slug in ("meeting", "spread"):
        before, after_ = whole[0][slug], verdicts[slug]
        assert before.stage is after_.stage is Stage.PLATEAU
        (lacking,) = [one for one in points[slug] if not one.status.comparable]
        assert (lacking.month, lacking.status) == (HIT_MONTH, MonthStatus.PARTIAL)
        assert lacking.reason.startswith("ids 1911.0")
        assert "1 of the last 12 months lack papers: 2019-11" in [reason_text(one) for one in after_.reasons]
    assert [one.members for one in points["meeting"] if one.month == HIT_MONTH] == [0]
    with Published.open(tmp_path) as published:
        (gap,) = published.gaps("meeting")
        (month,) = [one for one in published.field_months("cs.LG")["cs.LG"] if one.status is MonthStatus.PARTIAL]
    assert gap.reason == month.reason
    assert (month.month, month.source, month.late, month.reported) == (HIT_MONTH, "import", None, None)
    lost = sum(row[1] == HIT_MONTH for row in corpus()) - month.held
    assert month.lost == pytest.approx(lost, abs=8)


def test_a_block_that_a_listing_does_not_bring_is_a_partial_month_and_no_decline(tmp_path: Path) -> None:
    """The same by OAI-PMH, from a service that has lost the block: its listing ends well, and yet the ids tell."""
    clock = FakeClock(day=date(2020, 2, 1))
    papers = [Paper(id_, "T", "A.", ("A",), ("cs.LG",), day, 1) for id_, _, day, _ in without_block()]
    with Warehouse.open(tmp_path / "warehouse") as warehouse, Replica(papers) as replica:
        source = OaiPmh(clock=clock, state_folder=tmp_path, address=replica.oai_address)
        run = Run(warehouse, CATALOGUE, clock.today(), clock.now, Quiet())
        harvest_field(run, source, ["cs"])
        source.close()
        store_members(warehouse, without_block())
        verdicts, points = weighed(warehouse, clock.today(), AS_OF)

    assert not run.failures
    for slug in ("meeting", "spread"):
        (lacking,) = [one for one in points[slug] if one.status is MonthStatus.PARTIAL]
        assert lacking.month == HIT_MONTH
        assert lacking.reason.startswith("ids 1911.0")
        assert verdicts[slug].stage is not Stage.DECLINING


def test_a_loss_that_the_ids_do_not_show_passes_for_a_month_without_papers(tmp_path: Path) -> None:
    """What the audit is for: numbered anew without a gap, the same month counts, with no paper of the meeting."""
    counted: Counter[date] = Counter()
    blind = []
    for _, month, day, slug in without_block():
        counted[month] += 1
        blind.append((f"{month:%y%m}.{counted[month]:05}", month, day, slug))
    _, points = judged(tmp_path, blind)

    (month_,) = [one for one in points["meeting"] if one.month == HIT_MONTH]
    assert (month_.status, month_.members) == (MonthStatus.COMPLETE, 0)


def test_the_order_of_papers_changes_nothing(whole: Judged, tmp_path: Path) -> None:
    """The same verdicts, to the last bit."""
    order = np.random.default_rng(2).permutation(len(corpus()))

    assert judged(tmp_path, [corpus()[place] for place in order]) == whole


def test_every_paper_stored_twice_changes_no_stage(whole: Judged, tmp_path: Path) -> None:
    """Twice the members in twice the field."""
    twins = [(f"{row[0][:5]}{2 * int(row[0][5:]) - twin:05}", *row[1:]) for row in corpus() for twin in (0, 1)]
    verdicts, points = judged(tmp_path, twins)

    assert {slug: one.stage for slug, one in verdicts.items()} == {slug: one.stage for slug, one in whole[0].items()}
    assert points["meeting"][5].exposure == 2 * whole[1]["meeting"][5].exposure


# --- a copy that listings keep current --------------------------------------------------------------------------

LOOKS = [date(2019, 5, 26) + timedelta(weeks=week) for week in range(34)]
"""Sundays, the last one 2020-01-12."""
BACKFILLED = date(2019, 5, 19)


def first_seen(id_: str, day: date) -> date:
    """On the first Sunday two days after it was submitted; of every hundredth, 48 days later."""
    late = 48 if id_.endswith("00") else 0
    return next((look for look in [BACKFILLED, *LOOKS] if look >= day + timedelta(days=2 + late)), date.max)


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Warehouse]:
    """The same papers and half of January, listed for the first time in May and every Sunday since."""
    january = [
        (f"2001.{int(id_[5:]):05}", date(2020, 1, 1), day.replace(year=2020, month=1), slug)
        for id_, month, day, slug in corpus()
        if month == date(2019, 12, 1)
    ]
    arrived = {id_: first_seen(id_, day) for id_, _, day, _ in (*corpus(), *january)}
    held = [row for row in (*corpus(), *january) if arrived[row[0]] <= LOOKS[-1]]
    with Warehouse.open(tmp_path) as warehouse:
        store(warehouse, held, arrived)
        ledger.store_listing(
            warehouse,
            ledger.Listing("cs", since=LOOKS[-2], started_on=LOOKS[-1], base="listing", current_to=LOOKS[-1]),
        )
        for before, look in zip([None, BACKFILLED, *LOOKS], [BACKFILLED, *LOOKS], strict=False):
            attempt = Attempt("records", "", 1, datetime.combine(look, time(12)), 0.0, 1.0)
            ledger.store_attempts(warehouse, [attempt], source="oai-pmh", subject="cs", first_day=before, last_day=None)
        yield warehouse


def test_a_copy_that_listings_keep_current_says_what_each_month_is_worth(followed: Warehouse) -> None:
    """Complete to December; January is open, and grows as the months before it did at that age."""
    verdicts, points = weighed(followed, date(2020, 1, 15))

    assert {one.status for one in points["spread"]} == {MonthStatus.COMPLETE}
    assert points["spread"][-1].month == date(2019, 12, 1)
    assert {one.stage for one in verdicts.values()} == {Stage.PLATEAU}
    with Published.open(followed.folder) as published:
        *settled, december, january = published.field_months()["cs.LG"]
    assert (december.status, december.source) == (MonthStatus.COMPLETE, "oai-pmh")
    assert (january.month, january.status) == (date(2020, 1, 1), MonthStatus.OPEN)
    assert january.growth is not None
    assert january.growth_low is not None
    assert january.growth_high is not None
    assert january.growth_low <= 31 / 10 <= january.growth_high, "ten of its days have been announced"
    percent = f"{100 * (january.growth - 1):.0f}%"
    assert january.reason.startswith(
        f"listed up to 2020-01-12: papers may still arrive; {january.held} held, about {percent} more expected ("
    )
    late = {one.month: one.late for one in settled}
    assert late[date(2019, 3, 1)] is None, "nobody watched then"
    october = [id_ for id_, month, _, _ in corpus() if month == date(2019, 10, 1) and id_.endswith("00")]
    assert 0 < (late[date(2019, 10, 1)] or 0) <= len(october)


def test_a_listing_that_stopped_makes_no_decline(followed: Warehouse) -> None:
    """Half a year later nothing has been listed since: the verdict is that of the last month that was."""
    followed.connection.execute("update oai_list set current_to = date '2019-11-30'")
    verdicts, points = weighed(followed, date(2020, 7, 1))

    lacking = {one.month: (one.status, one.reason) for one in points["spread"] if not one.status.comparable}
    assert lacking == {}
    assert {one.last_month for one in verdicts.values()} == {date(2019, 10, 1)}
    assert Stage.DECLINING not in {one.stage for one in verdicts.values()}
    asked_now, points = weighed(followed, date(2020, 7, 1), as_of=date(2020, 7, 1))
    lacking = {one.month: (one.status, one.reason) for one in points["spread"] if not one.status.comparable}
    assert lacking[date(2019, 12, 1)] == (MonthStatus.PARTIAL, "not listed since 2019-11-30")
    assert lacking[date(2020, 6, 1)] == (MonthStatus.MISSING, "not listed since 2019-11-30")
    assert {one.stage for one in asked_now.values()} == {Stage.NOT_MEASURABLE}


def test_papers_that_only_a_query_brought_stay_out_of_the_copy(followed: Warehouse) -> None:
    """Numerator and field come from the same place: a share does not rise because a query knows more papers."""
    before = weighed(followed, date(2020, 1, 15))[1]["spread"][-1]
    followed.connection.execute(
        "insert into paper by name select * replace ('1912.09999' as id, false as in_field) from paper limit 1"
    )
    followed.connection.execute("update paper set month = date '2019-12-01' where id = '1912.09999'")
    followed.connection.execute(
        "insert into membership by name select * replace ('1912.09999' as paper_id, 'spread' as direction) "
        "from membership limit 1"
    )

    assert weighed(followed, date(2020, 1, 15))[1]["spread"][-1] == before
