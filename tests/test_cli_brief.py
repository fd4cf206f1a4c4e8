"""`littriage brief`, and sub-topics by name, from a small published file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

import published_fixture as fixture
from littriage.cli import main
from littriage.cli.messages import say
from littriage.cli.options import Lang

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixture.publish(tmp_path_factory.mktemp("warehouse"))


@pytest.fixture
def run(warehouse: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command on the small published file: exit code, stdout, stderr."""
    monkeypatch.setenv("LITTRIAGE_WAREHOUSE", str(warehouse))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        sys.stdout.flush()
        return ended.value.code or 0, *capfd.readouterr()  # type: ignore[return-value]

    return run


def test_brief_of_one_direction(run: Run) -> None:
    """Name, slug and stage, each sentence with its papers' links, and who worded it."""
    assert run("brief", "Chart Reading") == (
        0,
        "Chart reading (chart-reading): rising\n"
        "  - Chart reading: rising; its share changes by +35% a year.\n"
        '  - New: "Quoted "title", with comma".\n'
        "    https://arxiv.org/abs/hep-th/9901001\n"
        "  worded by fake-1; sentences of a model dropped by checks: 3\n"
        "\n"
        f"{say(Lang.EN, 'no_forecast')}\n",
        "",
    )


def test_briefs_come_as_the_tables_list_directions(run: Run) -> None:
    """Rising, then saturated, then the rest; what the limit hides is counted, and a theme chooses."""
    heads = [line for line in run("brief")[1].splitlines() if line and not line.startswith((" ", "Growth"))]
    assert [head.split(" (")[0] for head in heads] == ["Chart reading", "Parsing", "Untold"]

    out = run("brief", "--limit", "1")[1]
    assert "Parsing" not in out
    assert "2 more: pass --limit 3." in out
    assert "Chart reading" not in run("brief", "--theme", "language")[1]


def test_brief_in_chinese(run: Run) -> None:
    """Name, stage, sentences and note; one from the template says so."""
    out = run("brief", "chart-reading", "--lang", "zh")[1]

    assert out.splitlines()[:3] == ["图表阅读（chart-reading）：上升", "  - 图表阅读：上升。", "  由模板生成"]


def test_brief_json(run: Run) -> None:
    """Papers and figures of the record apart, as ids; who worded it and what was dropped, by reason."""
    answer = json.loads(run("brief", "chart-reading", "--json")[1])

    assert (answer["lang"], answer["total"], answer["run"]) == ("en", 1, "2025-07-15-a")
    (brief,) = answer["briefs"]
    assert (brief["direction"], brief["stage"], brief["worded_by"]) == ("chart-reading", "rising", "fake-1")
    assert brief["dropped"] == {"a link": 1, "a number that is not the figure": 2}
    assert brief["sentences"][0]["record"][1] == "record:chart-reading@2025-07-15#growth"
    assert brief["sentences"][1]["papers"] == [{"id": "hep-th/9901001", "link": "https://arxiv.org/abs/hep-th/9901001"}]


def test_simulated_papers_have_no_links(run: Run, tmp_path: Path) -> None:
    """The id of a simulated paper leads to somebody else's."""
    folder = str(fixture.publish(tmp_path, notice=fixture.NOTICE))
    out = run("brief", "chart-reading", "--warehouse", folder)[1]

    assert out.startswith(f"! {fixture.NOTICE}")
    assert "\n    hep-th/9901001\n" in out
    assert "https" not in out


def test_a_direction_without_a_brief(run: Run) -> None:
    """Exit code 4 and the next step; a name that is not there is a usage error with near names."""
    code, out, err = run("brief", "tiny-topic")
    assert (code, out) == (4, "")
    assert 'holds no such brief: run "littriage run" again' in err

    code, _, err = run("brief", "chart-raeding")
    assert code == 2
    assert "did you mean chart-reading" in err
    assert run("brief", "parsing", "--theme", "vision")[0] == 2


def test_a_file_from_before_briefs_says_to_publish_again(run: Run, tmp_path: Path) -> None:
    """No traceback; `show` still reads it, with the labels that it has."""
    folder = fixture.publish(tmp_path)
    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        connection.execute("drop table brief")
        for column in ("name", "name_zh", "named_by"):
            connection.execute(f"alter table cluster drop column {column}")

    code, out, err = run("brief", "--warehouse", str(folder))
    assert (code, out) == (1, "")
    assert 'run "littriage run" to publish it again' in err
    code, out, _ = run("show", "chart-reading", "--warehouse", str(folder))
    assert code == 0
    assert "2       1  +maps" in out


@pytest.mark.parametrize(("lang", "name"), [("en", "Reading maps"), ("zh", "地图阅读")])
def test_show_calls_sub_topics_by_name(run: Run, lang: str, name: str) -> None:
    """One that has no name shows its label; JSON has both."""
    out = run("show", "chart-reading", "--lang", lang)[1]
    assert name in out
    assert "bar charts" in out
    assert "+maps" not in out

    clusters = json.loads(run("show", "chart-reading", "--json")[1])["clusters"]
    assert [(one["label"], one["name"], one["name_zh"], one["named_by"]) for one in clusters] == [
        ("bar charts", None, None, None),
        ("+maps", "Reading maps", "地图阅读", "fake-1"),
    ]
