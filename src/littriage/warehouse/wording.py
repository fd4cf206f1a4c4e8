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
    """The sub-topics of a direction, each with the most central papers that it was made of, and their titles.

    Papers that came later are not shown, so that a week of them asks nothing anew.
    """

    direction: str
    clusters: tuple[Cluster, ...]
    titles: Mapping[str, str]
    """By paper id."""
    named: Names
    """Those that have names, which stand."""


def clusters_to_name(warehouse: Warehouse, most_papers: int) -> tuple[ToName, ...]:
    """Every direction of which a sub-topic has no name, by slug; `most_papers` of each sub-topic, the nearest to its
    centroid."""
    found: dict[str, tuple[list[Cluster], dict[str, str], Names]] = {}
    for direction, number, label, terms, name, name_zh, ids, similarities, titles in warehouse.rows(
        "read/clusters_to_name", central=most_papers
    ):
        clusters, known, named = found.setdefault(direction, ([], {}, {}))
        members = tuple(ClusterMember(*pair) for pair in zip(ids, similarities, strict=True))
        clusters.append(Cluster(direction, number, label, tuple(terms), members))
        known.update(zip(ids, titles, strict=True))
        if name is not None:
            named[number] = (name, name_zh)
    return tuple(ToName(one, tuple(clusters), titles, named) for one, (clusters, titles, named) in found.items())


def named_clusters(warehouse: Warehouse) -> tuple[int, int]:
    """How many sub-topics all directions have, and how many of them have a name."""
    clusters, named = warehouse.one("read/cluster_names")
    return clusters, named


def store_names(warehouse: Warehouse, names: Mapping[str, tuple[Names, str]]) -> None:
    """Name sub-topics of these directions that have no name yet; with each direction goes the model that named them.

    A name that stands stays: it goes with the sub-topic that it belongs to.
    """
    rows = [
        (direction, number, en, zh, model)
        for direction, (own, model) in names.items()
        for number, (en, zh) in sorted(own.items())
    ]
    with warehouse.transaction():
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
