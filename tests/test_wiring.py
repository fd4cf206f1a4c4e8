"""Settings from options and environment, and what they are wired to."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from fakes import FakeEmbedder
from littriage import channels, configuration, wiring
from littriage.errors import NoWarehouse, SettingsError
from littriage.progress import Quiet
from littriage.sources.politeness import service_name
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

    found = configuration.settings_from(environment, warehouse=Path("here"), contact=None, harvest_months=12)

    assert found == configuration.Settings(warehouse=Path("here"), interval_s=4.5, harvest_months=12, read_limit=0)


def test_every_setting_has_a_variable():
    """All but the notice, which the demo sets."""
    environment = {
        "LITTRIAGE_WAREHOUSE": "w",
        "LITTRIAGE_QUERIES": "q",
        "LITTRIAGE_ARXIV": "http://localhost/",
        "LITTRIAGE_OAI": "http://localhost/oai",
        "LITTRIAGE_CHANNEL": "oai",
        "LITTRIAGE_REDIRECTS": "a.example.org, B.example.org:8080",
        "LITTRIAGE_CONTACT": "a@example.org",
        "LITTRIAGE_INTERVAL_S": "5",
        "LITTRIAGE_HARVEST_MONTHS": "6",
        "LITTRIAGE_MODEL": "m",
        "LITTRIAGE_DEVICE": "cpu",
        "LITTRIAGE_READ_LIMIT": "7",
        "LITTRIAGE_COUNT": "related",
        "LITTRIAGE_VECTORS": "float16",
    }

    assert configuration.settings_from(environment) == configuration.Settings(
        Path("w"), Path("q"), "http://localhost/", "http://localhost/oai", "oai", "a.example.org, B.example.org:8080",
        "a@example.org", 5.0, 6, "m", "cpu", read_limit=7, count="related", vectors="float16",
    )  # fmt: skip


def test_hosts_of_redirects():
    """Names with commas between them, in small letters; a host may have a port; none is none."""
    assert configuration.host_names("a.example.org, B.example.org:8080,") == ("a.example.org", "b.example.org:8080")
    assert configuration.host_names("") == ()


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("LITTRIAGE_INTERVAL_S", "soon", "LITTRIAGE_INTERVAL_S='soon': expected a number"),
        ("LITTRIAGE_HARVEST_MONTHS", "1.5", "LITTRIAGE_HARVEST_MONTHS='1.5': expected a whole number"),
        ("LITTRIAGE_HARVEST_MONTHS", "0", "harvest_months is 0: expected at least 1"),
        ("LITTRIAGE_CHANNEL", "rss", "there is no channel 'rss': take auto, oai or api"),
        ("LITTRIAGE_REDIRECTS", "a.org, https://b.org/", "redirects: 'https://b.org/' is no host"),
        ("LITTRIAGE_VECTORS", "int8", "vectors cannot be kept in 'int8': take float32 or float16"),
    ],
)
def test_a_variable_that_cannot_be_used(variable: str, value: str, expected: str):
    """The error names it."""
    with pytest.raises(SettingsError, match=expected):
        configuration.settings_from({variable: value})


@pytest.mark.parametrize(
    "settings",
    [
        configuration.Settings(),
        configuration.Settings(
            warehouse=Path("/w"), queries=Path("/q"), notice="Simulated.", read_limit=3, redirects="a, b"
        ),
    ],
)
def test_settings_survive_a_flow(settings: configuration.Settings):
    """As plain values and back."""
    parameters = settings.as_parameters()

    assert all(isinstance(value, str | int | float | None) for value in parameters.values())
    assert configuration.Settings.of_parameters(parameters) == settings


def test_first_day():
    """The first of the month so many months ago."""
    assert wiring.first_day(configuration.Settings(harvest_months=14), date(2026, 1, 31)) == date(2024, 11, 1)


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
        wiring.arxiv_source(configuration.Settings()),
    ):
        pass
    with pytest.raises(SettingsError, match="set XDG_STATE_HOME"), wiring.record_source(configuration.Settings()):
        pass


# --- ports ------------------------------------------------------------------------------------------------------


def test_a_notice_stays_with_the_warehouse(tmp_path: Path):
    """Simulated papers stay simulated in every later run, whatever its settings."""
    simulated = configuration.Settings(
        warehouse=tmp_path, queries=write_queries(tmp_path / "queries"), notice="Simulated."
    )
    with wiring.opened_run(simulated, Quiet()) as run:
        assert run.notice == "Simulated."

    with wiring.opened_run(replace(simulated, notice=""), Quiet()) as run:
        assert run.notice == "Simulated."
        assert derived.stamped(run.warehouse, "notice") == "Simulated."


def test_no_run_as_of_a_day_to_come(tmp_path: Path):
    """Today will do; a later day is refused before a warehouse is made."""
    settings = configuration.Settings(warehouse=tmp_path / "w", queries=write_queries(tmp_path / "queries"))
    today = wiring.SystemClock().today()

    later = wiring.opened_run(settings, Quiet(), today + timedelta(days=2))
    with pytest.raises(SettingsError, match="has not come yet: today is"), later:
        pass
    assert not settings.warehouse.exists()
    with wiring.opened_run(settings, Quiet(), today) as run:
        assert run.as_of == today


def test_a_run_that_makes_no_warehouse(tmp_path: Path):
    """At a mistyped path nothing is made."""
    settings = configuration.Settings(warehouse=tmp_path / "w", queries=write_queries(tmp_path / "queries"))

    with pytest.raises(NoWarehouse, match="or pass --warehouse"), wiring.opened_run(settings, Quiet(), create=False):
        pass
    assert not settings.warehouse.exists()


def test_both_sources_of_arxiv_keep_one_pace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Whichever host is asked, the turn is in the same file; three seconds at least, but on this machine itself."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    settings = configuration.Settings(
        warehouse=tmp_path / "w", queries=write_queries(tmp_path / "queries"), interval_s=0.5
    )

    with wiring.planning_run(settings) as run:
        plan = wiring.harvest_plan(run, settings)
        near = wiring.harvest_plan(run, replace(settings, arxiv="http://127.0.0.1:1/", oai="http://localhost:2/oai"))
        assert plan.other
        assert near.other
        assert (plan.interval_s, plan.other.interval_s) == (3.0, 3.0)
        assert (near.interval_s, near.other.interval_s) == (0.5, 0.5)
    names = {service_name(address) for address in (settings.arxiv, settings.oai)}
    assert names == {"arxiv.org"}


def test_a_plan_makes_nothing(tmp_path: Path):
    """No warehouse where there was none; of an existing one the plan tells what is held."""
    settings = configuration.Settings(
        warehouse=tmp_path / "w", queries=write_queries(tmp_path / "queries"), harvest_months=1
    )

    with wiring.planning_run(settings) as run:
        assert wiring.harvest_plan(run, settings).channel == "api"
    assert not settings.warehouse.exists()
    with wiring.opened_run(settings, Quiet()) as run:
        channels.note_base(run, ("cs",), "snapshot.json", run.today, 1)
    with wiring.planning_run(settings) as run:
        assert wiring.harvest_plan(run, settings).sets == ("cs",)
        assert wiring.harvest_plan(run, replace(settings, channel="api")).sets == ()


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
    monkeypatch.setattr("littriage.embedding.load_transformer", lambda *_: FakeEmbedder(model, "transformer"))
    monkeypatch.setattr("littriage.embedding.load_fast", lambda folder: FakeEmbedder())
    monkeypatch.setattr("littriage.embedding.on_accelerator", lambda embedder: accelerated)

    with wiring.tiers(configuration.Settings(read_limit=limit)) as tiers:
        assert (tiers.fast is not None, tiers.read_limit) == (fast, read_limit)


def test_unknown_tier():
    """The two that there are."""
    with pytest.raises(SettingsError, match="take transformer or fast"):
        wiring.embedder(configuration.Settings(), "slow")
