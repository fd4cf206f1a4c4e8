"""The demo's screens, in one process: few papers, fake embedders, and the stages without Prefect."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from littriage import configuration, pipeline, resources, wiring
from littriage.cli import demo
from littriage.directions import load_catalogue
from littriage.model import Catalogue
from littriage.progress import Quiet
from littriage.warehouse import Warehouse, derived
from small_field import Run, fake_tiers, runner

MARK = f"! {demo.NOTICE}"
DIRECTIONS = {"denoising-diffusion", "gans", "mixture-of-experts", "text-to-sql"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo has run, with a file of somebody else in it."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / "published.duckdb").write_text("of an earlier demo", encoding="utf-8")
    with Warehouse.open(folder) as earlier:
        derived.stamp(earlier, "notice", demo.NOTICE)
    return folder


@pytest.fixture(scope="module")
def screen(folder: Path) -> str:
    """What the demo prints, 500 papers being the fewest that it takes."""
    from typer.testing import CliRunner

    from littriage.cli import app

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setattr(wiring, "tiers", fake_tiers)
        patch.setattr(wiring, "catalogue", few_directions)
        patch.setattr("littriage.cli.demo.run_weekly", straight)
        ended = CliRunner().invoke(app, ["demo", "--warehouse", str(folder), "--papers", "500"])
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def few_directions(settings: configuration.Settings) -> Catalogue:
    """Those that the screens below speak of: the whole catalogue takes thousands of requests."""
    whole = load_catalogue(resources.folder("queries"))
    kept = tuple(one for one in whole.directions if one.slug in DIRECTIONS)
    assert len(kept) == len(DIRECTIONS)
    return replace(whole, directions=kept)


def straight(settings: configuration.Settings) -> dict[str, object]:
    """The weekly flow without Prefect."""
    with wiring.opened_run(settings, Quiet()) as run:
        wiring.harvest(run, settings, wiring.harvest_plan(run, settings))
        with wiring.tiers(settings) as tiers:
            pipeline.bring_up_to_date(run, tiers, wiring.SOURCE_NAME)
        return run.summary()


@pytest.mark.slow
def test_demo_shows_the_whole_chain(screen: str, folder: Path):
    """It says first that the papers are simulated, then what every stage did, then both answers and what to try."""
    assert screen.startswith(f"{MARK}\n500 simulated papers are served at http://127.0.0.1:")
    for stage in (
        "harvest", "match", "embed", "decide", "cluster", "weigh", "judge", "gauge", "look ahead", "score",
        "consult", "publish",
    ):  # fmt: skip
        assert f"\n{stage} " in screen or f"\n{stage}," in screen
    assert "failed 0" in screen
    assert screen.count(MARK) == 3  # at the start, and above each answer
    assert "Rising directions" in screen
    assert "Saturated directions" in screen
    assert f"\n  littriage show memory-efficient-training --warehouse {folder}\n" in screen


@pytest.mark.slow
def test_demo_leaves_other_files_alone(screen: str, folder: Path):
    """Its own files of an earlier time are replaced, nothing else is touched."""
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert not (folder / "published.duckdb").read_bytes().startswith(b"of an earlier demo")


@pytest.mark.parametrize("option", [(), ("--keep",)])
@pytest.mark.parametrize("name", ["littriage.duckdb", "published.duckdb"])
def test_demo_never_touches_real_tables(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    option: tuple[str, ...],
):
    """A warehouse without the demo's notice, or a published file alone, is left as it is, with the next step."""
    run: Run = runner(tmp_path, capfd, monkeypatch)
    folder = tmp_path / "mine"
    with Warehouse.open(folder) as mine:
        derived.stamp(mine, "notice", "Papers of my own.")
    (folder / "littriage.duckdb").rename(folder / name)

    code, out, err = run("demo", "--warehouse", str(folder), *option)

    assert (code, out) == (2, "")
    assert "the demo did not make, and they were left as they are: pass another folder with --warehouse" in err
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.slow
@pytest.mark.parametrize("later", [False, True])
def test_every_answer_says_that_papers_are_simulated(
    screen: str,
    folder: Path,
    later: bool,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    """Also after a later run that knows nothing of the demo."""
    run: Run = runner(tmp_path, capfd, monkeypatch)
    monkeypatch.setattr(wiring, "catalogue", few_directions)
    monkeypatch.setenv("LITTRIAGE_WAREHOUSE", str(folder))
    if later:
        assert run("rank")[0] == 0

    for command in ("rising", "saturated", "show denoising-diffusion", "papers gans", "trend text-to-sql"):
        code, out, _ = run(*command.split())
        assert (command, code, out.splitlines()[0]) == (command, 0, MARK)
    code, out, err = run("export", "verdicts")
    assert (code, err) == (0, f"{MARK}\n")
    assert "imulated" not in out
