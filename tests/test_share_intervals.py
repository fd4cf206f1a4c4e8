"""How far a share is uncertain because nobody has judged its papers: from probabilities to what a user reads."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

import published_fixture as fixture
from littriage.model import Exposure, MonthStatus, TrendPoint
from littriage.published import Published
from littriage.trends import MonthCount, trend_points
from littriage.verdicts import judge
from littriage.warehouse import Warehouse, derived
from littriage.warehouse.publishing import publish
from small_field import Run, runner
from test_publishing import META

APRIL = date(2021, 4, 1)


def point(papers: float, exposure: int, undecided: float | None) -> TrendPoint:
    return TrendPoint("demo", APRIL, papers, int(papers), exposure, MonthStatus.COMPLETE, undecided=undecided)


def add(warehouse: Warehouse, paper: str, probability: float, decided_by: str = "rule", **facts: Any) -> None:
    """A paper of April 2021 with a membership of `demo`."""
    any_ = facts.pop("probability_any", probability)
    known = {
        "title": "T", "abstract": "A.", "authors": ["A"], "categories": ["cs.CL"], "published": APRIL,
        "date_kind": "submitted", "month": APRIL, "text_hash": "h", "source": "s", "in_field": True,
    }  # fmt: skip
    warehouse.insert("paper", {"id": [paper]}, **(known | facts))
    warehouse.insert(
        "membership", {"paper_id": [paper]}, direction="demo", similarity=0.5, probability=probability,
        probability_any=any_, member=probability >= 0.5, rule="v1/fast", decided_by=decided_by, label="out",
    )  # fmt: skip


# --- the interval -----------------------------------------------------------------------------------------------


def test_the_interval_is_1_2816_deviations_wide():
    """10 papers of 100, variance 4: 10 -/+ 1.2816 x 2 of 100."""
    low, high = point(10, 100, 4.0).share_interval or (0, 0)

    assert (low, high) == (pytest.approx(0.074368), pytest.approx(0.125632))


def test_the_interval_at_its_edges():
    """Cut at 0; a point where all is decided; None where the variance is not known or the field is empty."""
    assert point(0.5, 100, 0.25).share_interval == (0.0, pytest.approx(0.011408))
    assert point(10, 100, 0.0).share_interval == (0.1, 0.1)
    assert point(10, 100, None).share_interval is None
    assert point(10, 0, 4.0).share_interval is None


@given(st.lists(st.floats(0, 1), max_size=60), st.integers(1, 10_000))
def test_the_share_lies_in_its_interval(probabilities: list[float], exposure: int):
    """Whatever the probabilities are."""
    papers, undecided = sum(probabilities), sum(p * (1 - p) for p in probabilities)
    one = point(papers, exposure, undecided)

    assert one.share is not None
    assert one.share_interval is not None
    low, high = one.share_interval
    assert 0 <= low <= one.share <= high


def test_an_empty_month_is_known_to_be_empty():
    """No paper, no doubt; a count whose variance nobody gave has no interval."""
    may = date(2021, 5, 1)
    fields = {month: Exposure("cs.CL", month, 50, MonthStatus.COMPLETE, "test") for month in (APRIL, may)}
    first, second = trend_points("demo", [APRIL, may], {APRIL: MonthCount(5.0, 5)}, fields)

    assert (first.undecided, first.share_interval) == (None, None)
    assert (second.papers, second.undecided, second.share_interval) == (0.0, 0.0, (0.0, 0.0))


def test_the_verdict_does_not_look_at_it():
    """Growth's fit is of the counts: the same months with more doubt give the same verdict."""
    months = [date(2019 + place // 12, place % 12 + 1, 1) for place in range(60)]
    series = {
        undecided: tuple(
            TrendPoint("demo", month, 20.0 + place, 20, 1000, MonthStatus.COMPLETE, undecided=undecided)
            for place, month in enumerate(months)
        )
        for undecided in (None, 0.0, 9.0)
    }

    one, two, three = (judge({"demo": points}, date(2024, 2, 1)) for points in series.values())
    assert one == two == three


# --- the sums ---------------------------------------------------------------------------------------------------


def test_only_papers_that_nobody_judged_add_variance(warehouse: Warehouse):
    """0.5 x 0.5 + 0.8 x 0.2 + 0.1 x 0.9 = 0.5; a person's and a model's word add none, however they are stored."""
    for paper, probability in (("1", 0.5), ("2", 0.8), ("3", 0.1)):
        add(warehouse, paper, probability)
    add(warehouse, "4", 1.0, "person")
    add(warehouse, "5", 0.0, "llm")
    add(warehouse, "6", 0.9, "llm")

    (months,) = derived.member_months(warehouse).values()
    assert months == {APRIL: MonthCount(3.3, 4, 0.5)}


def test_a_month_that_is_all_judged_has_no_doubt(warehouse: Warehouse):
    """Zero, not unknown."""
    add(warehouse, "1", 1.0, "person")

    assert derived.member_months(warehouse)["demo"] == {APRIL: MonthCount(1.0, 1, 0.0)}


def test_related_papers_count_with_their_own_probability(warehouse: Warehouse):
    """0.5 and 0.25 for core; 0.75 and 0.5 for core or related, whose variance is 0.1875 + 0.25."""
    add(warehouse, "1", 0.5, probability_any=0.75)
    add(warehouse, "2", 0.25, probability_any=0.5)

    assert derived.member_months(warehouse)["demo"] == {APRIL: MonthCount(0.75, 1, 0.4375)}
    assert derived.member_months(warehouse, related=True)["demo"] == {APRIL: MonthCount(1.25, 1, 0.4375)}


def test_the_order_of_papers_does_not_matter(warehouse: Warehouse, tmp_path: Path):
    """The same papers in another order give the same digits."""
    probabilities = {f"{number:03}": (number * 37 % 100) / 100 for number in range(10)}
    for paper, probability in probabilities.items():
        add(warehouse, paper, probability)
    with Warehouse.open(tmp_path / "other") as other:
        for paper, probability in sorted(probabilities.items(), key=lambda item: item[1]):
            add(other, paper, probability)
        assert derived.member_months(other) == derived.member_months(warehouse)

    exact = sum(p * (1 - p) for p in probabilities.values())
    assert derived.member_months(warehouse)["demo"][APRIL].undecided == pytest.approx(exact, abs=1e-5)


# --- published --------------------------------------------------------------------------------------------------


def test_the_variance_reaches_the_reader(warehouse: Warehouse):
    """Stored, published and read as it was; unknown stays unknown."""
    may = date(2021, 5, 1)
    points = (point(10, 100, 4.0), TrendPoint("demo", may, 1.0, 1, 50, MonthStatus.OPEN, "why", None))
    warehouse.insert("theme", {"slug": ["t"]}, name="T", name_zh="T")
    warehouse.insert(
        "direction",
        {"slug": ["demo"]},
        theme="t",
        name="D",
        name_zh="D",
        scope="s",
        category_set="",
        field="",
        query="q",
    )
    derived.store_trends(warehouse, {"demo": points})
    publish(warehouse, {**META, "published_at": "", "last_month": ""}, date(2021, 6, 1))

    with Published.open(warehouse.folder) as published:
        assert published.trend("demo") == points
        assert published.trends() == {"demo": points}


def older(folder: Path) -> Path:
    """A published file of before the variance was kept."""
    fixture.publish(folder)
    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        connection.execute("alter table trend_point drop column undecided")
    return folder


def test_an_older_file_is_still_read(tmp_path: Path):
    """It has the months, and no interval: missing is not zero."""
    with Published.open(older(tmp_path)) as published:
        one = published.trend("parsing")[0]
        columns, rows = published.table("export/trends")

    assert (one.papers, one.share, one.undecided, one.share_interval) == (20.0, 0.02, None, None)
    first = dict(zip(columns, rows[0], strict=True))
    assert (first["share"], first["share_low"], first["share_high"]) == (0.002, None, None)
    assert len(rows) == 4 * 127


# --- shown ------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return runner(tmp_path, capfd, monkeypatch)


def test_the_trend_shows_the_interval(run: Run, tmp_path: Path):
    """A column in both languages; in an older file a dash, and null for programs."""
    fixture.publish(tmp_path / "warehouse")
    half = 1.2816 * 5**0.5 / 1000

    out = run("trend", "parsing")[1]
    assert "share (80%)" in out
    assert f"2.00%  {100 * (0.02 - half):.2f}% to {100 * (0.02 + half):.2f}%" in out
    assert "份额（80% 区间）" in run("trend", "parsing", "--lang", "zh")[1]
    month = json.loads(run("trend", "parsing", "--json")[1])["months"][0]
    assert (month["share_low"], month["share_high"]) == (pytest.approx(0.02 - half), pytest.approx(0.02 + half))

    older(tmp_path / "older")
    month = json.loads(run("trend", "parsing", "--json", "--warehouse", str(tmp_path / "older"))[1])["months"][0]
    assert (month["share"], month["share_low"], month["share_high"]) == (0.02, None, None)


def test_the_export_is_what_the_model_says(run: Run, tmp_path: Path):
    """SQL and Python compute the same interval, to the digits that CSV keeps."""
    folder = fixture.publish(tmp_path / "warehouse")
    rows = list(csv.DictReader(io.StringIO(run("export", "trends")[1])))
    with Published.open(folder) as published:
        points = [one for series in published.trends().values() for one in series]

    assert list(rows[0]) == [
        "direction", "month", "papers", "members", "exposure", "share", "share_low", "share_high", "status", "reason",
    ]  # fmt: skip
    assert len(rows) == len(points) == 4 * 127
    for row, one in zip(rows, points, strict=True):
        assert one.share_interval is not None
        assert (float(row["share_low"]), float(row["share_high"])) == pytest.approx(one.share_interval, rel=1e-5)
