"""The fields of a warehouse: which of their months the copy tells whole, and what is said without writing anything."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from littriage import configuration, wiring
from littriage.errors import EmptyWarehouse, NoWarehouse
from littriage.fields import Fields, end_of_record, weighed
from littriage.identity import all_names
from littriage.model import Catalogue, Direction, MonthStatus, Query, Theme
from littriage.pipeline import weigh
from littriage.progress import Quiet
from littriage.run import Run
from littriage.trends import month_after, month_span
from littriage.warehouse import Warehouse

SOURCE = "arxiv-api"
MONTHS = month_span(date(2018, 1, 1), date(2020, 12, 1))
TODAY = date(2021, 1, 20)
TREES = Direction("trees", "t", "Trees", "树", "Parse trees.", Query((("parse tree",),), (), ("cs.CL",)))
BOTH = Direction("graphs", "t", "Graphs", "图", "Word graphs.", Query((("word graph",),), (), ("cs.CL", "cs.LG")))
CATALOGUE = Catalogue((Theme("t", "Language", "语言", "Words."),), (TREES, BOTH))


def fill(warehouse: Warehouse, category: str = "cs.CL", each: int = 3) -> None:
    """So many papers a month of the copy, ids without a gap, the first of them a member of both directions."""
    places = [(month, number) for month in MONTHS for number in range(1, each + 1)]
    ids = [f"{month:%y%m}.{number:05}" for month, number in places]
    days = [month_after(month) - timedelta(days=1) for month, _ in places]
    warehouse.insert(
        "paper", {"id": ids, "published": days, "month": [month for month, _ in places]}, title="A title",
        abstract="An abstract.", authors=["Ada B."], categories=[category], date_kind="submitted", text_hash="h",
        source="test", in_field=True,
    )  # fmt: skip
    members = [id_ for id_, (_, number) in zip(ids, places, strict=True) if number == 1]
    for slug in ("trees", "graphs"):
        warehouse.insert(
            "membership", {"paper_id": members}, direction=slug, similarity=0.5, probability=0.75, member=True,
            rule="v2/fast",
        )  # fmt: skip


def run_of(warehouse: Warehouse, as_of: date | None = None) -> Run:
    return Run(warehouse, CATALOGUE, TODAY, lambda: datetime(2021, 1, 20), Quiet(), as_of)


def state(warehouse: Warehouse, category: str, letters: str) -> None:
    """State one month after the other to be whole (A) or a biased sample (S)."""
    warehouse.insert(
        "coverage", {"month": list(MONTHS[: len(letters)]), "status": list(letters)}, category=category, recall="",
        source="test",
    )  # fmt: skip


def test_a_month_that_is_not_whole_is_not_usable(warehouse: Warehouse) -> None:
    fill(warehouse)
    state(warehouse, "cs.CL", "A" * 30 + "S" + "A" * 5)

    assert Fields(run_of(warehouse), SOURCE).usable("cs.CL", TODAY) == frozenset(MONTHS) - {MONTHS[30]}


def test_a_month_that_has_not_settled_is_not_usable_yet(warehouse: Warehouse) -> None:
    fill(warehouse)
    fields = Fields(run_of(warehouse), SOURCE)

    assert max(fields.usable("cs.CL", date(2020, 7, 5))) == date(2020, 5, 1)
    assert max(fields.usable("cs.CL", date(2020, 7, 31))) == date(2020, 6, 1)
    assert fields.usable("cs.CL", date(2017, 1, 1)) == frozenset()


def test_a_field_that_was_only_counted_is_measured_but_no_copy(warehouse: Warehouse) -> None:
    """Its share can be told; what else its papers are about cannot."""
    fill(warehouse)
    warehouse.connection.execute("update paper set in_field = false")
    counted = {"category_set": "cs.CL", "papers": 30, "status": "complete", "source": SOURCE, "reason": ""}
    warehouse.insert("exposure", {"month": list(MONTHS)}, **counted)
    fields = Fields(run_of(warehouse), SOURCE)

    assert {one.status for one in fields.months("cs.CL", TODAY)} == {MonthStatus.COMPLETE}
    assert fields.usable("cs.CL", TODAY) == frozenset()


def test_a_direction_is_measured_where_its_months_are_whole(warehouse: Warehouse) -> None:
    """Of cs.LG there is but a sample: a direction of both categories is measured in cs.CL alone."""
    fill(warehouse)
    state(warehouse, "cs.CL", "A" * len(MONTHS))
    state(warehouse, "cs.LG", "S" * len(MONTHS))

    found = weighed(run_of(warehouse), SOURCE)

    assert found.fields == {"trees": "cs.CL", "graphs": "cs.CL"}
    assert found.usable == {"cs.CL": frozenset(MONTHS)}
    assert found.months == MONTHS
    assert [(point.papers, point.exposure) for point in found.points["graphs"]] == [(0.75, 3)] * len(MONTHS)
    assert {one.category_set for one in found.field_months} == {"cs.CL"}


def test_weighing_says_the_same_without_writing(warehouse: Warehouse) -> None:
    """Nothing is written by `weighed`; the stage stores what it says."""
    fill(warehouse)
    run = run_of(warehouse)
    found = weighed(run, SOURCE)
    assert run.points == {}
    assert warehouse.connection.execute("select count(*) from trend_point").fetchall() == [(0,)]

    weigh(run, SOURCE)

    assert (run.points, run.fields, run.usable, run.as_of) == (found.points, found.fields, found.usable, found.as_of)
    assert warehouse.connection.execute("select count(*) from trend_point").fetchall() == [(2 * len(MONTHS),)]


def test_the_run_is_as_of_the_day_that_was_asked_for(warehouse: Warehouse) -> None:
    fill(warehouse)

    found = weighed(run_of(warehouse, date(2019, 8, 1)), SOURCE)

    assert found.as_of == date(2019, 8, 1)
    assert found.months[-1] == date(2019, 7, 1)
    assert max(found.usable["cs.CL"]) == date(2019, 6, 1)


def test_a_record_that_ended_long_ago_ends_the_run_with_it(warehouse: Warehouse) -> None:
    fill(warehouse)
    fields = Fields(run_of(warehouse), SOURCE)

    assert end_of_record([fields.of("cs.CL")], TODAY) == TODAY
    late = end_of_record([fields.of("cs.CL")], date(2023, 3, 3))
    assert (late, month_after(MONTHS[-1])) == (date(2021, 1, 11), date(2021, 1, 1))
    assert end_of_record([], TODAY) == TODAY


def test_a_record_without_papers_or_counts_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(EmptyWarehouse, match="knows the size of no field"):
        weighed(run_of(warehouse), SOURCE)


def test_a_category_has_all_its_names() -> None:
    assert all_names("cs.CL stat.ML") == ["cs.CL", "cmp-lg", "stat.ML"]
    assert all_names("") == []


def test_a_warehouse_can_be_looked_at_without_a_run(tmp_path: Path) -> None:
    """It is opened for reading: nothing can be stored, and a folder without a warehouse stays empty."""
    settings = configuration.Settings(warehouse=tmp_path / "warehouse")
    with pytest.raises(NoWarehouse), wiring.reading_run(settings):
        pass
    assert not settings.warehouse.exists()
    with Warehouse.open(settings.warehouse) as warehouse:
        fill(warehouse)

    with wiring.reading_run(settings, TODAY) as run:
        assert Fields(run, SOURCE).usable("cs.CL", TODAY) == frozenset(MONTHS)
        with pytest.raises(Exception, match="read-only"):
            run.record("running")
