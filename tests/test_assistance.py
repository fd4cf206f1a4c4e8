"""What a language model adds to a run: screening, on a small warehouse with hits between the thresholds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import pytest

from fakes import FakeLlm
from hostile_papers import HOSTILE
from littriage import assistance
from littriage.asking import Assistant, Budget
from littriage.errors import LlmRefused
from littriage.membership import RULES
from littriage.model import (
    Catalogue,
    Direction,
    Judgement,
    Label,
    LexicalHit,
    Membership,
    Query,
    Theme,
)
from littriage.ports import Prompt
from littriage.progress import Quiet
from littriage.run import Run
from littriage.warehouse import Warehouse, answers, derived, judgements
from stored import store_memberships

RULE = RULES["minilm"]
GREY = (RULE.grey.low + RULE.grey.high) / 2
PARSING = Direction("parsing", "language", "Parsing", "句法分析", "Syntax trees of sentences.", Query((("parsing",),)))
SPEECH = Direction("speech", "language", "Speech", "语音", "Spoken language.", Query((("speech",),)))
APRIL = date(2021, 4, 1)


@pytest.fixture
def run(warehouse: Warehouse) -> Run:
    """A run on a catalogue of two directions, on an empty warehouse."""
    catalogue = Catalogue((Theme("language", "Language", "语言", "Words."),), (PARSING, SPEECH))
    return Run(warehouse, catalogue, date(2026, 1, 5), lambda: datetime(2026, 1, 5), Quiet())


def add(run: Run, *papers: tuple[str, str, str, float], abstract: Mapping[str, str] | None = None) -> None:
    """Papers (id, title, direction, probability of core), each a hit that the rule has weighed."""
    texts = abstract or {}
    run.warehouse.insert(
        "paper",
        {
            "id": [one for one, *_ in papers],
            "title": [title for _, title, *_ in papers],
            "abstract": [texts.get(one, f"About {title}.") for one, title, *_ in papers],
            "text_hash": [f"{title}{texts.get(one)}" for one, title, *_ in papers],
        },
        authors=["A"], categories=["cs.CL"], published=APRIL, date_kind="submitted", month=APRIL, source="s",
        in_field=True,
    )  # fmt: skip
    store_memberships(
        run.warehouse,
        [
            Membership(
                one, direction, LexicalHit(direction, True, 1, 1, 1, 0.0), 0.5, probability,
                probability >= RULE.threshold, RULE.name, min(1.0, probability + 0.1),
            )
            for one, _, direction, probability in papers
        ],
    )  # fmt: skip


def memberships(run: Run) -> dict[str, tuple[str, str, float, bool]]:
    """(label, who decided, probability, member) of each paper."""
    rows = run.warehouse.connection.execute(
        "select paper_id, label, decided_by, round(probability::double, 4), member from membership order by all"
    ).fetchall()
    return {one: (label, decider, probability, member) for one, label, decider, probability, member in rows}


def honest(prompt: Prompt) -> dict[str, Any]:
    """Core where the title says "tree", else out: as a reader would."""
    papers = json.loads(prompt.data)["papers"]
    return {
        "labels": [{"number": one["number"], "label": "core" if "tree" in one["title"] else "out"} for one in papers]
    }


def assistant(reply: Callable[[Prompt], Any] = honest, **budget: Any) -> tuple[Assistant, FakeLlm]:
    llm = FakeLlm(reply)
    return Assistant(llm, Budget(**budget), at_once=2), llm


# --- what is asked, and what becomes of it ----------------------------------------------------------------------


def test_only_hits_between_the_thresholds_are_asked_about(run: Run) -> None:
    """The sure ones keep the rule's word; a judged paper counts as 1 or 0."""
    add(run, ("1", "a tree", "parsing", GREY), ("2", "a bush", "parsing", GREY), ("3", "a tree", "parsing", 0.99),
        ("4", "a tree", "parsing", 0.0))  # fmt: skip
    helper, llm = assistant()
    counts = assistance.screen(run, helper)

    assert [len(json.loads(prompt.data)["papers"]) for prompt in llm.history] == [2]
    assert memberships(run) == {
        "1": ("core", "llm", 1.0, True),
        "2": ("out", "llm", 0.0, False),
        "3": ("core", "rule", 0.99, True),
        "4": ("out", "rule", 0.0, False),
    }
    assert (counts["grey"], counts["judged"], counts["calls"]) == (2, 2, 1)


def test_a_second_run_asks_nothing(run: Run) -> None:
    """Nor does a third, after the rule has weighed everything anew."""
    papers = [(f"{n}", f"tree {n}", "parsing", GREY) for n in range(25)]
    add(run, *papers)
    helper, llm = assistant()
    assistance.screen(run, helper)
    assert len(llm.history) == 3
    before = memberships(run)
    assistance.screen(run, helper)
    add(run, *papers)
    assistance.screen(run, helper)
    assert len(llm.history) == 3
    assert memberships(run) == before


def test_a_budget_of_one_call_is_one_call_and_the_rest_is_listed(run: Run) -> None:
    """What was not asked keeps the rule's probability, and the questions stay open with their reason."""
    add(run, *[(f"{n:02}", f"tree {n}", "parsing", GREY) for n in range(25)])
    helper, llm = assistant(calls=1)
    counts = assistance.screen(run, helper)
    assert len(llm.history) == 1
    deciders = [decider for _, decider, *_ in memberships(run).values()]
    assert 8 <= deciders.count("llm") <= 9
    assert deciders.count("rule") == 25 - deciders.count("llm")
    assert counts["left"] == 2
    left = list(answers.open_questions(run.warehouse, "screen"))
    assert [one.reason for one in left] == ["budget of 1 call spent"] * 2
    assert all(one.subject.startswith("parsing ") for one in left)


def test_without_a_model_the_rule_decides_and_nothing_is_asked(run: Run) -> None:
    """The stage still says how many hits are undecided."""
    add(run, ("1", "a tree", "parsing", GREY))
    assert assistance.screen(run, None)["grey"] == 1
    assert memberships(run)["1"][1] == "rule"


def test_a_refused_key_leaves_the_rule_and_one_failure(run: Run) -> None:
    """The run goes on."""
    add(run, *[(f"{n:02}", f"tree {n}", "parsing", GREY) for n in range(60)])
    helper, llm = assistant(lambda _: LlmRefused("401: no such key"))
    assistance.screen(run, helper)
    assert {decider for _, decider, *_ in memberships(run).values()} == {"rule"}
    assert run.failures == [("llm", "fake-1", "LlmRefused: 401: no such key")]
    assert len(llm.history) <= 2


def test_a_changed_text_or_scope_is_asked_again(run: Run) -> None:
    """What a model said of another text no longer counts; what it says of the new one does."""
    add(run, ("1", "a tree", "parsing", GREY))
    helper, llm = assistant()
    assistance.screen(run, helper)
    add(run, ("1", "a bush", "parsing", GREY))
    assistance.screen(run, None)
    assert memberships(run)["1"][1] == "rule"
    assistance.screen(run, helper)
    assert memberships(run)["1"] == ("out", "llm", 0.0, False)
    assert len(llm.history) == 2


def test_a_persons_word_beats_the_models(run: Run) -> None:
    """And is asked about no more; taken back, the model's word stands again."""
    add(run, ("1", "a tree", "parsing", GREY), ("2", "a tree, or so", "parsing", GREY))
    helper, llm = assistant()
    assistance.screen(run, helper)
    said = Judgement("1", "parsing", Label.RELATED)
    judgements.store(run.warehouse, [judgements.Kept(said, "old text", "old scope", datetime(2020, 1, 1))])
    assistance.screen(run, helper)
    assert memberships(run)["1"] == ("related", "person", 0.0, False)
    judgements.forget(run.warehouse, "1", "parsing")
    assistance.screen(run, helper)
    assert memberships(run)["1"] == ("core", "llm", 1.0, True)
    assert len(llm.history) == 1


def test_related_papers_count_where_the_run_is_set_so(run: Run) -> None:
    """Then the monthly sum is that of core or related."""
    add(run, ("1", "a tree", "parsing", GREY))
    related = {"labels": [{"number": 1, "label": "related"}]}
    helper, _ = assistant(lambda _: related)
    assistance.screen(run, helper)
    assert derived.member_months(run.warehouse)["parsing"][APRIL][:2] == (0.0, 0)
    run.count_related = True
    assistance.screen(run, helper)
    assert derived.member_months(run.warehouse, related=True)["parsing"][APRIL][:2] == (1.0, 1)


def test_the_least_sure_direction_is_asked_first(run: Run) -> None:
    """Where a budget ends the questions, whole directions have been judged rather than a bit of each."""
    surer = RULE.grey.high - 1e-6 if abs(RULE.grey.high - 0.5) > abs(RULE.grey.low - 0.5) else RULE.grey.low
    add(run, ("1", "a tree", "parsing", surer), ("2", "a tree", "speech", 0.5))
    assert list(assistance.grey_hits(run).papers) == ["speech", "parsing"]


# --- batch files ------------------------------------------------------------------------------------------------


def test_imported_answers_count_though_new_papers_have_come_since(run: Run) -> None:
    """Other papers make other questions; the answers still belong to the papers that were asked about."""
    add(run, ("1", "a tree", "parsing", GREY), ("2", "a bush", "parsing", GREY))
    assistance.pose_screening(run)
    open_questions = list(answers.open_questions(run.warehouse, "screen"))
    brought = [answers.ImportedAnswer(one.prompt.question, "screen", "other", honest(one.prompt))
               for one in open_questions]  # fmt: skip
    answers.store_imported(run.warehouse, brought, origin="answers.jsonl", now=datetime(2026, 1, 6))

    add(run, ("1", "a tree", "parsing", GREY), ("2", "a bush", "parsing", GREY), ("3", "a tree", "parsing", GREY))
    assert assistance.screen(run, None)["imported"] == 2
    assert {one: found[:2] for one, found in memberships(run).items()} == {
        "1": ("core", "llm"), "2": ("out", "llm"), "3": ("core" if RULE.threshold <= GREY else "related", "rule")
    }  # fmt: skip


def test_an_imported_answer_to_a_text_that_has_changed_is_left_alone(run: Run) -> None:
    """It was about something else."""
    add(run, ("1", "a tree", "parsing", GREY))
    assistance.pose_screening(run)
    (question,) = answers.open_questions(run.warehouse, "screen")
    brought = [answers.ImportedAnswer(question.prompt.question, "screen", "other", honest(question.prompt))]
    answers.store_imported(run.warehouse, brought, origin="answers.jsonl", now=datetime(2026, 1, 6))
    add(run, ("1", "a bush", "parsing", GREY))
    assert assistance.screen(run, None)["imported"] == 0
    assert memberships(run)["1"][1] == "rule"


# --- hostile papers ---------------------------------------------------------------------------------------------


def gullible(prompt: Prompt) -> dict[str, Any]:
    """Does what any text of its data says: everything core, as soon as one of the hostile texts is in sight."""
    papers = json.loads(prompt.data)["papers"]
    shown = [f"{one['title']} {one['abstract']}" for one in papers]
    told = any(" ".join(text.split())[:40] in one for text in HOSTILE.values() for one in shown)
    label = "core" if told else "out"
    return {"labels": [{"number": one["number"], "label": label} for one in papers]}


def test_hostile_abstracts_change_no_membership_even_of_a_gullible_model(run: Run) -> None:
    """They are held back, keep the rule's word, and sway nothing about the honest papers of the same question."""
    papers = [(f"h{n:02}", "a tree", "parsing", GREY) for n in range(len(HOSTILE))]
    papers += [(f"x{n:02}", "a bush", "parsing", GREY) for n in range(5)]
    add(run, *papers, abstract=dict(zip([one for one, *_ in papers], HOSTILE.values(), strict=False)))
    assistance.screen(run, None)
    without = memberships(run)

    helper, llm = assistant(gullible)
    counts = assistance.screen(run, helper)
    after = memberships(run)
    assert {one: after[one] for one in after if one[0] == "h"} == {
        one: without[one] for one in without if one[0] == "h"
    }
    assert {after[one][:2] for one in after if one[0] == "x"} == {("out", "llm")}
    assert sum(int(n) for name, n in counts.items() if name.startswith("held back")) == len(HOSTILE)
    assert llm.history
    assert not any(text[:30] in prompt.data for prompt in llm.history for text in HOSTILE.values())
