"""Whole runs with a language model, through the command line and over HTTP, on a small field.

Prefect's engine is left out: the flow's own function runs, stage by stage (tests/test_flows.py has one under Prefect).
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import small_field
from hostile_papers import HOSTILE
from littriage import asking, wiring
from littriage.cli import main
from littriage.membership import RULES, GreyBand
from littriage.model import Paper
from littriage.replica import Replica
from littriage.run import straight
from littriage.warehouse import Warehouse
from littriage.warehouse.file import translated
from llm_server import Asked, LlmServer, cut, data_of, ok, slow, status, text
from paper_files import parquet, row
from scripted_model import BESIDE, PASSING, TOPICS, WRONG, answered, gullible, honest, task_of
from small_field import PHRASES, Run, months_ago, runner

KEY = "sk-planted-0123456789abcdef"
QUESTIONS = {"screen": 14, "name": 2, "brief": 4}
"""On 126 undecided hits of 168, nine a question; on two directions; on each in two languages."""
STAGES = ["match", "embed, fast tier", "embed, transformer", "decide", "screen", "cluster", "name", "weigh", "judge",
          "gauge", "survey", "look ahead", "score", "consult", "word", "publish"]  # fmt: skip

# --- the field --------------------------------------------------------------------------------------------------

SURE = "Papers on the {phrase}. We study the {phrase} with {topic}."
ABSTRACTS = (
    SURE,
    "We study {topic}, and how the {phrase} helps them.",
    f"We study {{topic}}; the {{phrase}} stands {BESIDE}.",
    f"We study {{topic}}, and name the {{phrase}} {PASSING}.",
)
"""The rule is sure of the first, and leaves the others undecided."""


def field(months: int = 28) -> list[Paper]:
    """Each month nine papers, up to the month before last: on each direction and on neither, one on every topic."""
    found = []
    for month in range(2, months + 2):
        day = months_ago(month)
        kinds = [(phrase, topic) for phrase in (*PHRASES.values(), "something else") for topic in TOPICS]
        for number, (phrase, topic) in enumerate(kinds):
            abstract = ABSTRACTS[(month + number + number // 3) % 4]
            found.append(
                Paper(
                    id=f"{day:%y%m}.{number + 1:05}",
                    title=f"{topic} for the {phrase}, part {month}",
                    abstract=abstract.format(phrase=phrase, topic=topic.lower()),
                    authors=("Ada B.",),
                    categories=("cs.CL",),
                    published=day,
                )
            )
    return found


def plain(folder: Path, papers: list[Paper]) -> Path:
    """The folder, now a warehouse of these papers, with the answers that are there without a model."""
    with pytest.MonkeyPatch.context() as patch, Replica(papers) as replica:
        for name in [name for name in os.environ if name.startswith("LITTRIAGE_")]:
            patch.delenv(name)
        patch.setenv("LITTRIAGE_OAI", replica.oai_address)
        patch.setenv("LITTRIAGE_INTERVAL_S", "0")
        patch.setenv("LITTRIAGE_QUERIES", str(small_field.write_queries(folder.parent / f"{folder.name}-queries")))
        patch.setenv("XDG_STATE_HOME", str(folder.parent / "state"))
        patch.setattr(wiring.SystemClock, "sleep", lambda clock, seconds: None)
        patch.setattr(wiring, "tiers", small_field.fake_tiers)
        for command in (["harvest", "--channel", "oai"], ["rank"]):
            with pytest.raises(SystemExit) as ended:
                main([*command, "--warehouse", str(folder)])
            assert ended.value.code in (0, None)
    return folder


@pytest.fixture(scope="module")
def of_honest_papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain(tmp_path_factory.mktemp("field") / "warehouse", field())


@pytest.fixture(scope="module")
def weekly() -> Iterator[ModuleType]:
    """The weekly flow's module, whose function runs without Prefect's engine."""
    before = dict(os.environ)
    found = wiring.load_flow("weekly")
    os.environ.clear()
    os.environ.update(before)
    found.stage = lambda name, work: straight(name, work)
    found.get_run_logger = logging.getLogger
    found.create_table_artifact = lambda *_, **__: None
    yield found
    del sys.modules[found.__name__]


@pytest.fixture
def run(
    of_honest_papers: Path,
    weekly: ModuleType,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Commands on a copy of the field, which has its answers without a model."""
    flows = {"server": SimpleNamespace(start=lambda: None), "weekly": SimpleNamespace(weekly=weekly.weekly.fn)}
    load = wiring.load_flow
    monkeypatch.setattr(wiring, "load_flow", lambda name: flows[name] if name in flows else load(name))
    shutil.copytree(of_honest_papers, tmp_path / "warehouse")
    return runner(tmp_path, capfd, monkeypatch)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LlmServer]]:
    """Starts a server and makes it the run's; all end with the test."""
    started: list[LlmServer] = []

    def serve(answer: Callable[[Asked], Any], model: str = "scripted") -> LlmServer:
        started.append(LlmServer(answer=answer).__enter__())
        monkeypatch.setenv("LITTRIAGE_LLM_URL", started[-1].url)
        monkeypatch.setenv("LITTRIAGE_LLM_MODEL", model)
        return started[-1]

    yield serve
    for one in started:
        one.__exit__(None, None, None)


# --- what became of it ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What a run has made, without anything that tells one run from another."""

    memberships: dict[tuple[str, str], tuple[str, str, float]]
    """(Direction, paper) -> label, who decided, probability."""
    names: list[tuple[str, int, str | None, str | None, str | None]]
    briefs: list[tuple[str, str, str, str]]
    """Direction, language, sentence, who worded it."""
    trends: list[Any]
    verdicts: list[Any]

    @property
    def labels(self) -> Counter[tuple[str, str]]:
        """(Who decided, label) -> memberships."""
        return Counter((decider, label) for label, decider, _ in self.memberships.values())


def rows(warehouse: Path, *queries: str) -> list[list[Any]]:
    """The rows of each query."""
    with Warehouse.read_only(warehouse) as opened:
        return [opened.connection.execute(query).fetchall() for query in queries]


def outcome(warehouse: Path) -> Outcome:
    """As the tables tell it."""
    memberships, *others = rows(
        warehouse,
        "select direction, paper_id, label, decided_by, probability from membership",
        "select scope, number, name, name_zh, named_by from cluster order by all",
        "select direction, lang, sentence, worded_by from brief order by direction, lang, place",
        "from trend_point order by all",
        "from verdict order by all",
    )
    return Outcome({(direction, paper): tuple(said) for direction, paper, *said in memberships}, *others)


def published(run: Run) -> list[str]:
    """What a user can take away: every export, and the briefs without the name of the run."""
    exports = [run("export", table)[1] for table in ("trends", "verdicts", "papers", "clusters")]
    briefs = [json.loads(run("brief", "--json", "--lang", lang)[1])["briefs"] for lang in ("en", "zh")]
    return [*exports, json.dumps(briefs)]


def stage(out: str, name: str) -> str:
    """The line of the summary on that stage."""
    (line,) = (line for line in out.splitlines() if line.startswith(f"{name}  "))
    return line


def tasks(server: LlmServer) -> Counter[str]:
    """Requests by task."""
    return Counter(map(task_of, server.asked))


def screened_papers(*servers: LlmServer) -> Counter[tuple[str, str]]:
    """(Direction, title) -> how often a server was asked about it."""
    return Counter(
        (asked.data["direction"], paper["title"])
        for server in servers
        for asked in server.asked
        if task_of(asked) == "screen"
        for paper in asked.data["papers"]
    )


_WITH_AN_HONEST_MODEL: list[Outcome] = []


@pytest.fixture
def with_an_honest_model(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """What one undisturbed run makes of the field, a question after the other."""
    if not _WITH_AN_HONEST_MODEL:
        kept = tmp_path / "undisturbed"
        shutil.copytree(tmp_path / "warehouse", kept)
        with pytest.MonkeyPatch.context() as patch, LlmServer(answer=honest) as server:
            patch.setenv("LITTRIAGE_LLM_URL", server.url)
            patch.setenv("LITTRIAGE_LLM_MODEL", "scripted")
            patch.setenv("LITTRIAGE_LLM_AT_ONCE", "1")
            patch.setenv("LITTRIAGE_WAREHOUSE", str(kept))
            assert run("run", "--no-harvest")[0] == 0
        _WITH_AN_HONEST_MODEL.append(outcome(kept))
        shutil.rmtree(kept)
    return _WITH_AN_HONEST_MODEL[0]


# --- a run with a model -----------------------------------------------------------------------------------------


def test_a_model_screens_names_and_words(run: Run, served: Callable[..., LlmServer], tmp_path: Path) -> None:
    """Undecided hits get labels, sub-topics names, directions briefs; every command shows them, and the calls."""
    server = served(honest)

    code, out, err = run("run", "--no-harvest")

    assert (code, err) == (0, "")
    assert [line.split("  ")[0] for line in out.splitlines()[1 : 1 + len(STAGES)]] == STAGES
    assert tasks(server) == QUESTIONS
    assert "grey 126, asked 14, from cache 0, left 0, calls 14, tokens in 1,400, tokens out 280" in stage(out, "screen")
    assert "judged 126" in stage(out, "screen")
    assert "sub-topics 3, named 3" in stage(out, "name")  # those that stand since before anything was screened
    assert "worded by a model 4, from the template 0, dropped: a number that is not the figure 4" in stage(out, "word")
    made = outcome(tmp_path / "warehouse")
    kinds = Counter(paper.abstract for paper in field() if "something else" not in paper.title)
    expected = Counter[tuple[str, str]]()
    for abstract, papers in kinds.items():
        label = "out" if PASSING in abstract else "related" if BESIDE in abstract else "core"
        if not abstract.startswith("Papers on"):
            expected["llm", label] += papers
    assert Counter({key: count for key, count in made.labels.items() if key[0] == "llm"}) == expected
    assert expected.total() == 126

    names = [(en, zh) for slug, _, en, zh, _ in made.names if slug == "parsing" and en]
    assert len(names) == 2
    shown = run("show", "parsing")[1], run("show", "parsing", "--lang", "zh")[1]
    assert all(en in shown[0] and zh in shown[1] for en, zh in names)
    english, chinese = run("brief", "parsing")[1], run("brief", "parsing", "--lang", "zh")[1]
    ((count,),) = rows(tmp_path / "warehouse", "select papers_12m from verdict where direction = 'parsing'")[0]
    assert f"Over the last 12 months we count {count:,.0f} papers." in english
    assert f"最近 12 个月有 {count:,.0f} 篇论文。" in chinese
    assert "worded by scripted; sentences of a model dropped by checks: 1" in english
    assert WRONG not in english + chinese
    told = json.loads(run("papers", "parsing", "--json", "--limit", "999")[1])["papers"]
    core = {paper for (slug, paper), (label, *_) in made.memberships.items() if (slug, label) == ("parsing", "core")}
    assert {one["id"] for one in told} <= core
    judged = {one["id"]: one["probability"] for one in told if made.memberships["parsing", one["id"]][1] == "llm"}
    assert set(judged.values()) == {1.0}
    status_ = json.loads(run("llm", "status", "--json")[1])
    spent = {one["task"]: (one["calls"], one["tokens_in"], one["tokens_out"]) for one in status_["last_run"]["calls"]}
    assert spent == {task: (calls, 100 * calls, 20 * calls) for task, calls in QUESTIONS.items()}
    assert status_["open"] == []
    assert "Last run, " in run("llm", "status")[1]


def test_the_same_run_twice_asks_nothing_twice(run: Run, served: Callable[..., LlmServer]) -> None:
    """No request, and the same answers byte for byte."""
    server = served(honest)
    run("run", "--no-harvest")
    first, asked = published(run), len(server.asked)

    code, out, _ = run("run", "--no-harvest")

    assert (code, len(server.asked)) == (0, asked)
    assert "from cache 4, left 0" in stage(out, "word")
    assert published(run) == first


# --- a budget ---------------------------------------------------------------------------------------------------


def test_a_budget_of_one_call(
    run: Run, served: Callable[..., LlmServer], with_an_honest_model: Outcome, tmp_path: Path
) -> None:
    """Exactly one request, a complete answer, and the rest listed; the next run goes on with what was left."""
    server = served(honest)

    code, out, err = run("run", "--no-harvest", "--llm-calls", "1")

    assert (code, err, len(server.asked)) == (0, "", 1)
    assert [line.split("  ")[0] for line in out.splitlines()[1 : 1 + len(STAGES)]] == STAGES
    for name, left in (("screen", 13), ("name", 2), ("word", 4)):
        assert f"left {left}, " in stage(out, name)
    made = outcome(tmp_path / "warehouse")
    assert (len(made.memberships), len(made.verdicts)) == (168, len(PHRASES))
    assert made.labels["llm", "core"] > 0
    assert len({(slug, lang) for slug, lang, *_ in made.briefs}) == 4
    assert {by for *_, by in made.briefs} == {"template"}
    listed = json.loads(run("llm", "status", "--json")[1])["open"]
    assert {one["task"]: one["questions"] for one in listed} == {"screen": 13, "name": 2, "brief": 4}
    assert {one["reason"] for one in listed} == {"budget of 1 call spent"}
    assert '19 open questions; "littriage llm export FILE" writes them' in run("llm", "status")[1]

    assert run("run", "--no-harvest")[0] == 0

    assert set(screened_papers(server).values()) == {1}
    assert tasks(server) == QUESTIONS
    assert outcome(tmp_path / "warehouse") == with_an_honest_model


def test_nothing_is_new_once_no_question_is_left(
    run: Run, served: Callable[..., LlmServer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A harvest without a new paper goes on while a run's questions are open, and ends a week with none.

    Questions of `littriage read` are none of the run's.
    """
    server = served(honest)
    monkeypatch.setenv("LITTRIAGE_CHANNEL", "oai")
    with Replica(field()) as replica:
        monkeypatch.setenv("LITTRIAGE_OAI", replica.oai_address)
        told = [run("run", "--llm-calls", "1")[1]]
        assert len(server.asked) == 1
        told.append(run("run")[1])
        asked = len(server.asked)
        monkeypatch.setattr(wiring, "load_flow", None)
        told.append(run("run")[1])
        post = "Ada: I think that parse trees are rising, and that word vectors are all but saturated by now.\n"
        (tmp_path / "post.txt").write_text(post * 9, encoding="utf-8")
        monkeypatch.setenv("LITTRIAGE_LLM_CALLS", "0")
        assert run("read", str(tmp_path / "post.txt"))[0] == 0
        assert [one["task"] for one in json.loads(run("llm", "status", "--json")[1])["open"]] == ["read"]
        told.append(run("run")[1])

    assert ["Nothing new" in out for out in told] == [False, False, True, True]
    assert (asked, len(server.asked)) == (sum(QUESTIONS.values()), asked)


def test_a_model_that_cannot_be_asked_is_refused_before_the_harvest(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor's model without its key is a usage error, and nobody is asked."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with Replica(field()) as replica:
        monkeypatch.setenv("LITTRIAGE_OAI", replica.oai_address)
        code, _, err = run("run", "--channel", "oai", "--llm-model", "gpt-5")

        assert (code, replica.requests) == (2, [])
        assert "wants a key: set LITTRIAGE_LLM_KEY or OPENAI_API_KEY" in err


# --- bad answers ------------------------------------------------------------------------------------------------


def contradictory(asked: Asked) -> dict[str, Any]:
    """Two labels for each paper, two names for one sub-topic, numbers that are not the record's."""
    given = honest(asked)
    if task_of(asked) == "screen":
        return {"labels": [{**one, "label": label} for one in given["labels"] for label in ("core", "out")]}
    if task_of(asked) == "name":
        return {"names": [{**one, "number": 1} for one in given["names"]]}
    return {"sentences": given["sentences"][2:]}


BAD: dict[str, tuple[Callable[[Asked], Any], str]] = {
    "malformed": (lambda _: text("I would rather say core."), ""),
    "contradictory": (contradictory, ""),
    "slow": (lambda _: slow(), "no answer from 127.0.0.1"),
    "rate-limited": (lambda _: status(429, {"Retry-After": "0"}), "status 429: try again in 0 s"),
    "broken": (lambda _: status(500), "status 500"),
    "cut": (lambda asked: cut(ok(honest(asked))), "broke off"),
}
"""What the server answers, and what the one failure of the run says; empty: there is none."""


@pytest.mark.parametrize("how", BAD)
def test_bad_answers_leave_the_plain_method(
    run: Run, served: Callable[..., LlmServer], of_honest_papers: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, how: str,
) -> None:  # fmt: skip
    """The run ends well with the answers that it has without a model, and says once what is wrong."""
    answer, failure = BAD[how]
    server = served(answer)
    monkeypatch.setenv("LITTRIAGE_LLM_TIMEOUT_S", "0.05" if how == "slow" else "20")

    code, out, err = run("run", "--no-harvest")

    assert (code, err) == (0, "")
    assert outcome(tmp_path / "warehouse") == outcome(of_honest_papers)
    assert [line for line in out.splitlines() if failure and failure in line] == [
        line for line in out.splitlines() if line.startswith("! ")
    ]
    assert out.count("! llm, scripted: ") == bool(failure)
    told = run("llm", "status")[1]
    if how == "contradictory":
        assert "not judged: two labels that differ 126" in stage(out, "screen")
        asked = len(server.asked)
        assert run("run", "--no-harvest")[0] == 0
        assert len(server.asked) == asked
    else:
        assert "! screen, scripted: " in told
        assert "20 open questions" in told
    if failure:
        assert len(server.asked) <= 4 * 6  # three in a row end it, and those under way beside them


def test_a_model_that_is_unsure_is_not_asked_again(run: Run, served: Callable[..., LlmServer]) -> None:
    """Though the papers that it is unsure of would stand together in other questions now."""

    def half_sure(asked: Asked) -> dict[str, Any]:
        given = honest(asked)
        for one in given.get("labels", ())[::2]:
            one["label"] = "unsure"
        return given

    server = served(half_sure)
    first = run("run", "--no-harvest")[1]
    asked = len(server.asked)
    again = run("run", "--no-harvest")[1]

    assert "judged 56, not judged: unsure 70" in stage(first, "screen")
    assert len(server.asked) == asked
    assert "asked 0, from cache 0, left 0" in stage(again, "screen")


def test_a_wrong_key_ends_the_asking(
    run: Run, served: Callable[..., LlmServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the questions under way: one failure, and every other question left for its reason."""
    server = served(lambda _: status(401))
    monkeypatch.setenv("LITTRIAGE_LLM_AT_ONCE", "1")

    code, out, err = run("run", "--no-harvest")

    assert (code, err, len(server.asked)) == (0, "", 1)
    assert out.count("refuses the key (status 401)") == 1
    left = json.loads(run("llm", "status", "--json")[1])["open"]
    assert sum(one["questions"] for one in left) == 20
    assert all("refuses the key" in one["reason"] for one in left)


# --- the key ----------------------------------------------------------------------------------------------------


def test_a_key_goes_to_the_server_and_nowhere_else(
    run: Run, served: Callable[..., LlmServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Not into a table, a file, a batch, a log or a message, not even where the server tells it back."""
    echo = f"Incorrect API key provided: {KEY}. You sent Bearer {KEY}"

    def tell_tale(asked: Asked) -> Any:
        refusals = {"name": status(400, why=echo), "brief": status(500, why=echo)}
        return refusals.get(task_of(asked)) or honest(asked)

    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("LITTRIAGE_LLM_KEY", KEY)
    told: list[str] = []

    def tell(*arguments: str) -> None:
        code, out, err = run(*arguments)
        assert code == 0, err
        told.extend((out, err))

    for answer in (lambda _: status(401, why=echo), tell_tale):
        server = served(answer)
        tell("run", "--no-harvest")
        assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}
        assert not any(KEY in asked.body.decode() for asked in server.asked)
    for command in (["llm", "status"], ["llm", "status", "--json"], ["brief"], ["show", "parsing"]):
        tell(*command)
    tell("llm", "export", str(tmp_path / "questions.jsonl"))
    for table in ("trends", "verdicts", "papers", "clusters"):
        tell("export", table, "--out", str(tmp_path / f"{table}.csv"))
    (tables,) = rows(tmp_path / "warehouse", "select table_name from duckdb_tables()")
    held = rows(tmp_path / "warehouse", *(f"from {name}" for (name,) in tables))  # files may hold texts compressed
    told.extend(map(str, held))
    assert ("llm_call",) in tables
    assert any("[hidden]" in one for one in told)  # the server's words were told, without the key

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"littriage.duckdb", "published.duckdb", "questions.jsonl", "trends.csv"} <= {path.name for path in files}
    for piece in (KEY, KEY[:16], KEY[11:]):
        assert not any(piece in one for one in (*told, caplog.text))
        assert not [path for path in files if piece.encode() in path.read_bytes()]


# --- hostile papers ---------------------------------------------------------------------------------------------


def test_hostile_papers_sway_nothing_but_themselves(
    run: Run, served: Callable[..., LlmServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside hostile abstracts, a model that does what it is told gives the answers of an honest one.

    The whole band of probabilities is asked about, so that no hostile paper is left out for being improbable.
    """
    monkeypatch.setitem(RULES, "minilm", replace(RULES["minilm"], grey=GreyBand(0.0, 1.0)))  # type: ignore[index]
    monkeypatch.setenv("LITTRIAGE_LLM_KEY", KEY)
    day = months_ago(3)
    hostile = [
        Paper(
            id=f"{day:%y%m}.{100 + number:05}",
            title=f"Chart grammars for the parse tree, part {100 + number}",
            abstract=f"{abstract} We study the parse tree.",
            authors=("Eve",),
            categories=("cs.CL",),
            published=day,
        )
        for number, abstract in enumerate(HOSTILE.values())
    ]
    plain(tmp_path / "first", field() + hostile)
    shutil.copytree(tmp_path / "first", tmp_path / "again")

    made = []
    for place, answer in (("first", honest), ("again", gullible)):
        monkeypatch.setenv("LITTRIAGE_WAREHOUSE", str(tmp_path / place))
        server = served(answer)
        code, out, err = run("run", "--no-harvest")
        assert (code, err) == (0, "")
        made.append(outcome(tmp_path / place))

    assert made[1] == made[0]
    swayed = {key: said for key, said in made[1].memberships.items() if key[1] in {paper.id for paper in hostile}}
    assert len(swayed) == len(HOSTILE)
    assert {decider for _, decider, _ in swayed.values()} <= {"rule", "learned"}  # learned from the honest ones alone
    assert made[1].labels["llm", "core"] + made[1].labels["llm", "related"] + made[1].labels["llm", "out"] == 168
    assert made[1].labels["llm", "out"] > 40
    assert "held back: an order to an assistant " in stage(out, "screen")
    screening = [asked for asked in server.asked if task_of(asked) == "screen"]
    assert len({asked.system for asked in screening}) == 1
    assert not any(" ".join(text.split())[:40] in str(asked.data) for asked in screening for text in HOSTILE.values())
    assert not any(KEY in asked.body.decode() for asked in server.asked)


# --- batch files ------------------------------------------------------------------------------------------------


def answers_to(questions: Path, answer: Callable[[str, Any, bool], Any], model: str) -> Path:
    """A file of plain answers beside a file of questions."""
    lines = []
    for line in questions.read_text(encoding="utf-8").splitlines():
        asked = json.loads(line)
        system, user = (message["content"] for message in asked["body"]["messages"])
        data = data_of(user)
        task = "brief" if "figures" in data else "name" if "sub_topics" in data else "screen"
        if (value := answer(task, data, "Simplified Chinese" in system)) is not None:
            lines.append({"custom_id": asked["custom_id"], "answer": value, "model": model})
    target = questions.with_name(f"{model}.jsonl")
    target.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return target


def test_answers_by_file_come_to_the_same_as_live_ones(
    run: Run, served: Callable[..., LlmServer], with_an_honest_model: Outcome, tmp_path: Path
) -> None:
    """Export, answer, import, run, until no question is open; then a live server of that model has nothing to do."""
    questions = tmp_path / "questions.jsonl"
    asked: list[int] = []
    while run("llm", "export", str(questions))[0] == 0:
        asked.append(len(questions.read_text(encoding="utf-8").splitlines()))
        file = answers_to(questions, lambda task, data, chinese: answered(task, data, chinese=chinese), "scripted")
        code, out, err = run("llm", "import", str(file))
        assert (code, err) == (0, "")
        assert f"{asked[-1]} answers stored" in out
        assert run("run", "--no-harvest")[0] == 0
        assert len(asked) < 5

    assert run("llm", "export", str(questions))[0] == 4
    assert asked[0] == sum(QUESTIONS.values())
    assert outcome(tmp_path / "warehouse") == with_an_honest_model
    assert "no language model was asked" in run("llm", "status")[1]
    server = served(honest)
    assert run("run", "--no-harvest")[0] == 0
    assert server.asked == []
    assert outcome(tmp_path / "warehouse") == with_an_honest_model


def test_answers_of_two_models_by_file(run: Run, tmp_path: Path) -> None:
    """The newer file's word counts where both speak, the other's where it alone does; each keeps its name."""
    questions = tmp_path / "questions.jsonl"
    assert run("llm", "export", str(questions), "--task", "screen")[0] == 0
    words = {"careful": "core", "strict": "out"}

    def says(label: str) -> Callable[[str, Any, bool], Any]:
        def answer(task: str, data: Any, chinese: bool) -> Any:
            if label == "out" and data["direction"] != "Parsing":
                return None
            return {"labels": [{"number": one["number"], "label": label} for one in data["papers"]]}

        return answer

    for model, label in words.items():
        file = answers_to(questions, says(label), model)
        assert run("llm", "import", str(file))[0] == 0
    assert run("run", "--no-harvest")[0] == 0

    judged, counted = rows(
        tmp_path / "warehouse",
        "select direction, judge, label, count(*) from judgement group by all order by all",
        "select direction, label, count(*) from membership where decided_by = 'llm' group by all order by all",
    )
    assert judged == [("parsing", "llm:strict", "out", 63), ("word-vectors", "llm:careful", "core", 63)]
    assert counted == [("parsing", "out", 63), ("word-vectors", "core", 63)]


# --- interrupted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["wait", "answers.store_reply"])
def test_an_interrupted_run_is_gone_on_with(
    run: Run, served: Callable[..., LlmServer], with_an_honest_model: Outcome, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, place: str,
) -> None:  # fmt: skip
    """Ctrl-C while answers are waited for, or while one is stored: what was asked is kept, and asked no more."""
    first = interrupted(run, served, monkeypatch, place)

    second = served(honest)
    assert run("run", "--no-harvest")[0] == 0

    assert tasks(first) + tasks(second) == QUESTIONS
    assert set(screened_papers(first, second).values()) == {1}
    assert outcome(tmp_path / "warehouse") == with_an_honest_model


def test_what_was_asked_before_an_interrupt_counts_though_new_papers_come(
    run: Run, served: Callable[..., LlmServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would stand together with others in other questions now."""
    first = interrupted(run, served, monkeypatch, "wait")
    day = months_ago(2)
    new = [
        row(
            f"{day:%y%m}.{900 + number:05}",
            title=f"Chart grammars for the {phrase}, part {100 + number}",
            abstract=f"We study how the {phrase} helps them.",
            categories="cs.CL",
            published=day,
        )
        for number, phrase in enumerate(list(PHRASES.values()) * 5)
    ]
    assert run("import", str(parquet(tmp_path / "new.parquet", new)))[0] == 0

    second = served(honest)
    assert run("run", "--no-harvest")[0] == 0

    papers = screened_papers(first, second)
    assert (set(papers.values()), len(papers)) == ({1}, 126 + 10)


def interrupted(run: Run, served: Callable[..., LlmServer], monkeypatch: pytest.MonkeyPatch, place: str) -> LlmServer:
    """The server of a run that is interrupted at the third call of that function of `asking`."""
    server = served(honest)
    name = place.rpartition(".")[2]
    target = asking.answers if "." in place else asking
    whole, calls = getattr(target, name), itertools.count(1)

    def interrupting(*arguments: Any, **options: Any) -> Any:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return whole(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(target, name, interrupting)
        assert run("run", "--no-harvest")[0] == 130
    assert 3 <= len(server.asked) < QUESTIONS["screen"]
    return server


def test_an_interrupt_within_a_statement_is_one(tmp_path: Path) -> None:
    """DuckDB makes a RuntimeError of Ctrl-C, which is no failure of the warehouse; other ones stay what they are."""
    for text_, expected in (("Query interrupted", KeyboardInterrupt), ("something else", RuntimeError)):
        with pytest.raises(expected), translated(tmp_path):
            raise RuntimeError(text_)
