"""The commands that write: in one process, on a small field, with fake embedders and a replica of arXiv."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from littriage import configuration, progress
from littriage.cli.working import print_summary
from littriage.replica import Replica
from littriage.warehouse import Warehouse
from paper_files import parquet, row
from small_field import Run, corpus, months_ago, runner


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return runner(tmp_path, capfd, monkeypatch)


# --- import -----------------------------------------------------------------------------------------------------


def test_import_shows_what_became_of_every_row(run: Run, tmp_path: Path):
    """A line a file with its time, memory and counts, drops with their reason, and the sum."""
    first = parquet(tmp_path / "a.parquet", [row("2104.00001"), row("2104.00002"), row(None)])
    second = parquet(tmp_path / "b.parquet", [row("2104.00001"), row("2104.00003")])

    code, out, err = run("import", str(first), str(second))

    head, one, two, total = out.splitlines()
    assert (code, err) == (0, "")
    assert head.split() == ["file", "seconds", "peak", "MiB", "what"]
    assert one.startswith("a.parquet")
    assert "rows 3, stored 2, unchanged 0, dropped: " in one
    assert "rows 2, stored 1, unchanged 1" in two
    assert total.startswith("In all: rows 5, stored 3, unchanged 1, dropped: ")
    assert total.endswith(" 1")


def test_import_of_a_file_that_is_not_there(run: Run, tmp_path: Path):
    """A failure that names the file; what came before it is stored, and shown."""
    good = parquet(tmp_path / "a.parquet", [row("2104.00001")])

    code, out, err = run("import", str(good), str(tmp_path / "none.parquet"))

    assert code == 1
    assert out.splitlines()[1].startswith("a.parquet")
    assert out.endswith("In all: rows 1, stored 1, unchanged 0\n")
    assert f"error: no file at {tmp_path}/none.parquet: check the path" in err
    with Warehouse.open(tmp_path / "warehouse") as opened:
        assert opened.one("read/paper_counts", matched_with="")[0] == 1


def test_import_as_json(run: Run, tmp_path: Path):
    """The same for programs: each file with its time and memory, drops by reason, and the sums."""
    first = parquet(tmp_path / "a.parquet", [row("2104.00001"), row(None)])
    second = parquet(tmp_path / "b.parquet", [row("2104.00001"), row("2104.00003")])

    code, out, err = run("import", "--json", str(first), str(second))

    answer = json.loads(out)
    (reason,) = answer["totals"]["dropped"]
    one, two = answer["files"]
    assert (code, err) == (0, "")
    assert answer["totals"] == {"rows": 4, "stored": 2, "unchanged": 1, "dropped": {reason: 1}}
    assert (one["file"], one["rows"], one["dropped"]) == (str(first), 2, {reason: 1})
    assert (two["stored"], two["unchanged"], two["dropped"]) == (1, 1, {})
    assert min(file[name] for file in answer["files"] for name in ("seconds", "peak_mib")) > 0


def test_import_into_what_is_no_folder(run: Run, tmp_path: Path):
    """A usage error that names the option."""
    file = parquet(tmp_path / "a.parquet", [row("2104.00001")])

    code, out, err = run("import", str(file), "--warehouse", str(file))

    assert (code, out) == (2, "")
    assert "a.parquet cannot be used: File exists; pass another one with --warehouse" in err


def test_import_coverage(run: Run, tmp_path: Path):
    """How many months the file states."""
    file = tmp_path / "coverage.csv"
    file.write_text("month,category,status,recall\n2024-01,cs.CL,A,0.99\n2024-02,cs.CL,S,0.4\n", encoding="utf-8")

    assert run("import-coverage", str(file)) == (0, "2 months of categories are stated by coverage.csv\n", "")


# --- run --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["harvest", "run"])
def test_mistyped_direction(run: Run, tmp_path: Path, command: str):
    """A usage error with a suggestion, before a source is asked or a warehouse made."""
    code, out, err = run(command, "--direction", "parsign")

    assert (code, out) == (2, "")
    assert "did you mean parsing?" in err
    assert not (tmp_path / "warehouse").exists()


# --- stages -----------------------------------------------------------------------------------------------------


def test_stages_one_by_one(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """harvest, embed, cluster, rank publish an answer; a second rank has nothing left to match or embed."""
    with Replica(corpus()) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        run("harvest", "--months", "26")
    stages = [[line.split()[0].strip(",") for line in run(name)[1].splitlines()[1:]] for name in ("embed", "cluster")]
    code, ranked, err = run("rank")
    again = run("rank")[1]

    close = ["match", "embed", "embed", "decide", "screen", "cluster", "name"]
    assert stages == [close[:3], close]
    assert (code, err) == (0, "")
    assert "papers 144, countable 144, matched 0" in ranked
    assert "publish" in ranked
    assert "papers 0, papers a second 0" in again
    code, out, _ = run("rising", "--json")
    assert code == 0
    assert json.loads(out)["last_month"] == str(months_ago(2).replace(day=1))
    assert (tmp_path / "warehouse" / "published.duckdb").exists()


@pytest.mark.parametrize("command", ["embed", "cluster", "rank"])
def test_no_warehouse(run: Run, tmp_path: Path, command: str):
    """Exit code 1 and the next step; none is made, for the path may be mistyped."""
    code, out, err = run(command)

    assert (code, out) == (1, "")
    assert f"no warehouse at {tmp_path}/warehouse" in err
    assert 'run "littriage import FILE..."' in err
    assert not (tmp_path / "warehouse").exists()


def test_a_day_to_come(run: Run, tmp_path: Path):
    """A usage error; what is published stays."""
    code, out, err = run("rank", "--as-of", "2999-01-01")

    assert (code, out) == (2, "")
    assert "--as-of 2999-01-01 has not come yet" in err


def test_nothing_to_work_on(run: Run, tmp_path: Path):
    """A warehouse without papers has exit code 4 and the next step."""
    with Warehouse.open(tmp_path / "warehouse"):
        pass

    code, out, err = run("rank")

    assert (code, out) == (4, "")
    assert 'holds no papers: run "littriage import FILE..." or "littriage harvest"' in err


# --- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("LITTRIAGE_INTERVAL_S", "fast", "a number"),
        ("LITTRIAGE_HARVEST_MONTHS", "many", "a whole number"),
        ("LITTRIAGE_READ_LIMIT", "1.5", "not a valid int"),
        ("LITTRIAGE_ARXIV", "ftp://example.org", "no http address"),
    ],
)
def test_setting_that_cannot_be_used(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
):
    """A usage error that names the variable or its value."""
    monkeypatch.setenv(variable, value)

    code, out, err = run("rank" if "READ" in variable else "harvest")

    assert (code, out) == (2, "")
    assert variable in err or value in err
    assert expected in err


def test_second_writer(run: Run, tmp_path: Path):
    """Another process has the warehouse open: exit code 1, and its number."""
    program = (
        "import sys; from pathlib import Path; from littriage.warehouse import Warehouse\n"
        "with Warehouse.open(Path(sys.argv[1])): print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "warehouse")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        code, out, err = run("rank")
        other.communicate()

    assert (code, out) == (1, "")
    assert f"is being written by process {other.pid}: wait until it has ended" in err


# --- what a person sees -----------------------------------------------------------------------------------------


def test_summary_cuts_a_long_list_of_failures(capsys: pytest.CaptureFixture[str]):
    """Five failures are shown, the others are counted."""
    stage = {"name": "harvest", "seconds": 61.04, "peak_mib": 1234.5, "counts": {"failed": 1007, "as of": "2026-01-01"}}
    failures = [{"stage": "harvest", "subject": f"d{n}", "reason": "HTTP 503"} for n in range(7)]

    print_summary({"stages": [stage], "failures": failures})

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "harvest     61.0     1,234  failed 1,007, as of 2026-01-01"
    assert lines[2] == "! harvest, d0: HTTP 503"
    assert lines[7] == "! and 2 more failures; the directions concerned say so themselves"
    assert len(lines) == 8


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """No bar in a pipe or a log; a bar on stderr in a terminal, gone at its end."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert isinstance(progress.progress_bars(), progress.Quiet)

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    bars = progress.progress_bars()
    assert isinstance(bars, progress.TerminalBars)
    for total in (2, 0, None):
        bars.start("embed", total)
        bars.advance()
        bars.finish()
    assert capsys.readouterr().out == ""


def test_run_as_json(run: Run, monkeypatch: pytest.MonkeyPatch):
    """The summary as JSON, and nothing else on stdout."""
    asked = {}

    def run_weekly(settings: configuration.Settings, **parameters: object) -> dict[str, object]:
        asked.update(parameters)
        return RAN

    monkeypatch.setattr("littriage.cli.working.run_weekly", run_weekly)

    code, out, err = run("run", "--json", "--no-harvest", "--as-of", "2024-01-31", "--direction", "parsing")

    assert (code, err) == (0, "")
    assert json.loads(out) == {"schema": 1, **RAN}
    assert asked == {"harvest": False, "as_of": date(2024, 1, 31), "only": ["parsing"], "quiet": True}


RAN = {"run": "r", "as_of": "2024-01-31", "stages": [], "failures": [], "nothing_new": False, "plan": None}


def test_run_says_what_to_ask_next(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With the warehouse that it was given."""
    monkeypatch.setattr("littriage.cli.working.run_weekly", lambda *_, **__: RAN)

    out = run("run")[1]

    assert f"Ask now: littriage rising --warehouse {tmp_path}/warehouse, " in out
    assert "Nothing new" not in out


def test_run_says_that_nothing_is_new(run: Run, monkeypatch: pytest.MonkeyPatch):
    """With the day of the answers that stand."""
    monkeypatch.setattr("littriage.cli.working.run_weekly", lambda *_, **__: {**RAN, "nothing_new": True})

    assert "Nothing new: the answers of 2024-01-31 stand.\n" in run("run")[1]


def test_run_shows_its_plan_first(run: Run, tmp_path: Path):
    """`--dry-run` tells what the harvest would ask, and makes nothing; without a harvest there is nothing to tell."""
    code, out, err = run("run", "--dry-run", "--json", "--channel", "oai")
    refused = run("run", "--dry-run", "--no-harvest")

    assert (code, err, json.loads(out)["plan"]["channel"]) == (0, "", "oai")
    assert refused == (2, "", "error: --dry-run shows what a harvest would ask: leave --no-harvest out\n")
    assert not (tmp_path / "warehouse").exists()
