"""`llm export`, `llm import` and `llm status`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fakes import FakeLlm
from littriage.asking import Assistant, Budget, ask
from littriage.errors import LlmUnavailable, MalformedReply
from littriage.model import Catalogue
from littriage.ports import LlmCall, Reply
from littriage.progress import Quiet
from littriage.run import Run as LibraryRun
from littriage.warehouse import Warehouse
from littriage.warehouse.checks import broken_rules
from questions import CORE, questions
from small_field import Run, runner


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return runner(tmp_path, capfd, monkeypatch)


@pytest.fixture
def asking(tmp_path: Path) -> Callable[..., Any]:
    """Ask questions of `tmp_path/warehouse` as a run on that day does."""

    def asked(*several: Any, llm: FakeLlm | None = None, day: int = 1, **budget: Any) -> Any:
        with Warehouse.open(tmp_path / "warehouse") as warehouse:
            now = datetime(2026, 1, day)
            library_run = LibraryRun(warehouse, Catalogue((), ()), now.date(), lambda: now, Quiet())
            found = [ask(library_run, llm and Assistant(llm, Budget(**budget), 1), one) for one in several]
            assert broken_rules(warehouse) == []
            return found[0]

    return asked


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def plain(file: Path, answers: Mapping[str, Any]) -> Path:
    file.write_text("".join(json.dumps({"custom_id": one, "answer": value}) + "\n" for one, value in answers.items()))
    return file


# --- export -----------------------------------------------------------------------------------------------------


def test_the_open_questions_are_written(run: Run, asking: Callable[..., Any], tmp_path: Path):
    """In the order in which they would be asked; what is written is told, with an estimate of its size."""
    asking(questions(3), questions(2, task="name"))

    code, out, err = run("llm", "export", "q.jsonl", "--model", "some-model")

    written = rows(tmp_path / "q.jsonl")
    assert (code, err) == (0, "")
    assert out.startswith("5 questions in q.jsonl: name 2, screen 3\nAbout ")
    assert out.endswith(" tokens in and at most 100 out; the cost is not known\n")
    wanted = [one.prompt.question for one in (*questions(2, task="name"), *questions(3))]
    assert [row["custom_id"] for row in written] == wanted
    assert {row["body"]["model"] for row in written} == {"some-model"}


def test_a_part_of_them(run: Run, asking: Callable[..., Any], tmp_path: Path):
    """By task and number: the first of those that would be asked."""
    asking(questions(3), questions(2, task="name"))

    code, out, err = run("llm", "export", "q.jsonl", "--task", "screen", "--limit", "2")

    assert code == 0
    assert out.startswith("2 questions in q.jsonl: screen 2\n")
    assert err == "! no model is named in the lines, which a batch service needs: pass --model NAME\n"
    assert [row["custom_id"] for row in rows(tmp_path / "q.jsonl")] == [one.prompt.question for one in questions(2)]


def test_the_cost_of_a_known_model(run: Run, asking: Callable[..., Any]):
    """Where the vendor's price is known."""
    pytest.importorskip("genai_prices")
    asking(questions(30))

    out = run("llm", "export", "q.jsonl", "--model", "gpt-4o", "--json")[1]

    answer = json.loads(out)
    assert 0 < answer["usd_estimate"] < 1
    assert {name: answer[name] for name in ("files", "questions", "tasks", "tokens_out_most", "model")} == {
        "files": ["q.jsonl"], "questions": 30, "tasks": {"screen": 30}, "tokens_out_most": 600, "model": "gpt-4o",
    }  # fmt: skip


def test_the_model_and_its_price_from_the_settings(
    run: Run, asking: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Those of the live requests; another model that is named has no price of them."""
    asking(questions(2))
    monkeypatch.setenv("LITTRIAGE_LLM_MODEL", "local-model")
    monkeypatch.setenv("LITTRIAGE_LLM_PRICE_IN", "1000000")
    monkeypatch.setenv("LITTRIAGE_LLM_PRICE_OUT", "1")

    own, other = (json.loads(run("llm", "export", "q.jsonl", "--json", *more)[1]) for more in ((), ("--model", "x-y")))

    assert own["usd_estimate"] == pytest.approx(own["tokens_in_estimate"] + 40 / 1e6)
    assert (own["model"], other["model"], other["usd_estimate"]) == ("local-model", "x-y", None)


def test_questions_on_stdout(run: Run, asking: Callable[..., Any]):
    """Nothing but lines there; the words go to stderr."""
    asking(questions(2))

    code, out, err = run("llm", "export", "-", "--model", "m")

    assert code == 0
    assert [json.loads(line)["custom_id"] for line in out.splitlines()] == [
        one.prompt.question for one in questions(2)
    ]  # fmt: skip
    assert err.startswith("2 questions: screen 2\n")
    assert run("llm", "export", "-", "--json")[0] == 2


def test_nothing_to_export(run: Run, asking: Callable[..., Any], tmp_path: Path):
    """Exit code 4, words, and no file."""
    asking(questions(1), llm=FakeLlm([CORE]))

    assert run("llm", "export", "q.jsonl") == (4, "", "no question is open: nothing was written\n")
    assert run("llm", "export", "-", "--task", "brief")[0] == 4
    assert not (tmp_path / "q.jsonl").exists()


@pytest.mark.parametrize("command", [("export", "q.jsonl"), ("import", "a.jsonl"), ("status",)])
def test_no_warehouse(run: Run, tmp_path: Path, command: tuple[str, ...]):
    """An error that says what to do, and nothing is made."""
    code, out, err = run("llm", *command)

    assert (code, out) == (1, "")
    assert err.startswith(f"error: no warehouse at {tmp_path / 'warehouse'}/littriage.duckdb: run ")
    assert not (tmp_path / "warehouse").exists()


def test_a_place_that_cannot_be_written(run: Run, asking: Callable[..., Any]):
    asking(questions(1))
    code, out, err = run("llm", "export", "none/q.jsonl", "--model", "m")

    assert (code, out) == (2, "")
    assert err == "error: cannot write none/q.jsonl: No such file or directory: name another file\n"


# --- there and back ---------------------------------------------------------------------------------------------


def test_export_and_import(run: Run, asking: Callable[..., Any], tmp_path: Path):
    """Exactly the exported questions are answered; the next run uses the answers, with a model or without."""
    asking(questions(6))
    run("llm", "export", "q.jsonl", "--limit", "4", "--model", "m")
    asked = [row["custom_id"] for row in rows(tmp_path / "q.jsonl")]
    plain(tmp_path / "a.jsonl", dict.fromkeys(reversed(asked), CORE))

    code, out, err = run("llm", "import", "a.jsonl", "--model", "reader")
    left = run("llm", "export", "rest.jsonl", "--model", "m")[1]

    assert (code, err) == (0, "")
    assert out.splitlines()[1].split() == ["a.jsonl", "4", "4", "0", "0", "0", "reader"]
    assert out.endswith(
        f'4 answers stored; run "littriage run --no-harvest --warehouse {tmp_path / "warehouse"}" to use them\n'
    )
    assert left.startswith("2 questions")
    llm = FakeLlm([CORE, CORE])
    without, with_model = asking(questions(6)), asking(questions(6), llm=llm)
    assert sorted(without.answers) == sorted(asked)
    assert {one.model for one in without.answers.values()} == {"reader"}
    assert (len(llm.history), with_model.from_cache, len(with_model.answers)) == (2, 4, 6)


def test_the_same_file_again(run: Run, asking: Callable[..., Any], tmp_path: Path):
    """Changes nothing; a corrected one replaces the answers; after the next run the questions are asked no more."""
    (one,) = questions(1)
    asking([one])
    plain(tmp_path / "a.jsonl", {one.prompt.question: CORE})
    plain(tmp_path / "b.jsonl", {one.prompt.question: {"label": "out"}})

    stored = [json.loads(run("llm", "import", name, "--json")[1]) for name in ("a.jsonl", "a.jsonl", "b.jsonl")]
    (answer,) = asking([one]).answers.values()
    code, out, _ = run("llm", "import", "a.jsonl")

    assert [(each["stored"], each["files"][0]["unchanged"]) for each in stored] == [(1, 0), (0, 1), (1, 0)]
    assert answer.value == {"label": "out"}
    assert code == 1
    assert "not used, answered before, and asked no more: line 1" in out


def test_bad_lines_never_stop_the_others(run: Run, asking: Callable[..., Any], tmp_path: Path):
    """They are told with their numbers, and none of what they hold can steer a terminal."""
    one, two = questions(2)
    asking([one, two])
    file = plain(tmp_path / "a.jsonl", {one.prompt.question: CORE, two.prompt.question: {"label": "\x1b[31m"}})
    file.write_text(file.read_text() + "{\n" + json.dumps({"custom_id": "\x1b[31mno", "answer": 1}) + "\n")

    code, out, err = run("llm", "import", "a.jsonl")

    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert "! a.jsonl: 1 line not used, not a JSON object: line 3" in out
    assert "! a.jsonl: 1 line not used, no question of this warehouse: line 4: [31mno" in out
    assert "! a.jsonl: 1 line not used, the answer does not fit its schema: line 2: " in out
    assert "1 answer stored" in out


def test_files_before_a_refused_one_stay(run: Run, asking: Callable[..., Any], tmp_path: Path):
    """Each file is whole or not at all; the refused one ends the command with its reason."""
    one, two = questions(2)
    asking([one, two])
    plain(tmp_path / "a.jsonl", {one.prompt.question: CORE})
    (tmp_path / "b.jsonl").write_text("hello\n")

    code, out, err = run("llm", "import", "a.jsonl", "b.jsonl")

    assert code == 1
    assert "1 answer stored" in out
    assert err.startswith("error: b.jsonl is no file of answers: ")
    assert json.loads(run("llm", "status", "--json")[1])["open"][0]["questions"] == 1


def test_a_file_named_call(run: Run, asking: Callable[..., Any], tmp_path: Path):
    """Is an import all the same: its answers serve every model."""
    (one,) = questions(1)
    asking([one])
    plain(tmp_path / "call", {one.prompt.question: CORE})
    run("llm", "import", "call")

    assert asking([one], llm=FakeLlm()).from_cache == 1


# --- status -----------------------------------------------------------------------------------------------------


def test_status_of_an_empty_ledger(run: Run, asking: Callable[..., Any]):
    asking([])

    assert run("llm", "status") == (
        0,
        "Last run: no language model was asked.\n\nEver: no language model was asked.\n\n"
        "No question is open.\n\nNo answer is stored.\n",
        "",
    )


def test_status_tells_what_was_asked(run: Run, asking: Callable[..., Any]):
    """By task and model, of the last run and of all; what is open and why; what is stored."""
    first, *others = questions(4)
    asking([first], llm=FakeLlm([CORE], usd_per_million=(10.0, 20.0)))
    replies = [MalformedReply("no JSON"), LlmUnavailable("status 503"), CORE]
    asking(others, llm=FakeLlm(replies, model="local"), day=2)

    code, out, err = run("llm", "status")

    assert (code, err) == (0, "")
    last, ever, left, cache = out.split("\n\n")
    assert last.splitlines()[0] == "Last run, 20260102T000000.000000Z: 3 calls"
    assert last.splitlines()[2].split() == ["screen", "local", "3", "1", "300", "30", "unknown", "1.5"]
    assert "! screen, local: 1 call LlmUnavailable, the last: status 503" in last
    assert ever.splitlines()[0] == "Ever: 4 calls"
    assert ever.splitlines()[2].split() == ["screen", "fake-1", "1", "1", "100", "10", "0.0012", "0.5"]
    assert left.splitlines()[0] == '2 open questions; "littriage llm export FILE" writes them'
    assert left.splitlines()[2].split("  ")[0] == "screen"
    assert "MalformedReply: no JSON" in left
    assert cache.splitlines()[0] == "2 stored answers, 0 KiB"
    assert cache.splitlines()[2].split() == ["screen", "fake-1", "1", "0"]


def test_requests_without_an_answer_have_no_price(run: Run, asking: Callable[..., Any]):
    """They do not make a cost that is known unknown; an answer without a price does, beside what is known."""
    llm = FakeLlm(usd_per_million=(10.0, 20.0))
    unanswered = LlmCall(datetime(2026, 1, 1), 0.5, "LlmUnavailable", "status 503")
    unpriced = LlmCall(datetime(2026, 1, 1), 0.5)
    first, second = questions(2)

    asking([first], llm=FakeLlm([Reply(CORE, (unanswered, llm.call()))]))
    known = run("llm", "status")[1]
    asking([second], llm=FakeLlm([Reply(CORE, (unpriced,))]), day=2)
    mixed = run("llm", "status")[1]

    assert known.splitlines()[2].split() == ["screen", "fake-1", "2", "1", "100", "10", "0.0012", "1.0"]
    assert mixed.splitlines()[2].split() == ["screen", "fake-1", "1", "1", "-", "-", "unknown", "0.5"]
    assert "0.0012 + 1 call unknown" in mixed
    assert "! screen, fake-1: of 1 call the tokens are not known" in mixed


def test_status_as_json(run: Run, asking: Callable[..., Any]):
    """The same for programs: null where a cost is not known."""
    asking(questions(2), llm=FakeLlm([CORE]), calls=1)

    answer = json.loads(run("llm", "status", "--json")[1])

    (last,) = answer["last_run"]["calls"]
    assert last == {
        "task": "screen", "model": "fake-1", "calls": 1, "answered": 1, "tokens_in": 100, "tokens_out": 10,
        "calls_untold": 0, "cost_usd": None, "calls_unpriced": 1, "seconds": 0.5, "outcomes": {},
    }  # fmt: skip
    assert answer["ever"] == [last]
    assert answer["open"] == [
        {"task": "screen", "reason": "budget of 1 call spent", "questions": 1, "first_subject": "demo 2401.00002"}
    ]
    assert answer["cache"] == [{"task": "screen", "model": "fake-1", "answers": 1, "imported": 0, "size_bytes": 17}]
