"""Which of the papers that a query matches are really about its direction.

A phrase query finds nearly everything and too much: of its hits, fewer than half have the direction as their main
topic. Rule v2 reads four things of every hit: how near the paper's vector is to the direction's prototype, how many
other directions are nearer, whether the query's phrases come back, and how soon they stand. A logistic curve makes of
them the probability that the paper is core, a second one that it is core or related. A paper that the query does not
match is no member.

All of it depends on the paper and the catalogue alone (name, scope, titles of exemplars), so that a membership means
the same whatever else is stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from littriage.errors import SettingsError, UnknownDirection
from littriage.model import Direction, Label, LexicalHit, Membership
from littriage.ports import Embedder

MEMBERSHIP_RULE = "v2"
"""Version of the prototypes, the features and `RULES` together: never two versions in one series of counts."""

FEATURES = ("similarity", "nearer", "repeated", "reach")
"""Cosine to the prototype; log(1 + percent of the other directions that are nearer); 1 where every OR-group occurs
twice or more, else 0; square root of the part of the text that one reads until every OR-group has occurred."""

SIGNS = (1, -1, 1, -1)
"""Which way each feature may speak: nearer, unrivalled, again and early are never less likely."""

_HITS_AT_ONCE = 8192
_ROUNDING = 1e-6
"""How much nearer another direction must be: well above what rounding products to float32 does to a cosine."""


# --- prototypes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prototypes:
    """A unit vector for each direction, and one more for each of its exemplars: the same without that exemplar."""

    model: str
    """Of the embedder: papers' vectors must come from the same."""
    matrix: NDArray[np.float32]
    """Unit rows, those of the directions first; shape (directions + exemplars with an arXiv id, dim)."""
    rows: Mapping[str, int]
    """Direction -> row."""
    rows_without: Mapping[str, Mapping[str, int]]
    """ArXiv id of an exemplar -> direction -> row made without it: no paper is evidence for itself."""

    def row(self, direction: str, paper_id: str) -> int:
        """Where the prototype to judge this paper by stands. Raises UnknownDirection."""
        if direction not in self.rows:
            raise UnknownDirection(f"there is no prototype of {direction}: make the prototypes from all directions")
        return self.rows_without.get(paper_id, {}).get(direction, self.rows[direction])


def prototypes(directions: Sequence[Direction], embedder: Embedder) -> Prototypes:
    """Prototypes of the directions: half the name with the scope's first sentence, half the mean of exemplars' titles.

    The other sentences of a scope say what is outside: they would draw the prototype towards it.
    """
    return prototypes_of(directions, embedder.model, embedder.encode(prototype_texts(directions)))


def prototype_texts(directions: Sequence[Direction]) -> list[str]:
    """What prototypes are made of: a text for each direction, then the titles of all their exemplars."""
    texts = [f"{direction.name}. {first_sentence(direction.scope)}" for direction in directions]
    return texts + [exemplar.title for direction in directions for exemplar in direction.exemplars]


def prototypes_of(directions: Sequence[Direction], model: str, vectors: NDArray[np.float32]) -> Prototypes:
    """The prototypes, from the model's unit rows of `prototype_texts`, float32, shape (texts, dim)."""
    whole: list[NDArray[np.float32]] = []
    without: list[NDArray[np.float32]] = []
    rows_without: dict[str, dict[str, int]] = {}
    first = len(directions)
    for number, direction in enumerate(directions):
        scope = vectors[number]
        titles = vectors[first : first + len(direction.exemplars)]
        first += len(direction.exemplars)
        whole.append(_prototype(scope, titles))
        for place, exemplar in enumerate(direction.exemplars):
            if exemplar.arxiv_id is not None:
                rows_without.setdefault(exemplar.arxiv_id, {})[direction.slug] = len(directions) + len(without)
                without.append(_prototype(scope, np.delete(titles, place, axis=0)))
    return Prototypes(
        model=model,
        matrix=np.array(whole + without, np.float32).reshape(-1, vectors.shape[1]),
        rows={direction.slug: number for number, direction in enumerate(directions)},
        rows_without=rows_without,
    )


def first_sentence(text: str) -> str:
    """The text up to its first full stop, exclamation or question mark that a capital or a Chinese sentence follows."""
    return _SENTENCE_END.split(text, maxsplit=1)[0]


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|(?<=[。！？])\s*")


def _prototype(scope: NDArray[np.float32], titles: NDArray[np.float32]) -> NDArray[np.float32]:
    return _unit(scope + _unit(titles.mean(axis=0))) if len(titles) else scope


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit


# --- the rule ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve: probability = 1 / (1 + exp(-(intercept + weights . features)))."""

    intercept: float
    weights: tuple[float, ...]
    """In the order of FEATURES."""

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """A probability for each row of features; shape (rows,)."""
        # Column by column: a matrix product may round by the shape of the matrix, and a hit must not depend on others.
        odds = sum((weight * features[:, place] for place, weight in enumerate(self.weights)), np.zeros(len(features)))
        curve: NDArray[np.float64] = 1 / (1 + np.exp(-(self.intercept + odds)))
        return curve


@dataclass(frozen=True, slots=True)
class GreyBand:
    """Between two probabilities a rule is not to be trusted alone: low <= probability < high is grey.

    Below `low` a hit is out without asking, from `high` on it is core without asking.
    """

    low: float
    high: float

    def grey(self, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the probabilities are grey; shape as given."""
        return (probabilities >= self.low) & (probabilities < self.high)


@dataclass(frozen=True, slots=True)
class Rule:
    """Rule v2 for the vectors of one model."""

    name: str
    """`v2/minilm`."""
    core: Curve
    """That the direction is the paper's main topic."""
    threshold: float
    """From this probability of core on, the paper is core."""
    any: Curve
    """That the paper is core or related."""
    threshold_any: float
    """From this probability of `any` on, a paper that is not core is related."""
    grey: GreyBand = GreyBand(0.0, 1.0)
    """Of the probability of core; everything, where no band was fitted."""

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability that the paper is core, for rows of features; shape (rows,)."""
        return self.core.probabilities(features)

    def probabilities_any(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability that the paper is core or related, never below that of core; shape (rows,)."""
        return np.maximum(self.core.probabilities(features), self.any.probabilities(features))


# Printed by: python benchmarks/fit_membership.py GOLD.csv --papers PAPERS.parquet
RULES: Mapping[str, Rule] = {
    "fast": Rule(
        name="v2/fast",
        core=Curve(0.327, (2.928, -0.493, 0.636, -2.992)),
        threshold=0.371,
        any=Curve(2.220, (1.635, -0.418, 1.517, -2.672)),
        threshold_any=0.419,
        grey=GreyBand(0.102, 0.733),
    ),
    "minilm": Rule(
        name="v2/minilm",
        core=Curve(-3.175, (8.631, -0.275, 0.546, -2.625)),
        threshold=0.383,
        any=Curve(-1.384, (7.567, -0.103, 1.564, -2.323)),
        threshold_any=0.423,
        grey=GreyBand(0.121, 0.712),
    ),
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


def rule_named(name: str) -> Rule:
    """The rule of a stored membership (`v2/fast`). Raises SettingsError for one that this version does not have."""
    for rule in RULES.values():
        if rule.name == name:
            return rule
    raise SettingsError(
        f"memberships were decided by rule {name}, and this version of littriage has only "
        f"{', '.join(rule.name for rule in RULES.values())}: decide them anew with littriage run",
        rule=name,
    )


# --- features ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hits:
    """Hits of some papers, as arrays: all that it takes to judge them by a catalogue's prototypes, anywhere."""

    vectors: NDArray[np.float32]
    """Unit rows of the papers, shape (papers, dim)."""
    papers: NDArray[np.intp]
    """The row of `vectors` that each hit's paper has; shape (hits,), as all that follow."""
    directions: NDArray[np.intp]
    """The row of the prototypes' matrix that each hit's direction has."""
    mentions: NDArray[np.int64]
    read_shares: NDArray[np.float64]
    exemplars: Mapping[int, str]
    """Row of `vectors` -> arXiv id, of the papers that are exemplars of any direction."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule says of each of some hits, in their order; float64, shape (hits,)."""

    similarity: NDArray[np.float64]
    """Cosine to the direction's prototype."""
    core: NDArray[np.float64]
    """Probability that the paper is core."""
    either: NDArray[np.float64]
    """Probability that it is core or related."""


def judged(prototypes: Prototypes, rule: Rule, hits: Hits) -> Judged:
    """What the rule says of the hits. Each hit's bits are its own, whatever other hits come with it."""
    features = _features(prototypes, hits)
    return Judged(features[:, 0], rule.probabilities(features), rule.probabilities_any(features))


def hit_features(
    prototypes: Prototypes,
    paper_ids: Sequence[str],
    vectors: NDArray[np.float32],
    hits: Sequence[Sequence[LexicalHit]],
) -> NDArray[np.float64]:
    """The FEATURES of each hit of each paper, in order; shape (number of hits, 4).

    `vectors` are the papers' unit rows, shape (papers, dim), and `hits` their lexical hits, all in the order of
    `paper_ids`. A paper is compared with prototypes made without it, those of the other directions too. Where the
    catalogue has one direction, no other is nearer. Raises UnknownDirection for a hit without a prototype.
    """
    return _features(prototypes, _as_arrays(prototypes, paper_ids, vectors, hits))


def _as_arrays(
    prototypes: Prototypes,
    paper_ids: Sequence[str],
    vectors: NDArray[np.float32],
    hits: Sequence[Sequence[LexicalHit]],
) -> Hits:
    flat = list(chain.from_iterable(hits))
    return Hits(
        vectors=vectors,
        papers=np.repeat(np.arange(len(hits)), [len(found) for found in hits]),
        directions=np.array([prototypes.row(hit.direction, "") for hit in flat], np.intp),
        mentions=np.array([hit.mentions for hit in flat], np.int64),
        read_shares=np.array([hit.read_share for hit in flat], np.float64),
        exemplars={number: one for number, one in enumerate(paper_ids) if one in prototypes.rows_without},
    )


def _features(prototypes: Prototypes, hits: Hits) -> NDArray[np.float64]:
    features = np.empty((len(hits.papers), len(FEATURES)))
    directions = len(prototypes.rows)
    # In float64, where the order of a sum, which the shape of a product may change, does nothing that would be seen.
    everything = prototypes.matrix[:directions].astype(np.float64).T
    for start in range(0, len(features), _HITS_AT_ONCE):  # all at once would need gigabytes
        some = slice(start, start + _HITS_AT_ONCE)
        used, place = np.unique(hits.papers[some], return_inverse=True)
        cosines = hits.vectors[used].astype(np.float64) @ everything
        rows = hits.directions[some].copy()
        for at in (at for at, paper in enumerate(used.tolist()) if paper in hits.exemplars):
            for direction, row in prototypes.rows_without[hits.exemplars[used[at]]].items():
                column = prototypes.rows[direction]
                cosines[at, column] = hits.vectors[used[at]].astype(np.float64) @ prototypes.matrix[row]
                rows[(place == at) & (hits.directions[some] == column)] = row
        # One hit's cosine must not depend on its neighbours in any bit: row by row.
        products = hits.vectors[hits.papers[some]] * prototypes.matrix[rows]
        similarity = products.sum(axis=1, dtype=np.float64)
        features[some, 0] = similarity
        nearer = (cosines[place] > (similarity + _ROUNDING)[:, None]).sum(axis=1)
        features[some, 1] = np.log1p(100 * nearer / max(1, directions - 1))
    features[:, 2] = hits.mentions >= 2
    features[:, 3] = np.sqrt(hits.read_shares)
    return features


def memberships(
    prototypes: Prototypes,
    paper_ids: Sequence[str],
    vectors: NDArray[np.float32],
    hits: Sequence[Sequence[LexicalHit]],
    rule: Rule | None = None,
) -> tuple[Membership, ...]:
    """One Membership for each hit of each paper, in order; arguments as for `hit_features`.

    The rule is the one fitted for the prototypes' model unless another is given. Members are the core papers.
    Raises UnknownDirection for a hit without a prototype, SettingsError for a model without a rule.
    """
    rule = rule or rule_for(prototypes.model)
    found = judged(prototypes, rule, _as_arrays(prototypes, paper_ids, vectors, hits))
    pairs = ((paper_id, hit) for paper_id, several in zip(paper_ids, hits, strict=True) for hit in several)
    return tuple(
        Membership(
            paper_id=paper_id,
            direction=hit.direction,
            hit=hit,
            similarity=similarity,
            probability=probability,
            member=probability >= rule.threshold,
            rule=rule.name,
            probability_any=either,
            label=_label(rule, probability, either),
        )
        for (paper_id, hit), similarity, probability, either in zip(
            pairs, found.similarity.tolist(), found.core.tolist(), found.either.tolist(), strict=True
        )
    )


def _label(rule: Rule, probability: float, either: float) -> Label:
    if probability >= rule.threshold:
        return Label.CORE
    return Label.RELATED if either >= rule.threshold_any else Label.OUT


# --- the grey band ----------------------------------------------------------------------------------------------

RECALL_FLOOR = 0.97
PRECISION_FLOOR = 0.85


def grey_band(
    probabilities: NDArray[np.float64],
    core: NDArray[np.bool_],
    recall_floor: float = RECALL_FLOOR,
    precision_floor: float = PRECISION_FLOOR,
) -> GreyBand:
    """The band to ask about, from judged hits and probabilities of rules that have not seen them.

    `low` is the highest value from which on at least `recall_floor` of the core hits lie; core papers that are no hits
    are lost before, whatever the band. `high` is the lowest value from which on at least `precision_floor` of the hits
    are core; 1 where there is none. Where `high` alone keeps both promises nothing is grey, and `low` equals it.
    Raises ValueError without a core hit.
    """
    if not core.any():
        raise ValueError("a grey band needs a core hit")
    ascending = np.sort(probabilities[core])
    may_lose = int(np.floor(len(ascending) * (1 - recall_floor) + 1e-9))
    low = float(ascending[min(may_lose, len(ascending) - 1)])
    order = np.argsort(-probabilities, kind="stable")
    last_of_value = np.append(np.diff(probabilities[order]) != 0, True)
    precision = core[order].cumsum() / np.arange(1, len(order) + 1)
    precise = np.flatnonzero((precision >= precision_floor) & last_of_value)
    high = float(probabilities[order][precise[-1]]) if len(precise) else 1.0
    return GreyBand(min(low, high), high)
