"""`littriage backtest`, on imported files that nobody has run anything on."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import paper_files
import planted_world as world
from littriage.backtest import walk as walking
from littriage.cli import backtest_tables
from littriage.cli.messages import TEXTS
from littriage.outlook.model import parsed
from littriage.trends import month_after
from small_field import Run, runner

MONTHS = 54
QUICK = ("--no-thinned", "--no-baselines", "--topics", "phrases", "--resamples", "5", "--step", "6")
FIGURES = {"rows", "base_rate", "auc", "auc_60", "brier_skill", "ece", "csi", "thinned_auc"}


def csv_of_coverage(path: Path, missing: range = range(0)) -> Path:
    lines = ["month,category,status,recall"]
    for number in range(MONTHS):
        month = month_after(world.FIRST, number)
        lines.append(f"{month:%Y-%m},cs.CL,{'M' if number in missing else 'A'},1.00")
        lines.append(f"{month:%Y-%m},cs.LG,{'A' if number < 20 else 'M'},1.00")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows(months: int = MONTHS) -> list[dict[str, Any]]:
    """Papers of the planted world; the words of two directions are among them."""
    found = []
    for paper in world.planted(months, 140, 45, seed=5).papers:
        day = month_after(world.FIRST, paper.month)
        found.append(
            paper_files.row(
                paper.id,
                title=f"{paper.title or 'Something else'}: parse tree"
                if paper.id.endswith("7")
                else paper.title or "It",
                abstract=paper.abstract or "Nothing.",
                authors="; ".join(paper.authors),
                categories=" ".join(paper.categories),
                published=date(day.year, day.month, 15),
            )
        )
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paper_files.parquet(tmp_path_factory.mktemp("files") / "papers.parquet", rows())


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(walking, "TRAIN_ROWS", 100)
    return runner(tmp_path, capfd, monkeypatch)


@pytest.fixture
def imported(run: Run, file: Path, tmp_path: Path) -> Run:
    assert run("import", str(file))[0] == 0
    assert run("import-coverage", str(csv_of_coverage(tmp_path / "coverage.csv")))[0] == 0
    return run


def told(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)
    return found


# --- what programs read -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_importing_files_is_all_that_a_backtest_needs(imported: Run, tmp_path: Path) -> None:
    code, out, err = imported("backtest", "--categories", "cs.CL", "--resamples", "20", "--json")

    assert (code, err) == (0, "")
    found = told(out)
    assert found["field"] == "cs.CL"
    assert set(found["horizons"]) <= {"6", "12", "24"}
    for table in found["horizons"].values():
        assert set(table) >= FIGURES
        assert all(set(one) >= FIGURES for one in table["baselines"].values())
    assert found["horizons"]["6"]["auc"] > found["horizons"]["6"]["baselines"]["last growth"]["auc"]
    assert found["clusters"]
    assert found["directions"] == {}
    assert found["left_out"] == {"directions": "no memberships"}
    assert set(found["versions"]) >= {"littriage", "python", "numpy", "scikit-learn"}
    assert found["seed"] == 20210601
    assert found["record"]["months"] == found["record"]["usable"] == MONTHS
    assert json.loads((tmp_path / "warehouse" / "backtest-cs.CL.json").read_text(encoding="utf-8")) == found


@pytest.mark.slow
def test_two_runs_give_the_same_but_for_the_time(imported: Run) -> None:
    arguments = (
        "backtest",
        "--categories",
        "cs.CL",
        "--topics",
        "clusters",
        "--no-baselines",
        "--resamples",
        "5",
        "--json",
    )
    one, other = (re.sub(r'"seconds": [\d.]+', "", imported(*arguments)[1]) for _ in range(2))
    assert one == other


def test_bounds_choose_the_origins(imported: Run) -> None:
    every = told(imported("backtest", "--categories", "cs.CL", *QUICK, "--json")[1])
    late = told(
        imported("backtest", "--categories", "cs.CL", *QUICK, "--origin-from", "2018-08", "--origin-to", "2018-12",
                 "--json")[1]
    )  # fmt: skip
    assert every["origins"]["count"] > late["origins"]["count"] > 0
    assert "2018-08" <= late["origins"]["first"] <= late["origins"]["last"] <= "2018-12"


def test_the_default_field_is_all_whose_completeness_is_stated(imported: Run) -> None:
    code, _, err = imported("backtest", *QUICK, "--json")
    assert code == 1
    assert "nothing of cs.CL cs.LG can be tried: 20 of its 54 months can be compared" in err
    assert "2016-09 to 2019-06 (missing)" in err
    assert "try --categories cs.CL: 54 of its months" in err


def test_directions_are_tried_where_papers_are_theirs(imported: Run) -> None:
    assert imported("embed")[0] == 0
    assert imported("cluster")[0] == 0
    found = told(
        imported("backtest", "--categories", "cs.CL", *QUICK[:2], "--topics", "directions", *QUICK[4:], "--json")[1]
    )
    assert found["left_out"] == {}
    assert found["directions"]["6"]["topics"] == 1  # the other one's words are in no paper


# --- what people read -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole result, as a file."""
    from littriage import configuration, wiring
    from littriage.backtest.run import Plan
    from littriage.backtest.stored import tried
    from littriage.pipeline import take_in
    from littriage.progress import Quiet
    from littriage.warehouse import Warehouse, imports

    folder = tmp_path_factory.mktemp("saved")
    settings = configuration.settings_from({}, warehouse=folder / "warehouse")
    with wiring.opened_run(settings, Quiet()) as run:
        take_in(run, file)
    with Warehouse.open(folder / "warehouse") as opened:
        imports.import_coverage(opened, csv_of_coverage(folder / "coverage.csv"))
    with pytest.MonkeyPatch.context() as patch, wiring.reading_run(settings) as run:
        patch.setattr(walking, "TRAIN_ROWS", 100)
        found = tried(run, wiring.SOURCE_NAME, "cs.CL", Plan(horizons=(6, 12), resamples=20)).payload
    target = folder / "result.json"
    target.write_text(json.dumps({"schema": 1, **found}), encoding="utf-8")
    return target


def test_tables_show_the_outlook_first_then_each_method(run: Run, saved: Path) -> None:
    code, out, err = run("backtest", "--file", str(saved))

    assert (code, err) == (0, "")
    found = json.loads(saved.read_text(encoding="utf-8"))
    table = found["horizons"]["6"]
    lines = out.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("6 months ahead: "))
    assert re.split(r"\s{2,}", lines[start + 1])[0] == "method"
    methods = [re.split(r"\s{2,}", line)[0] for line in lines[start + 2 : start + 3 + len(table["baselines"])]]
    assert methods[0] == "outlook"
    assert [name.rstrip("*") for name in methods[1:]] == list(table["baselines"])
    assert f"{table['auc']:.3f} (" in lines[start + 2]
    assert "littriage run does" in out
    assert "24 months ahead nothing" not in out  # it was not asked for
    assert "Words of style" in out or not found["placebo"]["phrases"]


def test_a_horizon_at_which_nothing_came_due_is_told(run: Run, saved: Path, tmp_path: Path) -> None:
    found = json.loads(saved.read_text(encoding="utf-8"))
    found["tried"]["horizons"].append(24)
    other = tmp_path / "other.json"
    other.write_text(json.dumps(found), encoding="utf-8")
    assert "24 months ahead nothing can be tried: the record is too short." in run("backtest", "--file", str(other))[1]


def test_probabilities_worse_than_the_base_rate_are_called_so(run: Run, saved: Path, tmp_path: Path) -> None:
    found = json.loads(saved.read_text(encoding="utf-8"))
    found["horizons"]["6"]["brier_skill"] = -0.07
    found["horizons"]["12"]["brier_skill"] = None
    other = tmp_path / "other.json"
    other.write_text(json.dumps(found), encoding="utf-8")
    out = run("backtest", "--file", str(other))[1]
    assert "worse than the base rate: 7% more squared error" in out
    assert "off the squared error" not in out


def test_the_rest_of_the_ranking_is_told_to_be_chance(run: Run, saved: Path) -> None:
    found = json.loads(saved.read_text(encoding="utf-8"))
    out = run("backtest", "--file", str(saved))[1]
    table = found["horizons"]["6"]
    left = (table["thinned_auc"] - 0.5) / (table["auc"] - 0.5)
    assert f"the AUC is {table['thinned_auc']:.2f}: {100 * min(1, left):.0f}% of what it has above 0.5 is left" in out
    assert "chance that returns to the mean" in out


def test_what_was_said_and_what_came_stand_side_by_side(run: Run, saved: Path) -> None:
    out = run("backtest", "--file", str(saved))[1]
    found = json.loads(saved.read_text(encoding="utf-8"))
    bars = [line for line in out.splitlines() if re.search(r"[█·|]{40}$", line)]
    bins = [one for table in found["horizons"].values() for one in table["reliability"]]
    assert len(bars) == len(bins)
    for line, one in zip(bars, bins, strict=True):
        said, came, count = line.split()[:3]
        assert said == f"{100 * one['predicted']:.0f}%"
        assert came == f"{100 * one['observed']:.0f}%"
        assert count == f"{one['rows']:,}"
        assert line[-40:][min(round(one["predicted"] * 40), 39)] == "|"
    assert re.search(r"Below 50% it (was about right|promised too much|promised too little): \d+% on average", out)


def test_everything_is_told_in_chinese_too(run: Run, saved: Path) -> None:
    code, out, _ = run("backtest", "--file", str(saved), "--lang", "zh")
    assert code == 0
    assert "展望的回溯检验：cs.CL" in out
    english = {text for key, (text, _) in TEXTS.items() if key.startswith("bt_") and "{" not in text and " " in text}
    assert not {text for text in english if text in out}


def test_markdown_holds_the_same_rows(run: Run, saved: Path) -> None:
    plain, marked = run("backtest", "--file", str(saved))[1], run("backtest", "--file", str(saved), "--markdown")[1]
    rows_of = [line for line in marked.splitlines() if line.startswith("| ")]
    assert len({line.count("|") for line in marked.splitlines() if line.startswith("| outlook")}) == 1
    for line in rows_of:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not set("".join(cells)) <= {"-", ":"}:
            assert all(cell.replace("│", "|") in plain for cell in cells)
    assert "**6 months ahead: " in marked


def test_a_plot_is_an_svg_of_every_horizon(run: Run, saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "plot.svg"
    assert run("backtest", "--file", str(saved), "--plot", str(target))[0] == 0
    text = target.read_text(encoding="utf-8")
    ET.fromstring(text)
    assert "6 months ahead" in text
    assert "12 months ahead" in text


def test_a_saved_result_and_its_model_come_back(imported: Run, tmp_path: Path) -> None:
    result, made = tmp_path / "result.json", tmp_path / "model.json"
    code, out, err = imported(
        "backtest", "--categories", "cs.CL", *QUICK, "--step", "3", "--save", str(result), "--save-model", str(made)
    )
    if code:
        assert "no model is saved: at some horizon no forecast has come due" in err
    else:
        model = parsed(made.read_text(encoding="utf-8"))
        assert model.fitted_on == "phrase topics of cs.CL"
        assert model.name in out
    kept = tmp_path / "warehouse" / "backtest-cs.CL.json"
    assert kept.exists()
    again = imported("backtest", "--file", str(kept))[1]
    assert again.splitlines() == out.splitlines()[: len(again.splitlines())] or code


# --- bad input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--origin-from", "2030-01"], "--origin-from 2030-01 lies outside the record of cs.CL, 2015-01 to 2019-06"),
        (["--origin-to", "2014-12"], "--origin-to 2014-12 lies outside the record"),
        (["--origin-from", "2018-06", "--origin-to", "2018-01"], "2018-06 comes after --origin-to 2018-01"),
        (["--origin-to", "2016-12"], "no origin from 2015-01 to 2016-12 can be tried: those of cs.CL lie from"),
        (["--topics", "phrases,words"], "there are no topics words: take phrases, directions, clusters"),
        (["--json", "--markdown"], "pass one of them"),
        (["--save", "nowhere/result.json"], "cannot be written"),
        (["--file", "nowhere.json"], "nowhere.json is no result of a backtest"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_before_any_work(imported: Run, arguments: list[str], said: str) -> None:
    code, out, err = imported("backtest", "--categories", "cs.CL", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_another_file_than_a_result_is_refused(run: Run, tmp_path: Path, saved: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"schema": 1}', encoding="utf-8")
    code, _, err = run("backtest", "--file", str(other))
    assert code == 2
    assert "is no result of a backtest of this version" in err
    code, _, err = run("backtest", "--file", str(saved), "--save-model", str(tmp_path / "model.json"))
    assert code == 2
    assert "which holds no model" in err


def test_a_field_without_papers_says_so(imported: Run) -> None:
    code, out, err = imported("backtest", "--categories", "hep-th")
    assert (code, out) == (4, "")
    assert "the warehouse holds no paper of hep-th" in err


def test_a_hole_that_leaves_too_little_names_its_months(run: Run, file: Path, tmp_path: Path) -> None:
    run("import", str(file))
    run("import-coverage", str(csv_of_coverage(tmp_path / "coverage.csv", missing=range(20, 40))))
    code, out, err = run("backtest", "--categories", "cs.CL")
    assert (code, out) == (1, "")
    assert "nothing of cs.CL can be tried: 34 of its 54 months" in err
    assert "2016-09 to 2018-04 (missing)" in err
    assert "import files of more months" in err


def test_without_a_warehouse_nothing_is_made(run: Run, tmp_path: Path) -> None:
    code, out, err = run("backtest")
    assert (code, out) == (1, "")
    assert "warehouse" in err
    assert not (tmp_path / "warehouse").exists()


def test_a_result_that_cannot_be_kept_is_told_and_printed(imported: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    replace = os.replace

    def refused(source: Any, target: Any) -> None:
        if "backtest" in str(target):
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refused)
    code, out, err = imported("backtest", "--categories", "cs.CL", *QUICK, "--json")
    assert code == 0
    assert told(out)["horizons"]
    assert "the result is not kept" in err


def test_every_text_of_a_backtest_is_in_both_languages() -> None:
    for key, (english, chinese) in TEXTS.items():
        if key.startswith("bt_"):
            assert english
            assert chinese
            assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", chinese)), key
    assert backtest_tables.NEEDS
