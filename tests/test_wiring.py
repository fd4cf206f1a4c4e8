"""Settings from options and environment, and what they are wired to."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from fakes import FakeEmbedder
from littriage import wiring
from littriage.errors import NoWarehouse, SettingsError
from littriage.progress import Quiet
from littriage.warehouse import derived
from small_field import write_queries

# --- settings ---------------------------------------------------------------------------------------------------


def test_options_win_over_variables_over_defaults():
    """An option that is None was not given; an empty variable neither."""
    environment = {
        "LITTRIAGE_WAREHOUSE": "there",
        "LITTRIAGE_INTERVAL_S": "4.5",
        "LITTRIAGE_MODEL": "",
        "LITTRIAGE_READ_LIMIT": "0",
    }

    found = wiring.settings_from(environment, warehouse=Path("here"), contact=None, harvest_months=12)

    assert found == wiring.Settings(warehouse=Path("here"), interval_s=4.5, harvest_months=12, read_limit=0)


def test_every_setting_has_a_variable():
    """All but the notice, which the demo sets."""
    environment = {
        "LITTRIAGE_WAREHOUSE": "w",
        "LITTRIAGE_QUERIES": "q",
        "LITTRIAGE_ARXIV": "http://localhost/",
        "LITTRIAGE_CONTACT": "a@example.org",
        "LITTRIAGE_INTERVAL_S": "5",
        "LITTRIAGE_HARVEST_MONTHS": "6",
        "LITTRIAGE_MODEL": "m",
        "LITTRIAGE_DEVICE": "cpu",
        "LITTRIAGE_READ_LIMIT": "7",
    }

    assert wiring.settings_from(environment) == wiring.Settings(
        Path("w"), Path("q"), "http://localhost/", "a@example.org", 5.0, 6, "m", "cpu", 7
    )


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("LITTRIAGE_INTERVAL_S", "soon", "LITTRIAGE_INTERVAL_S='soon': expected a number"),
        ("LITTRIAGE_HARVEST_MONTHS", "1.5", "LITTRIAGE_HARVEST_MONTHS='1.5': expected a whole number"),
        ("LITTRIAGE_HARVEST_MONTHS", "0", "harvest_months is 0: expected at least 1"),
    ],
)
def test_a_variable_that_cannot_be_used(variable: str, value: str, expected: str):
    """The error names it."""
    with pytest.raises(SettingsError, match=expected):
        wiring.settings_from({variable: value})


@pytest.mark.parametrize(
    "settings",
    [wiring.Settings(), wiring.Settings(warehouse=Path("/w"), queries=Path("/q"), notice="Simulated.", read_limit=3)],
)
def test_settings_survive_a_flow(settings: wiring.Settings):
    """As plain values and back."""
    parameters = settings.as_parameters()

    assert all(isinstance(value, str | int | float | None) for value in parameters.values())
    assert wiring.Settings.of_parameters(parameters) == settings


def test_first_day():
    """The first of the month so many months ago."""
    assert wiring.first_day(wiring.Settings(harvest_months=14), date(2026, 1, 31)) == date(2024, 11, 1)


# --- places -----------------------------------------------------------------------------------------------------


def test_folders_follow_the_base_directory_specification(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Set variables win; an empty one counts as not set."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert wiring.state_folder() == tmp_path / "state" / "littriage"
    assert wiring.model_folder() == tmp_path / ".cache" / "littriage"


def test_prefect_is_told_before_it_is_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """No telemetry, a folder of our own; what the user has set stays."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name in ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED", "PREFECT_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")

    wiring.prepare_prefect()

    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert os.environ["PREFECT_HOME"] == str(tmp_path / "littriage" / "prefect")
    assert (tmp_path / "littriage" / "prefect").is_dir()
    assert os.environ["PREFECT_LOGGING_LEVEL"] == "DEBUG"


def test_a_state_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The error names it and the variable that moves it: for Prefect, and for the pace of requests."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))

    with pytest.raises(SettingsError, match=r"littriage/prefect cannot be used: .*set XDG_STATE_HOME"):
        wiring.prepare_prefect()
    with (
        pytest.raises(SettingsError, match=r"littriage cannot be used: .*set XDG_STATE_HOME"),
        wiring.arxiv_source(wiring.Settings()),
    ):
        pass


# --- ports ------------------------------------------------------------------------------------------------------


def test_a_notice_stays_with_the_warehouse(tmp_path: Path):
    """Simulated papers stay simulated in every later run, whatever its settings."""
    simulated = wiring.Settings(warehouse=tmp_path, queries=write_queries(tmp_path / "queries"), notice="Simulated.")
    with wiring.opened_run(simulated, Quiet()) as run:
        assert run.notice == "Simulated."

    with wiring.opened_run(replace(simulated, notice=""), Quiet()) as run:
        assert run.notice == "Simulated."
        assert derived.stamped(run.warehouse, "notice") == "Simulated."


def test_no_run_as_of_a_day_to_come(tmp_path: Path):
    """Today will do; a later day is refused before a warehouse is made."""
    settings = wiring.Settings(warehouse=tmp_path / "w", queries=write_queries(tmp_path / "queries"))
    today = wiring.SystemClock().today()

    later = wiring.opened_run(settings, Quiet(), today + timedelta(days=2))
    with pytest.raises(SettingsError, match="has not come yet: today is"), later:
        pass
    assert not settings.warehouse.exists()
    with wiring.opened_run(settings, Quiet(), today) as run:
        assert run.as_of == today


def test_a_run_that_makes_no_warehouse(tmp_path: Path):
    """At a mistyped path nothing is made."""
    settings = wiring.Settings(warehouse=tmp_path / "w", queries=write_queries(tmp_path / "queries"))

    with pytest.raises(NoWarehouse, match="or pass --warehouse"), wiring.opened_run(settings, Quiet(), create=False):
        pass
    assert not settings.warehouse.exists()


@pytest.mark.parametrize(
    ("accelerated", "model", "limit", "fast", "read_limit"),
    [
        (True, "minilm@fake", None, False, None),
        (True, "other@fake", None, True, wiring.READ_LIMIT_CPU),
        (True, "minilm@fake", 20, True, 20),
        (False, "minilm@fake", None, True, wiring.READ_LIMIT_CPU),
        (False, "minilm@fake", 0, True, 0),
    ],
)
def test_tiers(
    monkeypatch: pytest.MonkeyPatch,
    accelerated: bool,
    model: str,
    limit: int | None,
    fast: bool,
    read_limit: int | None,
):
    """A model with a rule reads everything on a GPU; else, or on request, the small directions."""
    monkeypatch.setattr("littriage.embed.load_transformer", lambda name, device: FakeEmbedder(model, "transformer"))
    monkeypatch.setattr("littriage.embed.load_fast", lambda folder: FakeEmbedder())
    monkeypatch.setattr("littriage.embed.on_accelerator", lambda embedder: accelerated)

    with wiring.tiers(wiring.Settings(read_limit=limit)) as tiers:
        assert (tiers.fast is not None, tiers.read_limit) == (fast, read_limit)


def test_unknown_tier():
    """The two that there are."""
    with pytest.raises(SettingsError, match="take transformer or fast"):
        wiring.embedder(wiring.Settings(), "slow")
