"""The flows: what they add to the pipeline. One real run under Prefect, server included, in a process of its own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from littriage import configuration, wiring
from littriage.errors import SourceUnavailable
from littriage.progress import Quiet
from littriage.published import Published
from littriage.replica import Replica
from littriage.replica.faults import Fault, Request, always, refused
from llm_server import LlmServer
from scripted_model import honest
from small_field import Run, corpus, runner, write_queries

KEY = "sk-planted-0123456789abcdef"
TESTS = Path(__file__).parent
PROGRAM = """
import sys
from littriage import configuration, wiring
from littriage.cli import main
from small_field import fake_tiers

wiring.tiers = fake_tiers
wiring.SystemClock.sleep = lambda clock, seconds: None
main()
"""
"""The command, with embedders that need no model, and no patience with the faults of the replica."""


FACTS = """
import json
from littriage import configuration, wiring
from littriage.errors import DiskFull, NoWarehouse, SettingsError, SourceUnavailable

weekly = wiring.load_flow("weekly")
backfill = wiring.load_flow("backfill")
schedule = wiring.load_flow("schedule")


class Failed:
    def __init__(self, error):
        self.error = error

    def result(self, raise_on_failure):
        return self.error


served = {}
weekly.weekly.serve = lambda **options: served.update(options)
load_flow, wiring.load_flow = wiring.load_flow, lambda name: weekly
schedule.serve({"warehouse": "w"}, "0 6 * * 1")
try:
    schedule.serve({"warehouse": "w"}, "0 25 * * 1")
except SettingsError as error:
    refused = str(error)
try:
    weekly.weekly.fn({"warehouse": "mistyped"}, harvest=False)
except NoWarehouse as error:
    missing = str(error)
weekly.print_stages({
    "stages": [{"name": "match", "seconds": 1.26, "peak_mib": 99.6, "counts": {"papers": 3, "hits": 4}}],
    "failures": [{"stage": "harvest", "subject": "gans", "reason": "status 503"}],
})
print(json.dumps({
    "names": [weekly.weekly.name, backfill.backfill.name],
    "retried": [weekly._may_pass(None, None, Failed(error))
                for error in (SourceUnavailable(""), ValueError(), DiskFull(""))],
    "served": {"limit": served.pop("global_limit").model_dump(mode="json"), **served},
    "refused": refused,
    "missing": missing,
}))
"""
"""What can be told of the flows without a server, as JSON."""

SCHEDULED = """
import json, logging, os
from littriage import configuration, wiring
from small_field import fake_tiers, write_queries

weekly = wiring.load_flow("weekly")
weekly.get_run_logger = lambda: logging.getLogger()
weekly.create_table_artifact = lambda *_, **__: None
steps, loaded = [], []
weekly.stage = lambda name, work: (steps.append(name), work())[1]
wiring.tiers = lambda settings: (loaded.append(settings.model), fake_tiers(settings))[1]
settings = configuration.settings_from(os.environ).as_parameters()
told = []
for again in (False, True):
    summary = weekly.weekly.fn(settings)
    told.append({"steps": steps[:], "loaded": len(loaded), "as_of": summary["as_of"], "failures": summary["failures"]})
    steps.clear()
print(json.dumps(told))
"""
"""Two runs of the weekly flow, as a schedule starts them, with neither Prefect's engine nor models."""


def program(text: str, *arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A Python process that knows none of this one's settings; it has ended when all that it started has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LITTRIAGE_", "PREFECT_"))}
    places = {"HOME": str(folder / "home"), "XDG_STATE_HOME": str(folder / "state")}
    return subprocess.run(
        [sys.executable, "-c", text, *arguments],
        env={**kept, **places, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


# --- one real run -----------------------------------------------------------------------------------------------


def parsing_is_refused(request: Request) -> Fault | None:
    """The plan in which one direction's papers cannot be had."""
    return refused(503) if "parse tree" in request.parameters.get("search_query", "") else None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flow")


@pytest.fixture(scope="module")
def model() -> Iterator[LlmServer]:
    with LlmServer(answer=honest) as server:
        yield server


@pytest.fixture(scope="module")
def ended(folder: Path, model: LlmServer) -> subprocess.CompletedProcess[str]:
    """`littriage run` against a replica that refuses one direction, with a language model that wants a key."""
    with Replica(corpus(), faults=parsing_is_refused) as replica:
        return program(
            PROGRAM, "run", "--months", "26", "--warehouse", str(folder / "warehouse"),
            folder=folder,
            LITTRIAGE_ARXIV=replica.address,
            LITTRIAGE_INTERVAL_S="0",
            LITTRIAGE_LLM_KEY=KEY,
            LITTRIAGE_LLM_MODEL="scripted",
            LITTRIAGE_LLM_URL=model.url,
            LITTRIAGE_QUERIES=str(write_queries(folder / "queries")),
        )  # fmt: skip


@pytest.mark.slow
def test_a_run_under_prefect(ended: subprocess.CompletedProcess[str], folder: Path):
    """One direction's failure stops nothing: the others are published, the failure is told, stderr is empty.

    The harvest comes before Prefect; what failed in it is published with the rest.
    """
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "! harvest, parsing: " in ended.stdout
    assert "! harvest, word-vectors" not in ended.stdout
    assert "Ask now: littriage rising" in ended.stdout
    with Published.open(folder / "warehouse") as published:
        assert published.about.failures == ended.stdout.count("! ")
        assert {entry.slug for entry in published.entries() if entry.verdict} == {"parsing", "word-vectors"}
        assert published.papers("word-vectors", 10, None, None).total > 0


@pytest.mark.slow
def test_what_prefect_keeps(ended: subprocess.CompletedProcess[str], folder: Path):
    """A run with a task for each stage, and the verdicts as an artifact, in a folder of littriage's."""
    assert not (folder / "home" / ".prefect").exists()
    with closing(sqlite3.connect(folder / "state" / "littriage" / "prefect" / "prefect.db")) as database:
        tasks = dict(database.execute("select name, state_type from task_run"))
        flows = database.execute("select state_type from flow_run").fetchall()
        artifacts = database.execute("select key from artifact").fetchall()

    assert flows == [("COMPLETED",)]
    assert {"match", "decide", "publish"} <= tasks.keys()
    assert set(tasks.values()) == {"COMPLETED"}
    assert artifacts == [("littriage-verdicts",)]


@pytest.mark.slow
def test_a_models_key_stays_out_of_what_a_run_leaves(
    ended: subprocess.CompletedProcess[str], model: LlmServer, folder: Path
):
    """The server gets it with every request; no file has it, neither of the warehouse nor of Prefect."""
    assert ", judged " in ended.stdout
    assert {asked.headers["authorization"] for asked in model.asked} == {f"Bearer {KEY}"}
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"prefect.db", "littriage.duckdb", "published.duckdb"} <= {path.name for path in files}
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


# --- without a server -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_flows_and_their_schedule(tmp_path: Path):
    """What may pass is tried again, the rest is not; of two runs at once the second is cancelled.

    A flow that does not harvest makes no warehouse.
    """
    found = program(FACTS, folder=tmp_path)

    assert (found.returncode, found.stderr) == (0, "")
    *lines, answer = found.stdout.splitlines()
    assert lines == ["match: 1.3 s, 100 MiB; papers 3, hits 4", "! harvest, gans: status 503"]
    facts = json.loads(answer)
    assert facts["missing"].startswith("no warehouse at mistyped/")
    assert facts["names"] == ["littriage-weekly", "littriage-backfill"]
    assert facts["retried"] == [True, True, False]
    served = facts["served"]
    assert (served["cron"], served["parameters"]) == ("0 6 * * 1", {"settings": {"warehouse": "w"}})
    assert (served["limit"]["limit"], served["limit"]["collision_strategy"]) == (1, "CANCEL_NEW")
    assert "--cron '0 25 * * 1' is no cron expression" in facts["refused"]


@pytest.mark.slow
def test_a_scheduled_flow_harvests_by_itself(folder: Path):
    """A task for each direction and field; the second time nothing is new, and neither models nor stages are needed."""
    with Replica(corpus()) as replica:
        found = program(
            SCHEDULED, folder=folder,
            LITTRIAGE_ARXIV=replica.address,
            LITTRIAGE_INTERVAL_S="0",
            LITTRIAGE_HARVEST_MONTHS="26",
            LITTRIAGE_WAREHOUSE=str(folder / "scheduled"),
            LITTRIAGE_QUERIES=str(write_queries(folder / "scheduled-queries")),
        )  # fmt: skip

    assert (found.returncode, found.stderr) == (0, "")
    first, second = json.loads(found.stdout)
    harvest = ["harvest parsing", "harvest word-vectors", "count cs.CL"]
    assert first["steps"][:4] == [*harvest, "match"]
    assert (second["steps"], second["loaded"], second["as_of"]) == (harvest, 1, first["as_of"])
    assert first["failures"] == second["failures"] == []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(wiring, "prepare_prefect", lambda: None)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return wiring.load_flow("server")


def test_a_server_of_the_users_own(server: ModuleType, monkeypatch: pytest.MonkeyPatch):
    """PREFECT_API_URL is honoured, and nothing is started."""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    monkeypatch.setattr(subprocess, "Popen", None)

    assert server.start() == "http://127.0.0.1:4200/api"


def test_a_server_that_does_not_start(server: ModuleType, monkeypatch: pytest.MonkeyPatch):
    """An error that says how to go on without it, and PREFECT_API_URL is left unset."""
    monkeypatch.setattr(server, "__file__", "/no/such/file.py")

    with pytest.raises(SourceUnavailable, match='"littriage harvest", then "littriage rank"'):
        server.start()
    assert "PREFECT_API_URL" not in os.environ


def test_a_server_that_answers_late(server: ModuleType, monkeypatch: pytest.MonkeyPatch):
    """Between two questions there is a pause, whether nobody answered or the answer was no; the server is held."""
    import httpx

    answers = [httpx.ConnectError("nobody"), httpx.Response(503), httpx.Response(200)]
    pauses: list[float] = []

    class Started:
        def poll(self) -> None:
            return None

    def get(client: object, url: str, timeout: float) -> httpx.Response:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: Started())
    monkeypatch.setattr(httpx.Client, "get", get)
    monkeypatch.setattr(server.time, "sleep", pauses.append)
    monkeypatch.setenv("PREFECT_API_URL", "")  # so that what start() sets is taken back

    assert server.start().startswith("http://127.0.0.1:")
    assert (answers, pauses) == ([], [0.2, 0.2])
    assert isinstance(server._process, Started)


# --- the command ------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(sys, "argv", ["/opt/littriage"])
    return runner(tmp_path, capfd, monkeypatch)


@pytest.fixture
def up_to_date(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replica]:
    """A service whose papers are harvested and judged, and no Prefect to go on with."""

    def started(name: str) -> ModuleType:
        raise SourceUnavailable(f"the flow {name} was asked for")

    monkeypatch.setattr(wiring, "load_flow", started)
    monkeypatch.setenv("LITTRIAGE_HARVEST_MONTHS", "26")
    with Replica(corpus()) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        monkeypatch.setenv("LITTRIAGE_OAI", replica.oai_address)
        yield replica


def bring_up_to_date(run: Run, channel: str) -> None:
    """Harvest by this channel, and publish answers."""
    for command in (["harvest", "--channel", channel], ["rank"]):
        code, out, err = run(*command)
        assert (code, err) == (0, ""), out
        assert "! " not in out


@pytest.mark.parametrize("channel", ["oai", "api"])
def test_a_quiet_week_costs_its_requests(run: Run, up_to_date: Replica, monkeypatch: pytest.MonkeyPatch, channel: str):
    """Nothing new: no Prefect, no models; the run is recorded, and the published file stays as it is.

    By OAI-PMH one request for the set; by the API the last days of each direction and the open months, and each of
    these answers is empty and therefore asked for twice.
    """
    bring_up_to_date(run, channel)
    before = len(up_to_date.requests)
    monkeypatch.setattr(wiring, "tiers", None)

    code, out, err = run("run", "--json")
    summary = json.loads(out)
    assert (code, err, summary["nothing_new"]) == (0, "", True)
    assert summary["plan"]["channel"] == channel
    assert len(up_to_date.requests) - before == (1 if channel == "oai" else 2 * summary["plan"]["requests"])
    told = run("run")[1]
    assert f"Nothing new: the answers of {summary['as_of']} stand." in told
    with wiring.planning_run(configuration.settings_from(os.environ)) as planning:
        states = planning.warehouse.connection.execute("select state, as_of::text from run").fetchall()
    assert states == [("complete", summary["as_of"])] * 3


@pytest.mark.parametrize(
    ("what", "arguments"),
    [
        ("a paper", []),
        ("a direction", []),
        ("a failure", []),
        ("an interruption", []),
        ("no answers", []),
        ("another model", ["--model", "other"]),
        ("another day", ["--as-of", "2024-01-31"]),
        ("no harvest", ["--no-harvest"]),
    ],
)
def test_a_run_with_something_to_do(
    run: Run, up_to_date: Replica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, arguments: list[str]
):
    """Whatever answers rest on has changed: the run goes on, after its harvest."""
    bring_up_to_date(run, "oai")
    warehouse = tmp_path / "warehouse"
    if what == "a direction":
        theme = tmp_path / "queries" / "language"
        text = (theme / "parsing.toml").read_text(encoding="utf-8")
        (theme / "trees.toml").write_text(text.replace("Parsing", "Trees"), encoding="utf-8")
    elif what == "a failure":
        up_to_date.faults = always(refused(503))
    elif what == "no answers":
        (warehouse / "published.duckdb").unlink()
    elif what == "an interruption":
        run("embed")
    elif what == "a paper":
        with wiring.opened_run(configuration.settings_from(os.environ), Quiet()) as opened:
            opened.warehouse.connection.execute("delete from paper where id = (select min(id) from paper)")

    code, _, err = run("run", *arguments)

    assert (code, err) == (1, "error: the flow server was asked for\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--as-of", "2999-01-01"], "has not come yet"), (["--no-harvest"], "no warehouse at")],
)
def test_a_run_that_is_refused_is_refused_at_once(run: Run, up_to_date: Replica, arguments: list[str], message: str):
    """Before anything is asked or started."""
    code, _, err = run("run", *arguments)

    assert code in (1, 2)
    assert message in err
    assert up_to_date.requests == []


def test_a_run_without_a_paper_ends_with_its_harvest(run: Run, up_to_date: Replica):
    """There is nothing to go on with; the error says why there is not."""
    up_to_date.faults = always(refused(503))

    code, _, err = run("run")

    assert code == 4
    assert "holds no papers (the harvest failed: " in err


def test_a_line_for_cron(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With absolute paths and every setting of this shell, since cron has another; % is escaped, as crontab(5) asks."""
    monkeypatch.setenv("LITTRIAGE_ARXIV", "http://localhost:1/a%20b")
    monkeypatch.setenv("LITTRIAGE_CHANNEL", "oai")
    monkeypatch.setenv("LITTRIAGE_REDIRECTS", "a.org,b.org")
    monkeypatch.chdir(tmp_path)

    code, out, err = run(
        "schedule", "--by", "cron", "--cron", "5 4 * * 2", "--warehouse", "some where", "--contact", "a@example.org"
    )

    assert (code, err) == (0, "")
    assert out.splitlines()[1] == (
        f"5 4 * * 2 /opt/littriage run --warehouse '{tmp_path}/some where' --queries {tmp_path}/queries "
        "--arxiv http://localhost:1/a\\%20b --oai http://127.0.0.1:9/ --channel oai --redirects a.org,b.org "
        "--contact a@example.org --interval 0.0 2>&1 | logger -t littriage"
    )


def test_units_for_systemd(run: Run, tmp_path: Path):
    """A service and a timer; the calendar is systemd's own."""
    code, out, _ = run("schedule", "--by", "systemd")

    assert code == 0
    assert f"\nExecStart=/opt/littriage run --warehouse {tmp_path}/warehouse " in out
    assert "\nOnCalendar=Mon 06:00\n" in out
    assert run("schedule", "--by", "systemd", "--cron", "5 4 * * 2")[0] == 2


def test_a_schedule_with_too_few_fields(run: Run):
    """A usage error before anything starts."""
    code, out, err = run("schedule", "--cron", "weekly")

    assert (code, out) == (2, "")
    assert "expected five fields, such as '0 6 * * 1'" in err
