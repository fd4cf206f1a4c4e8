"""Names of sub-topics and briefs: what they are made from, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from littriage.briefs import WORDED_FROM_TEMPLATE, KeyPaper, SubTopic
from littriage.model import Cluster, ClusterMember
from littriage.naming import Names

if TYPE_CHECKING:
    from littriage.warehouse.file import Warehouse

KEY_PAPERS = 4
"""Papers of either kind, the surest new ones and the newest, that a brief may name."""


# --- names of sub-topics ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToName:
    """The sub-topics of a direction, each with its most central papers alone, and their titles."""

    direction: str
    clusters: tuple[Cluster, ...]
    titles: Mapping[str, str]
    """By paper id."""


def clusters_to_name(warehouse: Warehouse, most_papers: int) -> tuple[ToName, ...]:
    """Every direction that has sub-topics, by slug; `most_papers` of each sub-topic, the nearest to its centre."""
    found: dict[str, tuple[list[Cluster], dict[str, str]]] = {}
    for direction, number, label, terms, ids, similarities, titles in warehouse.rows(
        "read/clusters_to_name", central=most_papers
    ):
        clusters, known = found.setdefault(direction, ([], {}))
        members = tuple(ClusterMember(*pair) for pair in zip(ids, similarities, strict=True))
        clusters.append(Cluster(direction, number, label, tuple(terms), members))
        known.update(zip(ids, titles, strict=True))
    return tuple(ToName(direction, tuple(clusters), titles) for direction, (clusters, titles) in found.items())


def store_names(warehouse: Warehouse, names: Mapping[str, tuple[Names, str]]) -> None:
    """Replace the names of the sub-topics of these directions; with each direction goes the model that named them.

    Directions that are not there keep theirs: names vanish with the sub-topics that they belong to.
    """
    rows = [
        (direction, number, en, zh, model)
        for direction, (own, model) in names.items()
        for number, (en, zh) in sorted(own.items())
    ]
    with warehouse.transaction():
        warehouse.run("write/cluster_names_forgotten", directions=list(names))
        warehouse.run(
            "write/cluster_names_stored",
            directions=[row[0] for row in rows],
            numbers=[row[1] for row in rows],
            names=[row[2] for row in rows],
            names_zh=[row[3] for row in rows],
            models=[row[4] for row in rows],
        )


# --- briefs -----------------------------------------------------------------------------------------------------


def key_papers(warehouse: Warehouse, as_of: date) -> dict[str, tuple[KeyPaper, ...]]:
    """The papers that each direction's brief may name, by slug, the surest first; papers from `as_of` on are left out.

    As of the verdicts that are stored: the 12 months are those that end with a verdict's last month, and after it.
    """
    found: dict[str, list[KeyPaper]] = {}
    for direction, *paper in warehouse.rows("read/key_papers", as_of=as_of, each=KEY_PAPERS):
        found.setdefault(direction, []).append(KeyPaper(*paper))
    return {direction: tuple(papers) for direction, papers in found.items()}


def sub_topics(warehouse: Warehouse, as_of: date) -> dict[str, tuple[SubTopic, ...]]:
    """The sub-topics of each direction, by slug, the largest first, with how many of their papers are new."""
    found: dict[str, list[SubTopic]] = {}
    for direction, *topic in warehouse.rows("read/sub_topics", as_of=as_of):
        found.setdefault(direction, []).append(SubTopic(*topic))
    return {direction: tuple(topics) for direction, topics in found.items()}


@dataclass(frozen=True, slots=True)
class Brief:
    """A direction's brief in one language, as it is stored."""

    direction: str
    lang: str
    sentences: tuple[tuple[str, tuple[str, ...]], ...]
    """Each with the ids that it rests on."""
    worded_by: str
    dropped: Mapping[str, int]
    """Sentences that the checks have dropped, by reason."""


def store_briefs(warehouse: Warehouse, briefs: Sequence[Brief]) -> None:
    """Replace all briefs."""
    rows = [(one, place, *sentence) for one in briefs for place, sentence in enumerate(one.sentences, 1)]
    with warehouse.transaction():
        warehouse.empty("brief", "brief_check")
        warehouse.insert(
            "brief",
            {
                "direction": [one.direction for one, *_ in rows],
                "lang": [one.lang for one, *_ in rows],
                "place": [place for _, place, *_ in rows],
                "sentence": [text for *_, text, _ in rows],
                "papers": [list(ids) for *_, ids in rows],
                "worded_by": [one.worded_by for one, *_ in rows],
            },
        )
        warehouse.insert(
            "brief_check",
            {
                "direction": [one.direction for one in briefs],
                "lang": [one.lang for one in briefs],
                "kept": [0 if one.worded_by == WORDED_FROM_TEMPLATE else len(one.sentences) for one in briefs],
                "dropped": [json.dumps(dict(sorted(one.dropped.items()))) for one in briefs],
            },
        )
