"""What readers say of papers: kept, taken back, and drawn from for the next judgement and for the audit.

A judgement stands until it is taken back or given anew by the same judge; a changed text or scope only marks it. What
memberships make of them is decided where memberships are written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from littriage.directions import category_set
from littriage.identity import category_names
from littriage.model import Decider, Direction, Judgement, Label
from littriage.warehouse.vectors import Slice, matrix, taken

if TYPE_CHECKING:
    from littriage.warehouse.file import Warehouse

PERSON = Decider.PERSON.value
"""The judge that is a person."""
NEAREST = 1_000
"""Papers without a phrase of the query that the audit sets apart: those nearest to the direction's surest members."""
_SUREST = 50


def scope_hash(direction: Direction) -> str:
    """Hash of what a judge goes by: name and scope of the direction, in hex."""
    return hashlib.sha256(f"{direction.name}\n{direction.scope}".encode()).hexdigest()[:16]


# --- kept -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgement as it is stored."""

    judgement: Judgement
    text_hash: str
    """Of the title and abstract that were read: `paper.text_hash`."""
    scope_hash: str
    """Of the scope that was judged by, as `scope_hash` makes it."""
    judged_at: datetime
    """UTC, without a zone."""
    same_text: bool | None = None
    """Whether the paper's text is still that one; None: it is no longer stored, or nobody has looked."""
    title: str | None = None
    """Of the paper, where it is stored."""
    is_hit: bool = False
    """Whether the direction's query matches the paper."""


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """A paper that a model was asked about, and gave no label that holds."""

    paper_id: str
    direction: str
    judge: str
    text_hash: str
    scope_hash: str
    version: str
    """Of the question."""


def store(warehouse: Warehouse, kept: Iterable[Kept], unlabelled: Iterable[Unlabelled] = ()) -> None:
    """Keep judgements, committed at once: in place of what the same judge has said of the same paper and direction.

    `unlabelled` are noted with them.
    """
    others = list({(one.paper_id, one.direction): one for one in unlabelled}.values())
    ones = list({(one.judgement.paper_id, one.judgement.direction, one.judgement.judge): one for one in kept}.values())
    with warehouse.transaction():
        warehouse.insert(
            "judgement",
            {
                "paper_id": [one.judgement.paper_id for one in ones],
                "direction": [one.judgement.direction for one in ones],
                "judge": [one.judgement.judge for one in ones],
                "label": [one.judgement.label.value for one in ones],
                "note": [one.judgement.note for one in ones],
                "text_hash": [one.text_hash for one in ones],
                "scope_hash": [one.scope_hash for one in ones],
                "judged_at": [one.judged_at for one in ones],
            },
        )
        warehouse.insert(
            "unlabelled",
            {field.name: [getattr(one, field.name) for one in others] for field in fields(Unlabelled)},
        )


def forget(warehouse: Warehouse, paper_id: str, direction: str, judge: str = PERSON) -> None:
    """Take back what a judge has said of a paper, if anything; committed at once."""
    with warehouse.transaction():
        warehouse.run("write/judgement_forgotten", paper_id=paper_id, direction=direction, judge=judge)


def all_of(warehouse: Warehouse, direction: str | None = None) -> tuple[Kept, ...]:
    """Every judgement of every judge, the oldest first; of one direction, or of all."""
    return tuple(
        Kept(Judgement(paper, slug, Label(label), judge, note), text, scope, at, same_text, title, is_hit)
        for paper, slug, label, judge, note, text, scope, at, same_text, title, is_hit in warehouse.rows(
            "read/judgements", direction=direction
        )
    )


def best(warehouse: Warehouse, direction: str | None = None) -> dict[tuple[str, str], Judgement]:
    """The word that counts on each (paper, direction): a person's, else the newest of the models'."""
    rows = warehouse.rows("read/best_judgements", direction=direction)
    words = (Judgement(paper, slug, Label(label), judge, note) for paper, slug, label, judge, note in rows)
    return {(word.paper_id, word.direction): word for word in words}


def stored_texts(warehouse: Warehouse, paper_ids: Iterable[str]) -> dict[str, str]:
    """Hash of the text of those of these papers that are stored, by id."""
    return dict(warehouse.rows("read/stored_texts", ids=sorted(set(paper_ids))))


# --- what is to be judged ---------------------------------------------------------------------------------------


class Order(StrEnum):
    """Which papers come first."""

    UNCERTAIN = "uncertain"
    """Those whose probability is nearest to one half."""
    RANDOM = "random"
    """The order of the draw."""
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that the direction's query matches."""

    paper_id: str
    published: date
    rule_probability: float | None
    """What the rule says before anyone judged; None: it has not been asked yet, or that was not kept."""
    counted: float | None
    """The probability that it counts with where no person is heard; None: not decided yet, or not kept."""
    above: bool | None
    """Whether it is a member where no person is heard; None: not decided yet."""


def hits(warehouse: Warehouse, direction: str, seed: int) -> tuple[Hit, ...]:
    """The countable hits of a direction in the order of the draw that the seed stands for.

    Any beginning of it, or of a part of it, is a random sample. Another paper more leaves the order of the others.
    """
    return tuple(Hit(*row) for row in warehouse.rows("read/hits_to_judge", direction=direction, seed=seed))


def to_judge(
    warehouse: Warehouse, direction: str, order: Order = Order.UNCERTAIN, *, seed: int, sample: int | None = None
) -> tuple[str, ...]:
    """The ids of a direction's hits that no person has judged; of a random `sample` of all of them, or of all.

    So many drawn, and the judged ones among them taken out: who goes on tomorrow goes on with the same sample.
    """
    drawn = hits(warehouse, direction, seed)[:sample]
    judged = persons(warehouse, direction)
    left = [one for one in drawn if one.paper_id not in judged]
    if order is Order.NEWEST:
        left.sort(key=lambda one: (one.published, one.paper_id), reverse=True)
    elif order is Order.UNCERTAIN:
        left.sort(key=lambda one: 1.0 if one.rule_probability is None else abs(one.rule_probability - 0.5))
    return tuple(one.paper_id for one in left)


def persons(warehouse: Warehouse, direction: str) -> dict[str, Judgement]:
    """What persons say of a direction's papers, by id."""
    kept = (one.judgement for one in all_of(warehouse, direction))
    return {one.paper_id: one for one in kept if one.judge == PERSON}


@dataclass(frozen=True, slots=True)
class PaperToJudge:
    """A paper as a judge sees it, and what must be hidden until it is judged."""

    paper_id: str
    title: str
    abstract: str | None
    authors: tuple[str, ...]
    month: date
    text_hash: str
    rule_probability: float | None
    """To be shown afterwards."""
    model_label: Label | None
    """What a language model said; to be shown afterwards."""


def paper_to_judge(warehouse: Warehouse, direction: str, paper_id: str) -> PaperToJudge:
    """A stored paper with what a judge needs."""
    title, abstract, authors, month, text, probability, label = warehouse.one(
        "read/paper_to_judge", direction=direction, id=paper_id
    )
    return PaperToJudge(
        paper_id, title, abstract, tuple(authors), month, text, probability, None if label is None else Label(label)
    )


# --- the audit's draw -------------------------------------------------------------------------------------------


class Part(StrEnum):
    """Where an audit draws from."""

    ABOVE = "members"
    BELOW = "hits below the cut"
    NEAR = "nearest without a phrase"
    FIELD = "rest of the field"


@dataclass(frozen=True, slots=True)
class Draw:
    """One stratum: how many papers it has, and those drawn."""

    part: Part
    papers: int
    drawn: tuple[str, ...]


def draws(
    warehouse: Warehouse, direction: Direction, *, seed: int, sample: int, nearest: int = NEAREST
) -> dict[Part, Draw]:
    """The strata of a direction with `sample` papers drawn from each, or all of a smaller one.

    Papers without a phrase are those of the copy of the direction's field: the `nearest` to the mean of its surest
    members' vectors, and the rest. Where no copy is held both are left out: nothing is known of them.
    """
    found = hits(warehouse, direction.slug, seed)
    parts = {
        Part.ABOVE: [one.paper_id for one in found if one.above],
        Part.BELOW: [one.paper_id for one in found if one.above is False],
    }
    categories = [name for category in category_set(direction.query).split() for name in category_names(category)]
    others = [
        paper
        for (paper,) in warehouse.rows(
            "read/field_without_hits", direction=direction.slug, categories=categories, seed=seed
        )
    ]
    if others:
        near = _nearest(warehouse, direction.slug, categories, nearest)
        parts[Part.NEAR] = [paper for paper in others if paper in near]
        parts[Part.FIELD] = [paper for paper in others if paper not in near]
    return {part: Draw(part, len(papers), tuple(papers[:sample])) for part, papers in parts.items()}


def _nearest(warehouse: Warehouse, direction: str, categories: list[str], count: int) -> frozenset[str]:
    """The papers without a phrase that are nearest to the mean of the direction's surest members."""
    models = warehouse.rows("read/vector_models")
    if not models:
        return frozenset()
    model = models[0][0]
    places = warehouse.columns("read/surest_vectors", direction=direction, model=model, limit=_SUREST)["place"]
    surest = taken(warehouse, model, places)
    if not len(surest):
        return frozenset()
    columns = warehouse.columns("read/field_vectors", direction=direction, categories=categories, model=model)
    centre, field = surest.mean(axis=0), Slice(columns["id"], columns["place"], matrix(warehouse, model))
    best: list[tuple[float, str]] = []
    for own, rows in field.blocks():
        best += zip((-(rows @ centre)).tolist(), field.ids[own].tolist(), strict=True)
        best = sorted(best)[:count]
    return frozenset(paper for _, paper in best)


def known_ids(given: Iterable[str], stored: Mapping[str, str]) -> dict[str, str]:
    """Each id as it was given -> the stored paper that it means, where there is one.

    A spreadsheet takes the zeros from the end of an id that looks like a number: 2103.0011 for 2103.00110.
    """
    found = {}
    for one in given:
        padded = one.ljust(len("2103.00110"), "0")
        if one in stored or padded in stored:
            found[one] = one if one in stored else padded
    return found
