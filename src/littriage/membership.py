"""Which of the papers that a query matches are really about its direction.

A phrase query finds nearly everything and too much: of its hits, fewer than half have the direction as their main
topic. Rule v1 reads three things of every hit: how near the paper's vector is to the direction's prototype, whether
the title alone matches the query, and how much of the query the title matches. A logistic curve makes a probability of
them. A paper that the query does not match is no member.

The prototype depends on the catalogue alone (name, scope sentence, titles of exemplars), so that a membership means
the same whatever else is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from littriage.errors import SettingsError, UnknownDirection
from littriage.model import Direction, LexicalHit, Membership
from littriage.ports import Embedder

MEMBERSHIP_RULE = "v1"
"""Version of the prototypes, the features and `RULES` together: never two versions in one series of counts."""

FEATURES = ("similarity", "in_title", "title_groups")
"""Cosine to the prototype; 1 where the title alone matches, else 0; part of the OR-groups that the title matches."""

_PAIRS_AT_ONCE = 16_384


# --- prototypes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prototypes:
    """A unit vector for each direction, and one more for each of its exemplars: the same without that exemplar."""

    model: str
    """Of the embedder: papers' vectors must come from the same."""
    matrix: NDArray[np.float32]
    """Unit rows; shape (directions + exemplars with an arXiv id, dim)."""
    groups: Mapping[str, int]
    """How many OR-groups the query of each direction has."""
    rows: Mapping[str, int]
    """Direction -> row."""
    rows_without: Mapping[tuple[str, str], int]
    """(Direction, arXiv id of an exemplar) -> row made without it: no paper is evidence for itself."""

    def row(self, direction: str, paper_id: str) -> int:
        """Where the prototype to judge this paper by stands. Raises UnknownDirection."""
        without = self.rows_without.get((direction, paper_id))
        if without is not None:
            return without
        if direction not in self.rows:
            raise UnknownDirection(f"there is no prototype of {direction}: make the prototypes from all directions")
        return self.rows[direction]


def prototypes(directions: Sequence[Direction], embedder: Embedder) -> Prototypes:
    """Prototypes of the directions: half the name with the scope sentence, half the mean of the exemplars' titles."""
    texts = [f"{direction.name}. {direction.scope}" for direction in directions]
    texts += [exemplar.title for direction in directions for exemplar in direction.exemplars]
    vectors = embedder.encode(texts)

    whole: list[NDArray[np.float32]] = []
    without: list[NDArray[np.float32]] = []
    rows_without: dict[tuple[str, str], int] = {}
    first = len(directions)
    for number, direction in enumerate(directions):
        scope = vectors[number]
        titles = vectors[first : first + len(direction.exemplars)]
        first += len(direction.exemplars)
        whole.append(_prototype(scope, titles))
        for place, exemplar in enumerate(direction.exemplars):
            if exemplar.arxiv_id is not None:
                rows_without[direction.slug, exemplar.arxiv_id] = len(directions) + len(without)
                without.append(_prototype(scope, np.delete(titles, place, axis=0)))
    return Prototypes(
        model=embedder.model,
        matrix=np.array(whole + without, np.float32).reshape(-1, embedder.dim),
        groups={direction.slug: len(direction.query.all_of) for direction in directions},
        rows={direction.slug: number for number, direction in enumerate(directions)},
        rows_without=rows_without,
    )


def _prototype(scope: NDArray[np.float32], titles: NDArray[np.float32]) -> NDArray[np.float32]:
    return _unit(scope + _unit(titles.mean(axis=0))) if len(titles) else scope


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit


# --- the rule ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """Rule v1 for the vectors of one model: probability = 1 / (1 + exp(-(intercept + weights . features)))."""

    name: str
    """`v1/minilm`."""
    intercept: float
    weights: tuple[float, ...]
    """In the order of FEATURES."""
    threshold: float
    """From this probability on, the paper is a member."""

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability that the direction is the paper's main topic, for rows of features."""
        curve: NDArray[np.float64] = 1 / (1 + np.exp(-(self.intercept + features @ np.array(self.weights))))
        return curve


# Printed by: python benchmarks/fit_membership.py GOLD.csv --papers PAPERS.parquet
RULES: Mapping[str, Rule] = {
    "fast": Rule("v1/fast", -5.238, (7.896, 0.807, 1.304), 0.343),
    "minilm": Rule("v1/minilm", -6.496, (10.843, 0.929, 0.872), 0.361),
}
"""By the name in an embedder's `model`, before the @."""


def has_rule(model: str) -> bool:
    """Whether a rule was fitted for an embedder's model."""
    return model.partition("@")[0] in RULES


def rule_for(model: str) -> Rule:
    """The rule that was fitted for an embedder's model (`minilm@...`, `fast@...`).

    Cosines of different models are on different scales. Raises SettingsError where none was fitted.
    """
    if not has_rule(model):
        raise SettingsError(
            f"no membership rule was fitted for vectors of {model}, only for {', '.join(sorted(RULES))}: "
            "choose one of these, or fit one with benchmarks/fit_membership.py and add it to littriage/membership.py",
            model=model,
        )
    return RULES[model.partition("@")[0]]


def hit_features(
    prototypes: Prototypes,
    paper_ids: Sequence[str],
    vectors: NDArray[np.float32],
    hits: Sequence[Sequence[LexicalHit]],
) -> NDArray[np.float64]:
    """The FEATURES of each hit of each paper, in order; shape (number of hits, 3).

    `vectors` are the papers' unit rows, shape (papers, dim), and `hits` their lexical hits, all in the order of
    `paper_ids`. Raises UnknownDirection for a hit without a prototype.
    """
    paper_rows = np.repeat(np.arange(len(paper_ids)), [len(found) for found in hits])
    pairs = _pairs(paper_ids, hits)
    prototype_rows = np.array([prototypes.row(hit.direction, paper_id) for paper_id, hit in pairs], np.intp)
    features = np.empty((len(pairs), len(FEATURES)))
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):  # all pairs at once would need gigabytes
        some = slice(start, start + _PAIRS_AT_ONCE)
        products = vectors[paper_rows[some]] * prototypes.matrix[prototype_rows[some]]
        features[some, 0] = products.sum(axis=1, dtype=np.float64)
    features[:, 1] = [hit.in_title for _, hit in pairs]
    features[:, 2] = [hit.title_groups / prototypes.groups[hit.direction] for _, hit in pairs]
    return features


def memberships(
    prototypes: Prototypes,
    paper_ids: Sequence[str],
    vectors: NDArray[np.float32],
    hits: Sequence[Sequence[LexicalHit]],
    rule: Rule | None = None,
) -> tuple[Membership, ...]:
    """One Membership for each hit of each paper, in order; arguments as for `hit_features`.

    The rule is the one fitted for the prototypes' model unless another is given.
    Raises UnknownDirection for a hit without a prototype, SettingsError for a model without a rule.
    """
    rule = rule or rule_for(prototypes.model)
    features = hit_features(prototypes, paper_ids, vectors, hits)
    pairs = _pairs(paper_ids, hits)
    return tuple(
        Membership(
            paper_id=paper_id,
            direction=hit.direction,
            hit=hit,
            similarity=similarity,
            probability=probability,
            member=probability >= rule.threshold,
            rule=rule.name,
        )
        for (paper_id, hit), similarity, probability in zip(
            pairs, features[:, 0].tolist(), rule.probabilities(features).tolist(), strict=True
        )
    )


def _pairs(paper_ids: Sequence[str], hits: Sequence[Sequence[LexicalHit]]) -> list[tuple[str, LexicalHit]]:
    return [(paper_id, hit) for paper_id, found in zip(paper_ids, hits, strict=True) for hit in found]
