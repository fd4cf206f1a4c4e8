"""`littriage unnamed`, from a small published file."""

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
from littriage.directions import parse_direction

Run = Callable[..., tuple[int, str, str]]

DRAFT = 'name = "agents"\nname_zh = "智能体"\nscope = "Papers on agents."\n\n[query]\nall_of = [\n  ["agent"],\n]\n'


def fill(folder: Path, *rows: tuple[object, ...]) -> Path:
    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        for row in rows:
            connection.execute(f"insert into field_cluster values ({', '.join('?' * len(row))})", row)
    return folder


def row(number: int, *, unnamed: bool, growth: float | None = 0.5, claimed: int = 10) -> tuple[object, ...]:
    stage = "rising" if growth else "not measurable"
    figures = [growth and growth - 0.2, growth and growth + 0.2, 0.98, 120.0, 0.0123]
    central = (["2505.00002"], [fixture.ESCAPE]) if unnamed else ([], [])
    return (
        number, "agents, tools, web", ["agents", "tools", "web"], None, "智能体" if unnamed else None, "cs.CL",
        fixture.AS_OF, stage, growth, *figures, fixture.LAST, 300, 100, claimed, unnamed,
        "parsing" if unnamed else None, 0.71 if unnamed else None, *central, DRAFT if unnamed else None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = fixture.publish(tmp_path_factory.mktemp("warehouse"))
    more = [row(7, unnamed=True), row(3, unnamed=True, growth=0.9, claimed=0), row(1, unnamed=False)]
    return fill(folder, *more, row(2, unnamed=False, growth=None))


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


def test_unnamed_clusters_come_with_their_evidence(run: Run) -> None:
    """The fastest grower first, each with its interval, what is claimed, and a paper whose title steers no terminal."""
    code, out, _ = run("unnamed")

    assert code == 0
    assert out.splitlines()[0].startswith("2 rising clusters of which directions claim less than 30%, of 3 that can be")
    assert out.index("#3 rising:") < out.index("#7 rising:")
    assert "+65% (+35% to +101%) a year; 120 papers in 12 months, 1.23% of cs.CL (to 2025-06)" in out
    assert "directions claim 10 of 100 recent papers (10%; 80%: 7% to 15%)" in out
    assert "nearest direction: parsing (cosine 0.71)" in out
    assert "2505.00002 " in out
    assert "\x1b" not in out
    assert "#1 " not in out


def test_the_limit_shows_the_fastest_only(run: Run) -> None:
    out = run("unnamed", "--limit", "1")[1]

    assert "#3 " in out
    assert "#7 " not in out


def test_in_chinese_the_cluster_has_its_chinese_name(run: Run) -> None:
    out = run("unnamed", "--lang", "zh")[1]

    assert "#7 上升：智能体" in out
    assert "近期 100 篇中有 10 篇属于已知方向" in out


def test_for_programs_all_figures_are_there(run: Run) -> None:
    told = json.loads(run("unnamed", "--json")[1])

    assert (told["clusters"], told["measurable"]) == (4, 3)
    assert [one["number"] for one in told["unnamed"]] == [3, 7]
    assert told["unnamed"][1]["claimed"] == 10
    assert told["unnamed"][1]["growth"] == pytest.approx(0.6487, abs=1e-4)
    assert told["unnamed"][0]["claimed_high"] > told["unnamed"][0]["claimed_low"] == 0.0


def test_a_draft_is_a_direction_file(run: Run) -> None:
    code, out, _ = run("unnamed", "--draft", "7")

    assert (code, out) == (0, DRAFT)
    assert parse_direction(out, slug="agents", theme="t", where="stdout").query.all_of == (("agent",),)


def test_a_draft_of_another_cluster_is_refused(run: Run) -> None:
    """The message names those that have one."""
    code, out, error = run("unnamed", "--draft", "1")

    assert (code, out) == (2, "")
    assert "cluster 1 is no rising cluster without a name: these are: 3, 7" in error


@pytest.mark.parametrize("lang", list(Lang))
def test_without_clusters_it_says_how_to_make_them(
    lang: Lang, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = fixture.publish(tmp_path)

    with pytest.raises(SystemExit):
        main(["unnamed", "--lang", lang.value, "--warehouse", str(folder)])

    assert capfd.readouterr().out == say(lang, "unnamed_none_yet") + "\n"


def test_without_a_rising_one_it_says_of_how_many(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = fill(fixture.publish(tmp_path), row(1, unnamed=False), row(2, unnamed=False, growth=None))

    with pytest.raises(SystemExit):
        main(["unnamed", "--warehouse", str(folder)])

    assert "of 2 clusters of the field 1 can be judged" in capfd.readouterr().out
