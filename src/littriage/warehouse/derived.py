"""What is computed from papers: lexical hits, vectors, memberships, clusters, trends, verdicts.

Each write replaces what was there in one transaction. `stamp` and `stamped` remember what a stage was computed from, so
that a stage with nothing new does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from littriage.model import Catalogue, Cluster, LexicalHit, Membership, TrendPoint, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from littriage.warehouse.file import Warehouse


@dataclass(frozen=True, slots=True)
class Text:
    """A paper's text, as much as matching, embedding and clustering need."""

    id: str
    title: str
    abstract: str | None
    categories: tuple[str, ...] = ()
    text_hash: str = ""

    @property
    def text(self) -> str:
        """What is embedded; the same as Paper.text."""
        return f"{self.title}\n{self.abstract}" if self.abstract else self.title


def stamped(warehouse: Warehouse, stage: str, subject: str = "") -> str | None:
    """What the stage was last computed from; None when never."""
    found = warehouse.rows("read/stamp", stage=stage, subject=subject)
    return str(found[0][0]) if found else None


def stamp(warehouse: Warehouse, stage: str, value: str, subject: str = "") -> None:
    """Remember what the stage was computed from."""
    warehouse.insert("derived", {"subject": [subject]}, stage=stage, stamp=value)


# --- lexical hits -----------------------------------------------------------------------------------------------


def texts_to_match(warehouse: Warehouse, matched_with: str, batch: int) -> Iterator[list[Text]]:
    """Countable papers not yet matched under that stamp, in batches."""
    for rows in warehouse.batches("read/papers_to_match", batch, matched_with=matched_with):
        yield [Text(id_, title, abstract, tuple(categories)) for id_, title, abstract, categories in rows]


def store_hits(
    warehouse: Warehouse, matched: Mapping[str, Sequence[LexicalHit]], matched_with: str
) -> int:
    """Replace the hits of these papers; how many hits they have now."""
    pairs = [(paper, hit) for paper, hits in matched.items() for hit in hits]
    with warehouse.transaction():
        warehouse.run("write/hits_forgotten", ids=list(matched))
        warehouse.insert(
            "hit",
            {
                "paper_id": [paper for paper, _ in pairs],
                "direction": [hit.direction for _, hit in pairs],
                "in_title": [hit.in_title for _, hit in pairs],
                "title_groups": [hit.title_groups for _, hit in pairs],
                "phrases": [hit.phrases for _, hit in pairs],
            },
        )
        warehouse.run("write/papers_matched", ids=list(matched), matched_with=matched_with)
    return len(pairs)


# --- vectors ----------------------------------------------------------------------------------------------------


def texts_to_embed(warehouse: Warehouse, model: str, *, only_members: bool) -> list[Text]:
    """Countable papers without a vector of their present text from `model`, shortest first.

    The order is fixed, so that a killed run goes on with the very batches that it had still to do.
    """
    name = "read/members_to_embed" if only_members else "read/papers_to_embed"
    return [
        Text(id_, title, abstract, (), hash_) for id_, title, abstract, hash_ in warehouse.rows(name, model=model)
    ]


def store_vectors(warehouse: Warehouse, texts: Sequence[Text], vectors: NDArray[np.float32], model: str) -> None:
    """Keep unit rows, float32, shape (len(texts), dim)."""
    with warehouse.transaction():
        warehouse.insert(
            "vector",
            {
                "paper_id": [text.id for text in texts],
                "text_hash": [text.text_hash for text in texts],
                "value": [row.tobytes() for row in vectors],
            },
            model=model,
            dim=int(vectors.shape[1]),
        )


def vectors_of(columns: Mapping[str, NDArray[np.object_]]) -> NDArray[np.float32]:
    """The `value` column as a matrix, float32, shape (rows, dim)."""
    values = columns["value"]
    if len(values) == 0:
        return np.empty((0, 0), np.float32)
    return np.frombuffer(b"".join(values), dtype=np.float32).reshape(len(values), -1)


# --- memberships ------------------------------------------------------------------------------------------------


def store_memberships(warehouse: Warehouse, memberships: Iterable[Membership]) -> int:
    """Replace all memberships; how many are members."""
    kept = list(memberships)
    with warehouse.transaction():
        warehouse.run("write/memberships_forgotten")
        warehouse.insert(
            "membership",
            {
                "paper_id": [one.paper_id for one in kept],
                "direction": [one.direction for one in kept],
                "similarity": [one.similarity for one in kept],
                "probability": [one.probability for one in kept],
                "member": [one.member for one in kept],
                "rule": [one.rule for one in kept],
            },
        )
    return sum(one.member for one in kept)


# --- clusters ---------------------------------------------------------------------------------------------------


def store_clusters(warehouse: Warehouse, direction: str, clusters: Sequence[Cluster], model: str, value: str) -> None:
    """Replace a direction's clusters, and remember what they were computed from."""
    members = [(cluster.number, place, one) for cluster in clusters for place, one in enumerate(cluster.members, 1)]
    with warehouse.transaction():
        warehouse.run("write/clusters_forgotten", direction=direction)
        warehouse.run("write/cluster_members_forgotten", direction=direction)
        warehouse.insert(
            "cluster",
            {
                "number": [one.number for one in clusters],
                "label": [one.label for one in clusters],
                "terms": [list(one.terms) for one in clusters],
                "papers": [len(one.members) for one in clusters],
            },
            direction=direction,
            model=model,
        )
        warehouse.insert(
            "cluster_member",
            {
                "paper_id": [one.paper_id for _, _, one in members],
                "number": [number for number, _, _ in members],
                "similarity": [one.similarity for _, _, one in members],
                "place": [place for _, place, _ in members],
            },
            direction=direction,
        )
        stamp(warehouse, "cluster", value, direction)


# --- trends and verdicts ----------------------------------------------------------------------------------------


def member_months(warehouse: Warehouse) -> dict[str, dict[date, tuple[float, int]]]:
    """Per direction and month: expected members and members, of papers whose categories are known."""
    found: dict[str, dict[date, tuple[float, int]]] = {}
    for direction, month, papers, members in warehouse.rows("marts/member_month"):
        found.setdefault(direction, {})[month] = (papers, members)
    return found


def store_trends(warehouse: Warehouse, points: Mapping[str, Sequence[TrendPoint]]) -> None:
    """Replace all trend points."""
    kept = [point for series in points.values() for point in series]
    with warehouse.transaction():
        warehouse.run("write/trend_points_forgotten")
        warehouse.insert(
            "trend_point",
            {
                "direction": [one.direction for one in kept],
                "month": [one.month for one in kept],
                "papers": [one.papers for one in kept],
                "members": [one.members for one in kept],
                "exposure": [one.exposure for one in kept],
                "status": [one.status.value for one in kept],
                "reason": [one.reason for one in kept],
            },
        )


def store_verdicts(warehouse: Warehouse, verdicts: Sequence[Verdict], membership_rule: str) -> None:
    """Replace all verdicts."""
    growths = [one.growth for one in verdicts]
    with warehouse.transaction():
        warehouse.run("write/verdicts_forgotten")
        warehouse.insert(
            "verdict",
            {
                "direction": [one.direction for one in verdicts],
                "as_of": [one.as_of for one in verdicts],
                "stage": [one.stage.value for one in verdicts],
                "growth": [one and one.mean for one in growths],
                "growth_low": [one and one.low for one in growths],
                "growth_high": [one and one.high for one in growths],
                "p_up": [one and one.p_up for one in growths],
                "p_down": [one and one.p_down for one in growths],
                "p_flat": [one and one.p_flat for one in growths],
                "growth_raw": [one and one.raw for one in growths],
                "growth_raw_se": [one and one.raw_se for one in growths],
                "months": [one and one.months for one in growths],
                "papers_12m": [one.papers_12m for one in verdicts],
                "share_12m": [one.share_12m for one in verdicts],
                "exposure_12m": [one.exposure_12m for one in verdicts],
                "peak_ratio": [one.peak_ratio for one in verdicts],
                "peak_month": [one.peak_month for one in verdicts],
                "saturation": [one.saturation for one in verdicts],
                "first_month": [one.first_month for one in verdicts],
                "last_month": [one.last_month for one in verdicts],
                "reasons": [json.dumps(one.reasons, ensure_ascii=False) for one in verdicts],
                "rule": [one.rule for one in verdicts],
            },
            membership_rule=membership_rule,
        )


def store_catalogue(warehouse: Warehouse, catalogue: Catalogue, queries: Mapping[str, tuple[str, str]]) -> None:
    """Replace themes, directions and claims; `queries` gives each direction's category set and query fingerprint."""
    owners = [*catalogue.themes, *catalogue.directions]
    claims = [(owner.slug, number, claim) for owner in owners for number, claim in enumerate(owner.claims, 1)]
    with warehouse.transaction():
        warehouse.run("write/catalogue_forgotten")
        warehouse.insert(
            "theme",
            {
                "slug": [one.slug for one in catalogue.themes],
                "name": [one.name for one in catalogue.themes],
                "name_zh": [one.name_zh for one in catalogue.themes],
            },
        )
        warehouse.insert(
            "direction",
            {
                "slug": [one.slug for one in catalogue.directions],
                "theme": [one.theme for one in catalogue.directions],
                "name": [one.name for one in catalogue.directions],
                "name_zh": [one.name_zh for one in catalogue.directions],
                "scope": [one.scope for one in catalogue.directions],
                "category_set": [queries[one.slug][0] for one in catalogue.directions],
                "query": [queries[one.slug][1] for one in catalogue.directions],
            },
        )
        warehouse.insert(
            "claim",
            {
                "subject": [subject for subject, _, _ in claims],
                "number": [number for _, number, _ in claims],
                "document": [one.document for _, _, one in claims],
                "author": [one.author for _, _, one in claims],
                "date": [one.date for _, _, one in claims],
                "first_month": [one.window[0] for _, _, one in claims],
                "last_month": [one.window[1] for _, _, one in claims],
                "stance": [one.stance.value for _, _, one in claims],
                "paraphrase": [one.paraphrase for _, _, one in claims],
                "locator": [one.locator for _, _, one in claims],
                "inferred": [one.inferred for _, _, one in claims],
                "repost_of": [one.repost_of for _, _, one in claims],
            },
        )
