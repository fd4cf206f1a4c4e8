"""People's judgements: stored at once, taken back, listed, drawn from, written to files and read from them."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.cli.judge import wrapped
from littriage.cli.tables import width
from littriage.evaluation import load_judgements
from littriage.model import Judgement, Label
from littriage.warehouse import Warehouse, judgements, vectors
from littriage.warehouse.derived import Text
from littriage.warehouse.judgements import Kept, Order
from small_field import Run, runner, write_queries

SLUG = "parsing"
NOW = datetime(2026, 1, 2, 3, 4, 5)
SEED = 20210601
ESCAPE = "\x1b[31mRed\x1b[0m flags\u202e in \ncharts"


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "80")
    return runner(tmp_path, capfd, monkeypatch)


def papers_of(kind: str) -> list[str]:
    """The ids of the field below: 20 `above` the cut, 20 `below` it, 30 `other` without a phrase."""
    first, count = {"above": (1, 20), "below": (101, 20), "other": (201, 30)}[kind]
    return [f"2104.{number:05}" for number in range(first, first + count)]


def field(tmp_path: Path, *, in_field: bool = True) -> None:
    """A decided warehouse: above the cut all have 0.9, below 0.01 to 0.20; others point away from them."""
    with Warehouse.open(tmp_path / "warehouse") as opened:
        for kind in ("above", "below", "other"):
            ids = papers_of(kind)
            opened.insert(
                "paper",
                {
                    "id": ids,
                    "title": [f"Title of {id_}" for id_ in ids],
                    "published": [date(2021, 4, 1 + place % 28) for place in range(len(ids))],
                    "text_hash": [f"hash {id_}" for id_ in ids],
                },
                abstract="We study the parse tree.", authors=["Ada B."], categories=["cs.CL"],
                month=date(2021, 4, 1), date_kind="submitted", source="s", in_field=in_field,
            )  # fmt: skip
            angles = [0.0 if kind == "above" else 0.1 + place / 100 for place in range(len(ids))]
            rows = np.array([[np.cos(angle), np.sin(angle)] for angle in angles], np.float32)
            texts = [Text(id_, "", None, (), f"hash {id_}") for id_ in ids]
            vectors.store(opened, texts, rows, "fast@fake")
            if kind == "other":
                continue
            opened.insert("hit", {"paper_id": ids}, direction=SLUG, in_title=False, title_groups=0, phrases=1)
            probabilities = [0.9 if kind == "above" else (place + 1) / 100 for place in range(len(ids))]
            opened.insert(
                "membership", {"paper_id": ids, "probability": probabilities, "rule_probability": probabilities},
                direction=SLUG, similarity=0.5, member=kind == "above", rule="v1/fast", decided_by="rule", label="out",
            )  # fmt: skip


def word(paper: str, label: Label, judge: str = "person", at: datetime = NOW, note: str = "") -> Kept:
    return Kept(Judgement(paper, SLUG, label, judge, note), f"hash {paper}", "scope", at)


def said(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """What standard input will hold."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def stored(tmp_path: Path) -> list[tuple[str, str, str]]:
    """(paper, label, note) of what persons judged, in order of the judging."""
    with Warehouse.open(tmp_path / "warehouse") as opened:
        return [
            (one.judgement.paper_id, one.judgement.label.value, one.judgement.note) for one in judgements.all_of(opened)
        ]


# --- what is kept -----------------------------------------------------------------------------------------------


def test_a_judgement_stands_until_the_same_judge_says_another(warehouse: Warehouse):
    """Of two words of one judge in one call or in two, the later stays; another judge's stays beside it."""
    judgements.store(warehouse, [word("1", Label.CORE), word("1", Label.OUT)])
    judgements.store(warehouse, [word("1", Label.RELATED, note="近邻"), word("1", Label.CORE, "llm:small")])
    judgements.store(warehouse, [])

    kept = judgements.all_of(warehouse)
    assert [(one.judgement.judge, one.judgement.label, one.judgement.note) for one in kept] == [
        ("llm:small", Label.CORE, ""),
        ("person", Label.RELATED, "近邻"),
    ]
    assert {(one.text_hash, one.scope_hash, one.judged_at, one.same_text) for one in kept} == {
        ("hash 1", "scope", NOW, None)
    }


def test_a_judgement_is_taken_back(warehouse: Warehouse):
    """Only that judge's, and nothing where there is none."""
    judgements.store(warehouse, [word("1", Label.CORE), word("1", Label.OUT, "llm:small")])
    judgements.forget(warehouse, "1", SLUG)
    judgements.forget(warehouse, "1", "another")

    assert [one.judgement.judge for one in judgements.all_of(warehouse, SLUG)] == ["llm:small"]
    assert judgements.all_of(warehouse, "another") == ()


def test_a_persons_word_is_the_best(warehouse: Warehouse):
    """Whenever it was said; of several models the newest."""
    later, last = datetime(2026, 2, 1), datetime(2026, 3, 1)
    judgements.store(
        warehouse,
        [
            word("1", Label.CORE),
            word("1", Label.OUT, "llm:a", last),
            word("2", Label.CORE, "llm:b", later),
            word("2", Label.OUT, "llm:c", last),
            word("2", Label.RELATED, "llm:d", later),
        ],
    )

    best = judgements.best(warehouse)
    assert {pair: (one.judge, one.label) for pair, one in best.items()} == {
        ("1", SLUG): ("person", Label.CORE),
        ("2", SLUG): ("llm:c", Label.OUT),
    }
    assert judgements.best(warehouse, "another") == {}


def test_the_scopes_hash_changes_with_what_a_judge_goes_by(tmp_path: Path):
    """Name and scope; not the query."""
    from dataclasses import replace

    from littriage.directions import load_catalogue
    from littriage.model import Query

    one = load_catalogue(write_queries(tmp_path / "q")).directions[0]
    assert judgements.scope_hash(one) == judgements.scope_hash(replace(one, query=Query((("other",),))))
    assert judgements.scope_hash(one) != judgements.scope_hash(replace(one, scope="Another."))
    assert len(judgements.scope_hash(one)) == 16


# --- what is to be judged ---------------------------------------------------------------------------------------


def test_the_uncertain_come_first(tmp_path: Path):
    """0.20 is nearest to one half, then 0.19; 0.9 before 0.09, 0.01 last. Newest: by day."""
    field(tmp_path)
    below = papers_of("below")
    with Warehouse.open(tmp_path / "warehouse") as opened:
        order = judgements.to_judge(opened, SLUG, seed=SEED)
        newest = judgements.to_judge(opened, SLUG, Order.NEWEST, seed=SEED)

    assert order[:2] == (below[19], below[18])
    assert (order[-1], len(order)) == (below[0], 40)
    assert newest[0] == below[19]
    assert newest[-1] == papers_of("above")[0]


def test_a_random_sample_stays_the_same_while_it_is_judged(tmp_path: Path):
    """Judged papers leave it and none comes in their place; another seed draws others; every hit is drawn once."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        first = judgements.to_judge(opened, SLUG, Order.RANDOM, seed=SEED, sample=10)
        judgements.store(opened, [word(first[3], Label.OUT), word(first[4], Label.OUT, "llm:small")])
        then = judgements.to_judge(opened, SLUG, Order.RANDOM, seed=SEED, sample=10)
        whole = judgements.to_judge(opened, SLUG, Order.RANDOM, seed=SEED)
        other = judgements.to_judge(opened, SLUG, Order.RANDOM, seed=SEED + 1, sample=10)

    assert len(first) == 10
    assert then == first[:3] + first[4:]
    assert set(whole) == {*papers_of("above"), *papers_of("below")} - {first[3]}
    assert set(other) != set(first)


def test_a_new_paper_leaves_the_order_of_the_others(tmp_path: Path):
    """The draw of yesterday is part of the draw of today."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        before = [one.paper_id for one in judgements.hits(opened, SLUG, SEED)]
        opened.insert(
            "hit", {"paper_id": papers_of("other")[:5]}, direction=SLUG, in_title=False, title_groups=0, phrases=1
        )
        after = [one.paper_id for one in judgements.hits(opened, SLUG, SEED)]

    assert len(after) == 45
    assert [paper for paper in after if paper in before] == before


# --- the loop ---------------------------------------------------------------------------------------------------


def test_a_sitting(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Scope once, paper by paper with the probability only after the word; each word stored; the rest is counted."""
    field(tmp_path)
    said(monkeypatch, "c", "n main topic, 主题", "O", "s", "r", "q")

    code, out, err = run("judge", SLUG)
    below = papers_of("below")
    assert (code, err) == (0, "")
    assert stored(tmp_path) == [
        (below[19], "core", ""),
        (below[18], "out", "main topic, 主题"),
        (below[16], "related", ""),
    ]
    assert out.count("Scope: Papers on the parse tree.") == 1
    assert "40 papers to judge." in out
    shown = out.index(f"Title of {below[19]}")
    assert "20%" not in out[:shown]
    assert out.index("core. The rule said 20%.") > shown
    assert f"2021-04, {below[19]}, Ada B." in out
    assert "  We study the parse tree." in out
    assert "Judged 3 (1 core, 1 related, 1 out); 37 left." in out
    assert "littriage rank" in out


def test_undo_takes_back_and_shows_again(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One step for each u, over skipped papers too; before the first there is nothing to take back."""
    field(tmp_path)
    said(monkeypatch, "u", "c", "s", "u", "u", "o")

    out = run("judge", SLUG)[1]
    assert stored(tmp_path) == [(papers_of("below")[19], "out", "")]
    assert "nothing to undo in this sitting" in out
    assert "skipped, shown again" in out
    assert "core taken back" in out
    assert out.count(f"Title of {papers_of('below')[19]}") == 2


def test_keys_that_are_none(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Said so and ignored; help is a line a key; the end of the input is the end of the sitting."""
    field(tmp_path)
    said(monkeypatch, "x", "core", "c now", "", "?", "\x1b[A")

    code, out, _ = run("judge", SLUG)
    assert code == 0
    assert stored(tmp_path) == []
    assert out.count("is no key: c core, r related") == 4
    assert "o: out, neither" in out
    assert "\x1b" not in out


def test_what_others_wrote_cannot_steer_the_terminal(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Control and direction-changing characters of title, abstract and authors are not shown; Chinese is."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.connection.execute(
            "update paper set title = ?, abstract = ?, authors = ?", [ESCAPE, ESCAPE + " 句法分析" * 60, [ESCAPE]]
        )
    said(monkeypatch, "c")

    out = run("judge", SLUG)[1]
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[31mRed[0m flags in charts" in out
    assert "句法分析" in out
    assert max(width(line) for line in out.splitlines()) <= 100
    assert "\x1b" not in run("judge", SLUG, "--list")[1]


def test_a_paper_without_an_abstract(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Says so; and a hit that nothing has been decided of is judged like any other."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.connection.execute("update paper set abstract = null")
        opened.connection.execute("delete from membership")
    said(monkeypatch, "c")

    out = run("judge", SLUG)[1]
    assert "(no abstract is stored)" in out
    assert "core. The rule said nothing yet." in out


def test_a_models_word_is_shown_afterwards(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is as hidden as the rule's; and a paper that only a model judged is still to be judged."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        judgements.store(opened, [word(paper, Label.RELATED, "llm:small") for paper in papers_of("below")])
    said(monkeypatch, "o")

    out = run("judge", SLUG)[1]
    assert "40 papers to judge" in out
    assert "related" not in out[out.index("Title of") : out.index("out. The rule said")]
    assert "out. The rule said 20%, a language model related." in out


def test_every_word_survives_a_kill(tmp_path: Path):
    """Killed right after a key: the word is stored, and the next sitting goes on with the next paper."""
    field(tmp_path)
    environment = {
        **os.environ,
        "LITTRIAGE_WAREHOUSE": str(tmp_path / "warehouse"),
        "LITTRIAGE_QUERIES": str(write_queries(tmp_path / "queries")),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    with subprocess.Popen(
        [sys.executable, "-c", "from littriage.cli import main; main()", "judge", SLUG],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    ) as sitting:  # fmt: skip
        assert sitting.stdin
        assert sitting.stdout
        sitting.stdin.write("c\n")
        sitting.stdin.flush()
        for line in sitting.stdout:
            if line.startswith("core. The rule said"):
                break
        sitting.send_signal(signal.SIGKILL)

    assert stored(tmp_path) == [(papers_of("below")[19], "core", "")]


def test_single_keys_of_a_terminal(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where standard input is a terminal no Enter is needed; n asks for its line; Ctrl-D ends."""
    field(tmp_path)
    pressed = iter(["n", "c", "o"])

    def getchar() -> str:
        try:
            return next(pressed)
        except StopIteration:
            raise EOFError from None

    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr("typer.getchar", getchar)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "a note")

    assert run("judge", SLUG)[0] == 0
    assert [row[1:] for row in stored(tmp_path)] == [("core", "a note"), ("out", "")]


def test_interrupted_sitting(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Ctrl-C ends with 130; what was judged is stored."""
    field(tmp_path)
    pressed = iter(["c"])

    def getchar() -> str:
        for key in pressed:
            return key
        raise KeyboardInterrupt

    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr("typer.getchar", getchar)

    assert run("judge", SLUG)[0] == 130
    assert [row[1] for row in stored(tmp_path)] == ["core"]


def test_random_and_below(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`--random` draws from all hits; `--below` from hits below the cut first, then papers without a phrase."""
    field(tmp_path)
    said(monkeypatch, *"cccc")
    assert "3 papers to judge" in run("judge", SLUG, "--random", "3")[1]
    with Warehouse.open(tmp_path / "warehouse") as opened:
        drawn = [one.paper_id for one in judgements.hits(opened, SLUG, SEED)[:3]]
    assert [row[0] for row in stored(tmp_path)] == drawn

    said(monkeypatch, *["o"] * 100)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.connection.execute("delete from judgement")
    run("judge", SLUG, "--below", "--sample", "4")
    asked = [row[0] for row in stored(tmp_path)]
    assert len(asked) == 8
    assert set(asked[:4]) <= set(papers_of("below"))
    assert set(asked[4:]) <= set(papers_of("other"))


def test_usage_errors(run: Run, tmp_path: Path):
    """Each says what to do instead."""
    field(tmp_path)

    for arguments, words in (
        (("judge",), "name a direction to judge"),
        (("judge", SLUG, "--order", "oldest"), "take uncertain, random or newest"),
        (("judge", SLUG, "--random", "3", "--below"), "take one of the two"),
        (("judge", SLUG, "--list", "--undo", "1"), "take one of them"),
        (("judge", SLUG, "--judge", "llm:"), "the model's name"),
        (("judge", "parsign"), "did you mean parsing?"),
        (("judge", SLUG, "--undo", "2104.99999"), "no person has judged 2104.99999"),
        (("audit", "parsign"), "did you mean parsing?"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert words in err


def test_a_direction_without_hits(run: Run, tmp_path: Path):
    """Exit code 4 and the next step; a cut that is not there is no cut of zero."""
    field(tmp_path)
    for command in (("judge", "word-vectors"), ("audit", "word-vectors"), ("judge", "word-vectors", "--below")):
        code, out, err = run(*command)
        assert (code, out) == (4, "")
        assert "matches the query of word-vectors" in err
    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.connection.execute("delete from membership")
    for command in (("judge", SLUG, "--below"), ("audit", SLUG)):
        code, _, err = run(*command)
        assert code == 4
        assert 'run "littriage cluster" first' in err


def test_no_warehouse(run: Run, tmp_path: Path):
    """None is made for a mistyped path."""
    code, _, err = run("judge", SLUG)

    assert code == 1
    assert "no warehouse at" in err
    assert not (tmp_path / "warehouse").exists()


# --- what was judged --------------------------------------------------------------------------------------------


def test_list_marks_what_has_changed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A changed text, a changed scope, a paper that is gone: the word stays and says so."""
    field(tmp_path)
    said(monkeypatch, "c", "r", "o")
    run("judge", SLUG)
    first, second, third = papers_of("below")[19:16:-1]
    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.connection.execute(f"update paper set text_hash = 'new' where id = '{first}'")
        opened.connection.execute(f"delete from paper where id = '{second}'")

    listed = json.loads(run("judge", "--list", "--json")[1])["judgements"]
    assert {one["paper"]: one["marks"] for one in listed} == {
        first: ["text changed"],
        second: ["no longer stored"],
        third: [],
    }
    file = tmp_path / "queries" / "language" / "parsing.toml"
    file.write_text(file.read_text().replace("Papers on the", "Papers about the"))
    out = run("judge", SLUG, "--list")[1]
    assert "text changed, scope changed" in out
    assert out.count("scope changed") == 3
    assert f"Title of {third}" in out


def test_list_of_nothing(run: Run, tmp_path: Path):
    """A sentence, and an empty list for programs."""
    field(tmp_path)

    assert run("judge", SLUG, "--list")[:2] == (0, "Nobody has judged anything here yet.\n")
    assert json.loads(run("judge", "--list", "--json")[1])["judgements"] == []


def test_undo_by_id(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Takes back an older word."""
    field(tmp_path)
    said(monkeypatch, "c")
    run("judge", SLUG)
    paper = papers_of("below")[19]

    assert run("judge", SLUG, "--undo", paper)[1] == f"{paper}: core taken back\n"
    assert stored(tmp_path) == []


# --- files ------------------------------------------------------------------------------------------------------


def test_files_go_round(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is written is what evaluations read; taken in again it is what it was, notes included."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.connection.execute("update paper set title = '=cmd, \"引号\"'")
    said(monkeypatch, "c", 'n 主题, "x"', "r", "o")
    run("judge", SLUG)
    before = sorted(stored(tmp_path))
    file = tmp_path / "words.csv"

    assert run("judge", "--export", str(file))[1] == f"3 judgements written to {file}\n"
    head, *rows = file.read_bytes().decode().splitlines()
    assert head == "direction,arxiv_id,label,pool,title,note"
    assert rows[0] == 'parsing,2104.00118,0,strict,"\'=cmd, ""引号""",'
    assert [one.label for one in load_judgements(file)] == [0, 1, 2]
    assert run("judge", SLUG, "--export", "-")[1].splitlines()[0] == head

    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.connection.execute("delete from judgement")
    assert run("judge", "--import", str(file))[1] == "3 judgements stored, by person\n"
    assert sorted(stored(tmp_path)) == before


def test_import_says_what_it_leaves_out(run: Run, tmp_path: Path):
    """Unknown directions and papers are counted by reason; a model's word keeps its name; zeros come back."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        opened.connection.execute("update paper set id = '2104.00200' where id = '2104.00201'")
    file = tmp_path / "words.csv"
    file.write_text(
        "direction,arxiv_id,label,pool,title\n"
        "parsing,2104.00001,2,strict,T\nparsing,2104.002,1,near,T\nparsing,2104.99999,0,strict,T\n"
        "unheard-of,2104.00002,0,strict,T\nword-vectors,2104.00003,0,random,T\n",
        encoding="utf-8",
    )

    code, out, _ = run("judge", SLUG, "--import", str(file), "--judge", "llm:reader", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["stored"] == 2
    assert answer["left_out"] == {"another direction": 2, "paper not stored": 1}
    assert run("judge", "--import", str(file))[1] == (
        "3 judgements stored, by person\n! 1 left out: paper not stored\n! 1 left out: unknown direction\n"
    )
    with Warehouse.open(tmp_path / "warehouse") as opened:
        kept = {(one.judgement.paper_id, one.judgement.judge): one for one in judgements.all_of(opened)}
    assert {pair[1] for pair in kept} == {"person", "llm:reader"}
    assert kept["2104.00200", "person"].judgement.label is Label.RELATED
    assert kept["2104.00001", "person"].same_text


def test_a_file_that_cannot_be_used(run: Run, tmp_path: Path):
    """Line and column of what is wrong; nothing stored where nothing fits; nothing to write is nothing written."""
    field(tmp_path)
    file = tmp_path / "words.csv"
    file.write_text("direction,arxiv_id,label\nparsing,2104.00001,3\n", encoding="utf-8")
    assert "line 2, column label" in run("judge", "--import", str(file))[2]
    file.write_text("direction,arxiv_id,label\nparsing,9999.00001,2\n", encoding="utf-8")

    code, _, err = run("judge", "--import", str(file))
    assert code == 2
    assert "none of the 1 judgements" in err
    assert "1 paper not stored" in err
    assert run("judge", "--export", str(tmp_path / "none.csv"))[0] == 4
    assert not (tmp_path / "none.csv").exists()
    assert stored(tmp_path) == []


# --- lines ------------------------------------------------------------------------------------------------------


@given(st.text(max_size=300), st.integers(2, 60))
def test_lines_are_never_too_long_and_lose_nothing(text: str, columns: int):
    """Whatever the signs and their width; joined again without spaces they are the clean text without spaces."""
    from littriage.cli.tables import clean

    lines = wrapped(text, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == clean(text).replace(" ", "")


def test_lines_break_at_spaces():
    """Where there are some; Chinese breaks anywhere."""
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("句法分析", 5) == ["句法", "分析"]
    assert wrapped("", 5) == []
