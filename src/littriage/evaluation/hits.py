"""Judged pairs with what the rules see of them: those of a file, and those that come with littriage."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from littriage.directions import Matcher
from littriage.errors import EvaluationError
from littriage.evaluation.fitting import fit_rule
from littriage.evaluation.judgements import Judgement
from littriage.membership import Rule, hit_features, prototypes
from littriage.model import Direction, LexicalHit, Paper
from littriage.ports import Embedder


@dataclass(frozen=True, slots=True)
class JudgedHits:
    """Judged pairs with what the rules see of them: one entry per pair in each array, and features of the hits."""

    directions: NDArray[np.str_]
    paper_ids: NDArray[np.str_]
    labels: NDArray[np.int64]
    hit: NDArray[np.bool_]
    """Whether the phrases of the direction's query match the paper."""
    in_field: NDArray[np.bool_]
    """Whether one of the paper's categories is among the query's, or one of the two names none."""
    features: NDArray[np.float64]
    """FEATURES of the hits, in order; shape (hits, 4)."""
    skipped: Mapping[str, tuple[str, ...]]
    """Reason -> pairs that could not be judged."""

    def only(self, chosen: NDArray[np.bool_]) -> JudgedHits:
        """Those of the pairs."""
        return replace(
            self,
            directions=self.directions[chosen],
            paper_ids=self.paper_ids[chosen],
            labels=self.labels[chosen],
            hit=self.hit[chosen],
            in_field=self.in_field[chosen],
            features=self.features[chosen[self.hit]],
        )

    def fitted(self, name: str, further: JudgedHits | None = None) -> Rule | None:
        """Rule v2 fitted to these pairs and further ones; None where it cannot be fitted."""
        parts = [self] if further is None else [self, further]
        return fit_rule(
            name,
            np.concatenate([one.features for one in parts]),
            np.concatenate([one.labels[one.hit] for one in parts]),
            np.concatenate([one.labels[~one.hit] for one in parts]),
        )


def judged_hits(
    judgements: Sequence[Judgement], papers: Iterable[Paper], directions: Sequence[Direction], embedder: Embedder
) -> JudgedHits:
    """What the rules see of the judged pairs. Raises EvaluationError when no pair can be used."""
    by_id = {paper.id: paper for paper in papers}
    by_slug = {direction.slug: direction for direction in directions}
    used: list[Judgement] = []
    skipped: dict[str, list[str]] = {}
    for given in judgements:
        judgement = replace(given, paper_id=_whole_id(given.paper_id, by_id))
        if judgement.direction not in by_slug:
            skipped.setdefault("unknown direction", []).append(f"{judgement.direction} {judgement.paper_id}")
        elif judgement.paper_id not in by_id:
            skipped.setdefault("paper not given", []).append(f"{judgement.direction} {judgement.paper_id}")
        else:
            used.append(judgement)
    if not used:
        raise EvaluationError(
            f"none of {len(judgements)} judged pairs can be used ({', '.join(skipped) or 'there are none'}): "
            "give the papers that were judged, and the directions they were judged for"
        )

    matcher = Matcher(directions)
    wanted = sorted({judgement.paper_id for judgement in used})
    found = {paper_id: _hits(matcher, by_id[paper_id]) for paper_id in wanted}
    pairs = [(judgement.paper_id, found[judgement.paper_id].get(judgement.direction)) for judgement in used]
    hits = [(paper_id, hit) for paper_id, hit in pairs if hit is not None]

    embedded = sorted({paper_id for paper_id, _ in hits})
    place = {paper_id: number for number, paper_id in enumerate(embedded)}
    vectors = embedder.encode([by_id[paper_id].text for paper_id in embedded])
    return JudgedHits(
        directions=np.array([judgement.direction for judgement in used]),
        paper_ids=np.array([judgement.paper_id for judgement in used]),
        labels=np.array([judgement.label for judgement in used]),
        hit=np.array([hit is not None for _, hit in pairs]),
        in_field=np.array([_in_field(by_id[one.paper_id], by_slug[one.direction]) for one in used]),
        features=hit_features(
            prototypes(directions, embedder),
            [paper_id for paper_id, _ in hits],
            vectors[[place[paper_id] for paper_id, _ in hits]],
            [(hit,) for _, hit in hits],
        ),
        skipped={reason: tuple(of) for reason, of in skipped.items()},
    )


def _whole_id(paper_id: str, papers: Mapping[str, Paper]) -> str:
    """The id; with the zeros that a spreadsheet took from its end, as from a number, where that makes a known one."""
    padded = paper_id.ljust(len("2103.00110"), "0")
    return padded if paper_id not in papers and padded in papers else paper_id


def _hits(matcher: Matcher, paper: Paper) -> dict[str, LexicalHit]:
    return {hit.direction: hit for hit in matcher.hits(paper.title, paper.abstract)}


def _in_field(paper: Paper, direction: Direction) -> bool:
    wanted = direction.query.categories
    return not wanted or not paper.categories or not set(wanted).isdisjoint(paper.categories)


_FURTHER = Path(__file__).with_name("judged_hits.csv")


def further_hits(model: str) -> JudgedHits | None:
    """The judged hits that come with littriage, as an embedder's model sees them; None for a model that is not there.

    They are phrase hits of directions of the shipped catalogue, drawn at random and judged from title and abstract by a
    language-model reader before any score was seen. benchmarks/fit_membership.py writes their features.
    """
    tier = model.partition("@")[0]
    with _FURTHER.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if f"similarity_{tier}" not in rows[0]:
        return None
    columns = (f"similarity_{tier}", f"nearer_{tier}", "repeated", "reach")
    everything = np.ones(len(rows), np.bool_)
    return JudgedHits(
        directions=np.array([row["direction"] for row in rows]),
        paper_ids=np.array([row["arxiv_id"] for row in rows]),
        labels=np.array([int(row["label"]) for row in rows]),
        hit=everything,
        in_field=everything,
        features=np.array([[float(row[column]) for column in columns] for row in rows]),
        skipped={},
    )
