"""Hits that the rule cannot decide, asked of a language model: some papers of one direction at a time.

The questions of one direction share its scope, so that one call judges several papers (`benchmarks/screening.py`
compares the ways). The answer is a label per paper or `unsure`; nothing else of it is used. A text that speaks to the
model rather than to a reader is held back: it keeps the rule's probability, and cannot sway what is said of others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from littriage.model import Direction, Label
from littriage.ports import Prompt
from littriage.prompts import (
    ABSTRACT_CHARS,
    DATA_RULE,
    TITLE_CHARS,
    as_data,
    closed_object,
    quoted,
    speaks_to_the_model,
)

TASK = "screen"
VERSION = "screen-1"
"""Of the instructions and the schema."""

PAPERS_A_CALL = 10
"""Of one direction: enough to share the scope, few enough to keep them apart."""

UNSURE = "unsure"

_INSTRUCTIONS = f"""You screen papers for a literature review of one research direction.
For each paper decide, from its title and abstract alone and by the scope as it reads:
core: the paper's main topic lies inside the scope;
related: the direction is a substantial ingredient of the paper, or the paper is a near neighbour by the scope;
out: neither; the direction's words only occur, or mean something else;
unsure: title and abstract do not let you decide.
Judge each paper by itself. Give one label for each number.
{DATA_RULE}"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paper that may belong to a direction."""

    paper_id: str
    title: str
    abstract: str | None


@dataclass(frozen=True, slots=True)
class Screened:
    """The labels of an answer."""

    labels: Mapping[str, Label]
    """By paper id."""
    dropped: Mapping[str, int]
    """Why other papers of the question have none -> how many."""


# --- the question -----------------------------------------------------------------------------------------------


def screening_prompt(direction: Direction, papers: Sequence[Candidate]) -> Prompt:
    """One question on some papers of a direction; `screened` reads the answer. Raises ValueError without a paper."""
    if not papers:
        raise ValueError(f"a question on {direction.slug} needs a paper")
    return Prompt(
        task=TASK,
        version=VERSION,
        instructions=_INSTRUCTIONS,
        data=as_data(
            {
                "direction": direction.name,
                "scope": quoted(direction.scope, ABSTRACT_CHARS),
                "papers": [
                    {
                        "number": number,
                        "title": quoted(paper.title, TITLE_CHARS),
                        "abstract": quoted(paper.abstract or "", ABSTRACT_CHARS),
                    }
                    for number, paper in enumerate(papers, 1)
                ],
            }
        ),
        schema=_SCHEMA,
        max_tokens=40 + 20 * len(papers),
    )


_SCHEMA: Mapping[str, Any] = closed_object(
    labels={
        "type": "array",
        "items": closed_object(
            number={"type": "integer"},
            label={"type": "string", "enum": [*(label.value for label in Label), UNSURE]},
        ),
    }
)


def in_asking_order(papers: Sequence[Candidate]) -> list[Candidate]:
    """The papers of a direction in an order that knows nothing of their dates.

    Where a budget ends the questions halfway, the judged papers are spread evenly over the months: were the newest
    asked first, the change of instrument would look like a trend.
    """
    return sorted(papers, key=lambda paper: hashlib.sha256(paper.paper_id.encode()).digest())


def groups(papers: Sequence[Candidate], most: int = PAPERS_A_CALL) -> list[Sequence[Candidate]]:
    """The papers in runs of equal length, give or take one, of at most `most`."""
    count = -(-len(papers) // most)
    return [papers[len(papers) * part // count : len(papers) * (part + 1) // count] for part in range(count)]


# --- the answer -------------------------------------------------------------------------------------------------


def screened(papers: Sequence[Candidate], value: Mapping[str, Any]) -> Screened:
    """The labels that an answer gives to the papers of its question, in their order.

    A number that the question does not have is ignored; a paper with two labels that differ has none.
    """
    given: dict[int, set[str]] = {}
    for one in value["labels"]:
        given.setdefault(one["number"], set()).add(one["label"])
    labels: dict[str, Label] = {}
    dropped: dict[str, int] = {}
    for number, paper in enumerate(papers, 1):
        said = given.get(number, set())
        if len(said) == 1 and said != {UNSURE}:
            labels[paper.paper_id] = Label(next(iter(said)))
        else:
            reason = "no label given" if not said else "unsure" if said == {UNSURE} else "two labels that differ"
            dropped[reason] = dropped.get(reason, 0) + 1
    return Screened(labels, dropped)


# --- texts that are held back -----------------------------------------------------------------------------------


def held_back(paper: Candidate) -> str | None:
    """Why a paper is not shown to a language model; None where nothing speaks against it."""
    return speaks_to_the_model(f"{paper.title}\n{paper.abstract or ''}")
