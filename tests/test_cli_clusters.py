"""`clusters`: what became of sub-topics, and making them anew."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

import published_fixture as fixture
from littriage.cli import main
from littriage.cli.messages import TEXTS
from littriage.warehouse import Warehouse
from paper_files import parquet, row
from small_field import runner

Run = Callable[..., tuple[int, str, str]]

FIRST, SECOND, BORN = date(2024, 1, 7), date(2025, 3, 2), date(2025, 5, 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Charts were made anew once, since when one sub-topic was born; parsing was taken over."""
    folder = fixture.publish(tmp_path / "published")
    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        connection.execute("update cluster set born_on = ? where number = 2", [BORN])
        for version in (
            ("chart-reading", 1, FIRST, "first", 30, "m@1", "v1", None, None, None),
            ("chart-reading", 2, SECOND, "asked", 900, "m@1", "v1", 3, 2, "unassigned"),
            ("parsing", 1, FIRST, "taken over", 8, "m@1", "v1", 8, 0, ""),
        ):
            connection.execute(f"insert into cluster_set values ({', '.join('?' * 10)})", version)
        for event in (
            ("chart-reading", 2, SECOND, "splits", [1], [1, 4], [20, 9]),
            ("chart-reading", 2, SECOND, "continues", [1], [1], [20]),
            ("chart-reading", 2, SECOND, "merges", [2, 3], [5], [7, 1200]),
            ("chart-reading", 2, SECOND, "dies", [6], [], []),
            ("chart-reading", 2, BORN, "born", [], [2], []),
        ):
            connection.execute("insert into cluster_event values (?, ?, ?, ?, ?, ?, ?)", event)
        connection.execute(
            "insert into cluster_overlap values ('chart-reading', 2, 1, 1, 20), ('chart-reading', 2, null, 4, 3)"
        )
    return folder


@pytest.fixture
def run(folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("LITTRIAGE_WAREHOUSE", str(folder))
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        sys.stdout.flush()
        return ended.value.code or 0, *capfd.readouterr()  # type: ignore[return-value]

    return run


def test_lineage_of_a_direction(run: Run) -> None:
    """Every version with what it did to the sub-topics, by number and name, and the papers that they share."""
    code, out, err = run("clusters", "lineage", "chart-reading")

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "chart-reading: version 1 of 2024-01-07, made of 30 papers: the first",
        "chart-reading: version 2 of 2025-03-02, made of 900 papers: asked for",
        "  2025-03-02: 1 (bar charts) [20] goes on",
        "  2025-03-02: 1 (bar charts) splits into 1 (bar charts) [20], 4 [9]",
        "  2025-03-02: 2 (Reading maps) [7], 3 [1,200] merge into 5",
        "  2025-03-02: 6 dies",
        "  2025-05-04: 2 (Reading maps) is born",
        "In none of them: 2 of 5 papers",
        'Making them anew is advised, since many papers are in none of them: "littriage clusters rebaseline '
        'chart-reading"',
    ]


def test_lineage_in_chinese(run: Run) -> None:
    """The same lines, with the Chinese names."""
    out = run("clusters", "lineage", "chart-reading", "--lang", "zh")[1]

    assert "chart-reading：第 2 版（2025-03-02），由 900 篇论文得出：应要求重新划分" in out
    assert "  2025-05-04: 2 (地图阅读) 新出现" in out
    assert "不属于任何子课题：5 篇中的 2 篇" in out


def test_lineage_of_all_directions(run: Run) -> None:
    """A line for the version of each that stands, with the part of its papers that is in none, and the advice."""
    head, charts, parsing = run("clusters", "lineage")[1].splitlines()

    assert head.split()[:3] == ["direction", "version", "made"]
    assert charts.split() == [
        "chart-reading",
        "2",
        "2025-03-02",
        "5",
        "40%",
        *["many", "papers", "are", "in", "none", "of", "them"],
    ]
    assert parsing.split() == ["parsing", "1", "2024-01-07", "8", "0%"]


def test_lineage_json(run: Run) -> None:
    """Versions, events and overlaps; null for papers that are in no sub-topic."""
    answer = json.loads(run("clusters", "lineage", "chart-reading", "--json")[1])

    assert [one["version"] for one in answer["versions"]] == [1, 2]
    assert answer["versions"][1]["rebaseline_advised"] == "unassigned"
    assert answer["events"][2] == {
        "version": 2, "happened_on": "2025-03-02", "event": "merges", "old": [2, 3], "new": [5], "papers": [7, 1200],
    }  # fmt: skip
    assert answer["overlaps"][0] == {"version": 2, "old": None, "new": 4, "papers": 3}
    every = json.loads(run("clusters", "lineage", "--json")[1])["directions"]
    assert [(one["direction"], one["unassigned"]) for one in every] == [("chart-reading", 2), ("parsing", 0)]


def test_lineage_where_there_are_no_sub_topics(run: Run) -> None:
    """Says so; a name that is not there is a usage error."""
    assert run("clusters", "lineage", "tiny-topic")[1] == "no sub-topics yet\n"
    assert run("clusters", "lineage", "chart-raeding")[0] == 2


def test_export_of_the_lineage(run: Run) -> None:
    """A row per event, lists joined."""
    lines = run("export", "lineage")[1].splitlines()

    assert lines[0] == "direction,version,happened_on,event,old,new,papers"
    assert "chart-reading,2,2025-03-02,merges,2; 3,5,7; 1200" in lines


def test_show_says_what_is_new_and_what_is_in_none(run: Run) -> None:
    """A sub-topic that was born later carries its day; papers that are in none are counted."""
    out = run("show", "chart-reading")[1]

    assert "Reading maps (new since 2025-05-04)" in out
    assert "bar charts (new" not in out
    assert "In none of them: 2 of 5 papers" in out
    answer = json.loads(run("show", "chart-reading", "--json")[1])
    assert (answer["clusters_version"], answer["papers_in_no_cluster"]) == (2, 2)
    assert [one["born_on"] for one in answer["clusters"]] == [None, "2025-05-04"]


def test_every_event_and_reason_has_words() -> None:
    """In both languages."""
    for key in ("continues", "splits", "merges", "born", "dies"):
        assert all(TEXTS[f"lineage_event_{key}"])
    for key in ("first", "asked", "model", "rule", "taken_over"):
        assert all(TEXTS[f"lineage_reason_{key}"])


# --- rebaseline -------------------------------------------------------------------------------------------------


def papers(folder: Path, name: str, first: int, count: int) -> Path:
    abstract = "We study the parse tree in many ways, and report what we found."
    rows = [
        row(f"2104.{number:05}", title=f"On the parse tree, part {number}", abstract=abstract)
        for number in range(first, first + count)
    ]
    return parquet(folder / name, rows)


def test_rebaseline_makes_a_version_and_publishes_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A direction that grew from 10 to 60 papers has one sub-topic until it is asked for; then as many as it would."""
    run = runner(tmp_path, capfd, monkeypatch)
    monkeypatch.setenv("COLUMNS", "120")
    run("import", str(papers(tmp_path, "a.parquet", 1, 10)))
    run("rank")
    run("import", str(papers(tmp_path, "b.parquet", 100, 50)))
    run("rank")
    assert "since the direction has outgrown them" in run("clusters", "lineage", "parsing")[1]

    code, out, err = run("clusters", "rebaseline", "parsing")

    assert (code, err) == (0, "")
    assert "made anew, asked 1" in out
    assert "parsing: version 2 of " in out
    assert "made of 60 papers: asked for" in out
    answer = json.loads(run("clusters", "lineage", "parsing", "--json")[1])
    assert [one["reason"] for one in answer["versions"]] == ["first", "asked"]
    assert sum(one["papers"] for one in answer["overlaps"]) == 60
    assert run("clusters", "rebaseline", "--all")[0] == 0
    with Warehouse.open(tmp_path / "warehouse") as opened:
        assert opened.one("read/cluster_set", scope="parsing")[0] == 2


@pytest.mark.parametrize("arguments", [(), ("parsing", "--all")])
def test_rebaseline_wants_to_know_of_what(run: Run, arguments: tuple[str, ...]) -> None:
    """Directions, or all of them: nothing is made anew by mistake."""
    code, out, err = run("clusters", "rebaseline", *arguments)

    assert (code, out) == (2, "")
    assert "name the directions whose sub-topics to make anew, or pass --all" in err


def test_rebaseline_of_a_direction_that_is_not_there(run: Run) -> None:
    """A usage error, before anything is opened."""
    assert run("clusters", "rebaseline", "no-such-direction")[0] == 2
