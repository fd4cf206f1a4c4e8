"""Questions on undecided hits, and what is taken from the answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hostile_papers import HONEST, HOSTILE
from littriage.model import Direction, Label, Query
from littriage.prompts import as_data, quoted
from littriage.screening import Candidate, groups, held_back, in_asking_order, screened, screening_prompt

PARSING = Direction("parsing", "language", "Parsing", "句法分析", "Syntax trees of sentences.", Query((("parsing",),)))
PAPERS = [Candidate("2101.00001", "On trees", "We parse."), Candidate("2101.00002", "论树", None)]


def test_a_question_holds_what_is_judged_and_what_it_is_judged_by() -> None:
    """Papers stand in the data alone, numbered; ids are not told, since a model could judge by them."""
    prompt = screening_prompt(PARSING, PAPERS)
    data = json.loads(prompt.data)
    assert data["scope"] == "Syntax trees of sentences."
    assert data["papers"] == [
        {"number": 1, "title": "On trees", "abstract": "We parse."},
        {"number": 2, "title": "论树", "abstract": ""},
    ]
    assert "trees" not in prompt.instructions
    assert "2101" not in prompt.data
    Draft202012Validator.check_schema(prompt.schema)


def test_equal_questions_are_one_question_and_others_are_not() -> None:
    """Another order of papers, another scope, another abstract is another question."""
    prompt = screening_prompt(PARSING, PAPERS)
    assert screening_prompt(PARSING, list(PAPERS)).question == prompt.question
    assert screening_prompt(PARSING, PAPERS[::-1]).question != prompt.question
    changed = [PAPERS[0], Candidate("2101.00002", "论树", "New.")]
    assert screening_prompt(PARSING, changed).question != prompt.question
    assert prompt.key("a") != prompt.key("b")


def test_a_question_needs_a_paper() -> None:
    """Nothing to ask is no question."""
    with pytest.raises(ValueError, match="needs a paper"):
        screening_prompt(PARSING, [])


def answer(*labels: tuple[int, str]) -> dict[str, object]:
    return {"labels": [{"number": number, "label": label} for number, label in labels]}


@pytest.mark.parametrize(
    ("value", "labels", "dropped"),
    [
        (answer((1, "core"), (2, "out")), {"2101.00001": Label.CORE, "2101.00002": Label.OUT}, {}),
        (answer((2, "related")), {"2101.00002": Label.RELATED}, {"no label given": 1}),
        (answer((1, "unsure"), (2, "core")), {"2101.00002": Label.CORE}, {"unsure": 1}),
        (answer((1, "core"), (1, "out"), (2, "core")), {"2101.00002": Label.CORE}, {"two labels that differ": 1}),
        (answer((1, "core"), (1, "core")), {"2101.00001": Label.CORE}, {"no label given": 1}),
        (answer((0, "core"), (3, "core"), (-1, "core")), {}, {"no label given": 2}),
        (answer(), {}, {"no label given": 2}),
    ],
)
def test_only_one_clear_label_for_a_known_number_counts(
    value: dict[str, object], labels: dict[str, Label], dropped: dict[str, int]
) -> None:
    """What is missing, unsure, contradictory or about nothing leaves the paper to the rule, and is counted."""
    found = screened(PAPERS, value)
    assert dict(found.labels) == labels
    assert dict(found.dropped) == dropped


@given(st.integers(0, 400), st.integers(1, 25))
def test_groups_hold_every_paper_once_and_are_nearly_equal(papers: int, most: int) -> None:
    """As few as can be, none over the limit, sizes one apart at most."""
    all_papers = [Candidate(f"{number}", "", None) for number in range(papers)]
    found = groups(all_papers, most)
    assert [paper for group in found for paper in group] == all_papers
    assert len(found) == -(-papers // most)
    sizes = {len(group) for group in found}
    assert not sizes or (max(sizes) <= most and max(sizes) - min(sizes) <= 1)


def test_the_order_of_asking_knows_nothing_of_dates() -> None:
    """The first half of four years of papers holds papers of each year, and does not depend on how they came."""
    papers = [Candidate(f"{year:02}{month:02}.{n:05}", "", None) for year in range(17, 21) for month in range(1, 13)
              for n in range(5)]  # fmt: skip
    asked = in_asking_order(papers)
    assert in_asking_order(papers[::-1]) == asked
    half = [paper.paper_id[:2] for paper in asked[: len(asked) // 2]]
    assert all(20 <= half.count(year) <= 40 for year in ("17", "18", "19", "20"))


# --- texts that speak to the model ------------------------------------------------------------------------------


@pytest.mark.parametrize("attempt", HOSTILE)
def test_a_text_that_held_back_is_held_back(attempt: str) -> None:
    """In the abstract and in the title, with a reason."""
    assert held_back(Candidate("1", "On trees", HOSTILE[attempt]))
    assert held_back(Candidate("1", HOSTILE[attempt], None))


@pytest.mark.parametrize("kind", HONEST)
def test_an_honest_text_is_not_held_back(kind: str) -> None:
    """Though it speaks of instructions, assistants and relevance."""
    assert held_back(Candidate("1", "On trees", HONEST[kind])) is None


@pytest.mark.parametrize("attempt", HOSTILE)
def test_no_text_leaves_its_place_in_the_data(attempt: str) -> None:
    """Whatever a text holds, the data is one JSON value of one line, with the text as one string of bounded length."""
    prompt = screening_prompt(PARSING, [Candidate("1", "T", HOSTILE[attempt]), PAPERS[0]])
    data = json.loads(prompt.data)
    assert [set(paper) for paper in data["papers"]] == [{"number", "title", "abstract"}] * 2
    assert data["papers"][1]["abstract"] == "We parse."
    assert "\n" not in prompt.data
    assert "<" not in prompt.data
    assert not any(char in prompt.data for char in "\u200b\u202e\U000e0069")
    assert len(prompt.data) < 10_000
    assert prompt.instructions == screening_prompt(PARSING, PAPERS).instructions


@given(st.text(), st.integers(1, 50))
def test_quoted_text_is_one_visible_line(text: str, most: int) -> None:
    """Never longer than asked for, never with a control character, and quoting twice changes nothing."""
    line = quoted(text, most)
    assert len(line) <= most
    assert line.isprintable()
    assert quoted(line, most) == line


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_data_reads_back_as_it_was(value: object) -> None:
    """Escaping loses nothing."""
    text = as_data(value)
    assert json.loads(text) == value
    assert "<" not in text
    assert ">" not in text
