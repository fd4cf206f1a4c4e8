"""`doctor` and `evaluate`."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from fakes import FakeEmbedder
from littriage import wiring
from littriage.errors import ModelUnavailable
from littriage.replica import Replica
from littriage.warehouse import Warehouse
from llm_server import LlmServer
from paper_files import parquet, row
from small_field import Run, corpus, runner


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return runner(tmp_path, capfd, monkeypatch)


# --- doctor -----------------------------------------------------------------------------------------------------

CHECKED = ["directions", "model", "llm", "contact", "pace", "disk", "warehouse", "harvest", "published"]


@pytest.fixture
def published(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse that has been harvested, ranked and published."""
    with Replica(corpus(13, each=1)) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        run("harvest", "--months", "14")
    assert run("rank")[0] == 0
    return tmp_path / "warehouse"


def states(out: str) -> dict[str, str]:
    """What doctor says of each thing that it checks: ok, MIND or WRONG, and the details."""
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in out.splitlines()[1:]}


def test_doctor_before_anything(run: Run, tmp_path: Path):
    """No warehouse is no fault, and none is made; the next step is told."""
    code, out, err = run("doctor")

    found = states(out)
    assert (code, err) == (0, "")
    assert list(found) == CHECKED
    assert found["directions"] == "ok     2 directions in 1 themes, 0 claims"
    assert 'yet: "littriage import FILE..." or "littriage run" makes one' in found["warehouse"]
    assert found["published"] == 'ok     nothing published yet: "littriage run" publishes'
    assert not (tmp_path / "warehouse").exists()


def test_doctor_names_the_language_model_and_does_not_ask_it(run: Run, monkeypatch: pytest.MonkeyPatch):
    """None is no fault; a vendor's model without its key is one; a server of one's own needs none."""
    assert states(run("doctor")[1])["llm"].startswith("ok     none is set, and none is needed")

    monkeypatch.setenv("LITTRIAGE_LLM_MODEL", "a-model")
    code, out, _ = run("doctor")
    assert code == 1
    assert "set LITTRIAGE_LLM_KEY or OPENAI_API_KEY" in states(out)["llm"]

    with LlmServer() as server:
        monkeypatch.setenv("LITTRIAGE_LLM_URL", server.url)
        monkeypatch.setenv("LITTRIAGE_LLM_KEY", "sk-planted")
        code, out, err = run("doctor")
        assert server.asked == []
    assert code == 0
    assert states(out)["llm"].startswith("ok     a-model at 127.0.0.1")
    assert "sk-planted" not in out + err


def test_doctor_as_json(run: Run):
    """What, state and details of each check; the exit code is that of the table."""
    code, out, _ = run("doctor", "--json")

    checks = json.loads(out)["checks"]
    assert code == 0
    assert [check["what"] for check in checks] == CHECKED
    assert checks[0] == {"what": "directions", "state": "ok", "details": "2 directions in 1 themes, 0 claims"}


def test_doctor_of_a_sound_warehouse(run: Run, published: Path):
    """Counts, and that all checks hold."""
    code, out, _ = run("doctor")

    assert code == 0
    assert states(out)["warehouse"] == "ok     26 papers, 26 counted; all checks hold"
    assert states(out)["published"].endswith("0 failures in it")


def test_doctor_finds_a_broken_rule(run: Run, published: Path):
    """Exit code 1, the rule in words, and the first row that breaks it; the other checks are still made."""
    with Warehouse.open(published) as opened:
        opened.insert(
            "hit",
            {"paper_id": ["9901.00001"]},
            direction="parsing", in_title=True, title_groups=1, phrases=1, mentions=1, read_share=0.5,
        )  # fmt: skip

    code, out, _ = run("doctor")

    assert code == 1
    assert states(out)["warehouse"].startswith("WRONG  1 rows break the rule «A hit belongs to a stored paper»")
    assert "9901.00001" in states(out)["warehouse"]
    assert states(out)["published"].startswith("ok")


@pytest.mark.parametrize(("file", "name"), [("littriage.duckdb", "warehouse"), ("published.duckdb", "published")])
def test_doctor_finds_a_corrupt_file(run: Run, published: Path, file: str, name: str):
    """A file that DuckDB cannot read is named, and the command ends with 1."""
    (published / file).write_bytes(b"not a database" * 1000)

    code, out, err = run("doctor")

    assert (code, err) == (1, "")
    assert states(out)[name].startswith("WRONG")
    assert f"{published}/{file}" in states(out)[name]


def test_doctor_finds_wrong_directions_and_models(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What cannot be read or loaded is told in one go."""

    def missing() -> Path:
        raise ModelUnavailable("the package is not installed")

    monkeypatch.setattr("littriage.embedding.packaged_minilm", missing)
    (tmp_path / "queries" / "language" / "parsing.toml").write_text("name = 3", encoding="utf-8")

    code, out, _ = run("doctor")

    assert code == 1
    assert states(out)["model"] == "WRONG  the package is not installed"
    assert states(out)["directions"].startswith("WRONG")


def test_doctor_minds_the_disk(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Little room is a fault before it becomes a failure."""
    monkeypatch.setattr("littriage.cli.checking.LEAST_FREE_GIB", 10**9)

    code, out, _ = run("doctor")

    assert code == 1
    assert "GiB free where the tables are" in states(out)["disk"]


def test_doctor_asks_for_an_address(run: Run, monkeypatch: pytest.MonkeyPatch):
    """arXiv wants to know whom to write to; without one all works, so that the exit code stays 0."""
    without = run("doctor")
    monkeypatch.setenv("LITTRIAGE_CONTACT", "ada@example.org")

    assert without[0] == 0
    assert states(without[1])["contact"] == (
        "MIND   no address is sent to arXiv, which asks for one: set LITTRIAGE_CONTACT, or pass --contact"
    )
    assert states(run("doctor")[1])["contact"] == "ok     ada@example.org is sent with every request"


def test_doctor_minds_the_pace(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The file that all processes share: made by the first request, then numbers, and a pause that was asked for."""
    before = states(run("doctor")[1])["pace"]
    turn = tmp_path / "state" / "littriage" / "arxiv.org.turn"
    assert not turn.parent.exists()
    turn.parent.mkdir(parents=True)
    monkeypatch.setattr(wiring.SystemClock, "monotonic", lambda clock: 1_000.0)
    found = []
    for text in ("", "990.5", "990.5 0.0", "990.5 90.0", "2000.0 90.0", "soon"):
        turn.write_text(text, encoding="ascii")
        found.append((run("doctor")[0], states(run("doctor")[1])["pace"]))

    assert before.startswith("ok     no request has been made yet")
    assert found[:3] == [(0, f"ok     all processes share {turn}")] * 3
    assert found[3] == (0, "MIND   the service asked for a pause: nothing is asked for another 80 s")
    assert found[4] == found[0]  # a reboot began the clock anew
    assert found[5] == (0, f"MIND   {turn} should hold seconds, not 'soon': delete it")


def test_doctor_finds_a_state_folder_that_is_none(run: Run, tmp_path: Path):
    """Where nothing can be written nothing can be asked."""
    turn = tmp_path / "state" / "littriage" / "arxiv.org.turn"
    turn.mkdir(parents=True)

    code, out, _ = run("doctor")

    assert code == 1
    assert states(out)["pace"].startswith("WRONG  ")
    assert str(turn) in states(out)["pace"]


def test_doctor_of_a_harvest(run: Run, tmp_path: Path):
    """A listing that stopped, windows that failed and weeks that were missed deserve attention, and are no fault."""
    monday = date(2026, 11, 16)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.insert("oai_list", LISTED, current_to=monday)
    current = harvest_on(run, date(2026, 11, 25))
    stale = harvest_on(run, date(2026, 11, 26))
    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.insert("oai_list", {**LISTED, "under_way": [True]}, current_to=monday)
        for place, failure in enumerate((None, "ShortAnswer: 3 of 4")):
            opened.insert(
                "harvest_window", {"direction": ["parsing"]}, source="arxiv-api", query="q", expected=0,
                received=0, stored=0, first_day=date(2026, 11, 17 + place), last_day=date(2026, 11, 17 + place),
                requests=1, failure=failure, asked_at=datetime(2026, 11, 19),
            )  # fmt: skip
    stopped = harvest_on(run, date(2026, 11, 20))

    assert current == "ok     the last complete week ended on 2026-11-15"
    assert stale == 'MIND   the last complete week ended on 2026-11-15, 11 days ago: "littriage run"'
    assert stopped == (
        "MIND   the listing of cs has been under way since 2026-11-16: its token has expired, which does no harm; the "
        "next harvest goes on from the newest day received; 1 windows failed, the first parsing, 2026-11-18 to "
        "2026-11-18: ShortAnswer: 3 of 4; the next harvest asks for them again"
    )


LISTED = {
    "set_spec": ["cs"], "started_on": [date(2026, 11, 16)], "in_order": [True], "pages": [1], "records": [1],
    "under_way": [False],
}  # fmt: skip


def harvest_on(run: Run, day: date) -> str:
    """What doctor says of the harvest on that day; the exit code is 0."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wiring.SystemClock, "today", lambda clock: day)
        code, out, _ = run("doctor")
    assert code == 0
    return states(out)["harvest"]


# --- evaluate ---------------------------------------------------------------------------------------------------


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The arguments that evaluate eight papers: core ones, a mere mention of each direction, misses, and a stranger."""
    monkeypatch.setattr(wiring, "embedder", lambda settings, tier: FakeEmbedder())
    papers, lines = [], ["direction,arxiv_id,label,pool"]
    for place, (direction, phrase) in enumerate((("parsing", "parse tree"), ("word-vectors", "word vector"))):
        for number in range(4):
            id_ = f"2104.{place}000{number}"
            title = f"The {phrase}, the {phrase}" if number < 2 else "Soup"
            abstract = f"On the {phrase}." if number < 3 else "On bread."
            papers.append(row(id_, title=title, abstract=abstract))
            lines.append(f"{direction},{id_},{(2, 2, 0, 1)[number]},strict")
    lines.append("parsing,2104.99999,2,strict")
    gold = tmp_path / "gold.csv"
    gold.write_text("\n".join(lines), encoding="utf-8")
    return "evaluate", "membership", str(gold), "--papers", str(parquet(tmp_path / "papers.parquet", papers))


def test_evaluate_as_json(run: Run, judged: tuple[str, ...]):
    """The figures stand at the top: pairs, and precision, recall and F1 of core and of any membership."""
    code, out, err = run(*judged, "--json")

    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["pairs"] == 8
    for what in ("core", "any"):
        assert {"precision", "recall", "f1"} <= answer[what].keys()
    assert answer["lexical"]["core"]["precision"] == pytest.approx(4 / 6)
    assert answer["lexical"]["any"]["recall"] == pytest.approx(4 / 6)
    assert sum(answer["skipped"].values()) == 1


def test_evaluate_as_a_table(run: Run, judged: tuple[str, ...]):
    """Rules one under the other, then directions; pairs that could not be judged are told."""
    code, out, _ = run(*judged)

    assert code == 0
    assert out.startswith("8 pairs; vectors of fast@fake; leave one direction out")
    assert "phrases alone" in out
    assert "! 1 pairs were skipped: " in out


def test_evaluate_without_a_file(run: Run, judged: tuple[str, ...], tmp_path: Path):
    """A judgement file that is not there is a usage error."""
    code, out, err = run("evaluate", "membership", str(tmp_path / "none.csv"), *judged[3:])

    assert (code, out) == (2, "")
    assert f"{tmp_path}/none.csv" in err


def test_evaluate_with_an_unknown_tier(run: Run, judged: tuple[str, ...], monkeypatch: pytest.MonkeyPatch):
    """The tiers that there are."""
    monkeypatch.undo()

    code, _, err = run(*judged, "--tier", "slow")

    assert code == 2
    assert "take transformer or fast" in err
