"""How well membership decides, measured on judged pairs of direction and paper.

A judgement file is CSV with the columns direction, arxiv_id, label (2: the paper's main topic lies inside the
direction's scope, 1: related, 0: not in it), pool (how the pair was found), title. Rule v1 is judged on directions that
it has not seen: for each direction its weights and threshold are fitted again on all others. Recall can only be judged
among the pairs of the file.

Labels speak of topics, so the rules are judged on the text. A query's categories say something else, the field that a
share is a part of; what they leave out of a count stands apart, under `within_categories`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from littriage.directions import LEXICAL_RULE, Matcher
from littriage.errors import EvaluationError
from littriage.membership import MEMBERSHIP_RULE, Rule, hit_features, prototypes, rule_for
from littriage.model import Direction, LexicalHit, Paper
from littriage.ports import Embedder

SCHEMA = 1
CORE, RELATED = 2, 1
_LABELS = ("0", "1", "2")
_COLUMNS = ("direction", "arxiv_id", "label")
_NO_FOLDS = "a rule cannot be fitted without each direction: too few directions or core pairs among the hits"


# --- judgements -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judged pair."""

    direction: str
    paper_id: str
    label: int
    """2 core, 1 related, 0 neither."""


def parse_judgements(lines: Iterable[str], where: str = "judgements") -> tuple[Judgement, ...]:
    """The judgements of a CSV file, in its order. Raises EvaluationError that names line and column."""
    reader = csv.DictReader(lines)
    missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise _refusal(where, 1, missing[0], f"there is no such column among {reader.fieldnames or 'no columns'}")
    found: dict[tuple[str, str], Judgement] = {}
    for row in reader:
        for column in _COLUMNS:
            if not (row[column] or "").strip():
                raise _refusal(where, reader.line_num, column, "the field is empty")
        if row["label"].strip() not in _LABELS:
            raise _refusal(where, reader.line_num, "label", f"{row['label']!r} is none of {', '.join(_LABELS)}")
        judgement = Judgement(row["direction"].strip(), row["arxiv_id"].strip(), int(row["label"]))
        pair = judgement.direction, judgement.paper_id
        if pair in found:
            raise _refusal(where, reader.line_num, "arxiv_id", f"{' with '.join(pair)} was judged before")
        found[pair] = judgement
    if not found:
        raise _refusal(where, 1, "direction", "the file holds no judgement")
    return tuple(found.values())


def load_judgements(path: Path) -> tuple[Judgement, ...]:
    """The judgements of a CSV file in UTF-8. Raises EvaluationError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return parse_judgements(file, str(path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path}: cannot be read as CSV in UTF-8: {error}", file=str(path)) from error


def _refusal(where: str, line: int, column: str, problem: str) -> EvaluationError:
    return EvaluationError(
        f"{where}, line {line}, column {column}: {problem}; needed are direction, arxiv_id and a label of 0, 1 or 2",
        file=where,
        line=line,
        column=column,
    )


# --- fitting ----------------------------------------------------------------------------------------------------


def fit_rule(
    name: str, features: NDArray[np.float64], core: NDArray[np.bool_], missed: int, strength: float = 3.0
) -> Rule | None:
    """Rule v1 fitted to judged hits; None where there is nothing to tell apart (no core pair, or nothing else).

    Logistic regression by Newton's method with an L2 penalty of strength / 2 on the weights of standardised features.
    The threshold is half of the best F1 that the fitted probabilities promise, which is where F1 is best (Lipton,
    Elkan, Narayanaswamy 2014, https://arxiv.org/abs/1402.1892). `missed` core pairs are out of reach: no hits.
    """
    if core.all() or not core.any():
        return None
    middle, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread == 0] = 1
    design = np.column_stack([np.ones(len(core)), (features - middle) / spread])
    penalty = np.diag([0.0, *[strength] * features.shape[1]])
    solution = np.zeros(design.shape[1])
    for _ in range(25):  # it converges in about six steps
        fitted = 1 / (1 + np.exp(-design @ solution))
        slope = design.T @ (core - fitted) - penalty @ solution
        curvature = (design.T * (fitted * (1 - fitted))) @ design + penalty
        solution += np.linalg.solve(curvature, slope)

    descending = np.sort(1 / (1 + np.exp(-design @ solution)))[::-1]
    promised_f1 = 2 * descending.cumsum() / (np.arange(1, len(descending) + 1) + descending.sum() + missed)
    weights = solution[1:] / spread
    return Rule(
        name=name,
        intercept=float(solution[0] - weights @ middle),
        weights=tuple(weights.tolist()),
        threshold=float(promised_f1.max() / 2),
    )


# --- measures ---------------------------------------------------------------------------------------------------


def measures(decided: NDArray[np.bool_], positive: NDArray[np.bool_]) -> dict[str, Any]:
    """Precision, recall and F1 of decisions; None with a reason where one is undefined, never 0 in its place."""
    right, called, wanted = int((decided & positive).sum()), int(decided.sum()), int(positive.sum())
    found: dict[str, Any] = {
        "precision": right / called if called else None,
        "recall": right / wanted if wanted else None,
        "f1": 2 * right / (called + wanted) if wanted else None,
        "members": called,
        "positives": wanted,
    }
    if not wanted:
        found["reason"] = "no pair is positive"
    elif not called:
        found["reason"] = "no pair was called a member"
    return found


def _undefined(reason: str) -> dict[str, Any]:
    return {"precision": None, "recall": None, "f1": None, "reason": reason}


# --- the evaluation ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JudgedHits:
    """Judged pairs with what the rules see of them: one entry per pair in each array, and features of the hits."""

    directions: NDArray[np.str_]
    labels: NDArray[np.int64]
    hit: NDArray[np.bool_]
    """Whether the phrases of the direction's query match the paper."""
    in_field: NDArray[np.bool_]
    """Whether one of the paper's categories is among the query's, or one of the two names none."""
    features: NDArray[np.float64]
    """FEATURES of the hits, in order; shape (hits, 3)."""
    skipped: Mapping[str, tuple[str, ...]]
    """Reason -> pairs that could not be judged."""


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


def cross_validated(judged: JudgedHits) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """(probability, decision) of each hit by a rule fitted without its direction; None where one cannot be fitted."""
    core = judged.labels == CORE
    of_hits = judged.directions[judged.hit]
    probabilities = np.empty(len(of_hits))
    decided = np.zeros(len(of_hits), np.bool_)
    for direction in sorted(set(of_hits.tolist())):
        held_out = of_hits == direction
        missed = int((core & ~judged.hit & (judged.directions != direction)).sum())
        rule = fit_rule("", judged.features[~held_out], core[judged.hit][~held_out], missed)
        if rule is None:
            return None
        probabilities[held_out] = rule.probabilities(judged.features[held_out])
        decided[held_out] = probabilities[held_out] >= rule.threshold
    return probabilities, decided


def evaluate_membership(
    judgements: Sequence[Judgement],
    papers: Iterable[Paper],
    directions: Sequence[Direction],
    embedder: Embedder,
) -> dict[str, Any]:
    """The lexical rule and rule v1 against the judgements, as JSON values.

    `core` counts label 2 as positive, `any` labels 1 and 2. At the top level and under `directions` stands v1,
    cross-validated over directions; `within_categories` is the same with members outside the query's categories taken
    out; `shipped` is the rule as it stands in `membership`, which has seen the directions that it was fitted on.
    Raises EvaluationError when no pair can be used, SettingsError for a model without a rule.
    """
    shipped = rule_for(embedder.model)
    judged = judged_hits(judgements, papers, directions, embedder)
    folds = cross_validated(judged)
    shipped_members = _spread(judged.hit, shipped.probabilities(judged.features) >= shipped.threshold)
    members = None if folds is None else _spread(judged.hit, folds[1])
    return {
        "schema": SCHEMA,
        "rule": MEMBERSHIP_RULE,
        "lexical_rule": LEXICAL_RULE,
        "tier": embedder.tier,
        "model": embedder.model,
        "protocol": "leave one direction out: weights and threshold fitted on the other directions",
        "pairs": len(judged.labels),
        "hits": int(judged.hit.sum()),
        **_both(members, judged.labels),
        "lexical": _both(judged.hit, judged.labels),
        "within_categories": {
            **_both(None if members is None else members & judged.in_field, judged.labels),
            "lexical": _both(judged.hit & judged.in_field, judged.labels),
            "pairs_outside": int((~judged.in_field).sum()),
        },
        "shipped": {
            **_both(shipped_members, judged.labels),
            "note": "in-sample wherever these are the judgements that the rule was fitted on",
        },
        "confusion": {
            "v1": None if members is None else _confusion(members, judged.labels),
            "lexical": _confusion(judged.hit, judged.labels),
        },
        "calibration": None if folds is None else _calibration(folds[0], judged.labels[judged.hit] == CORE),
        "directions": {
            direction: _of_direction(judged, members, judged.directions == direction)
            for direction in sorted(set(judged.directions.tolist()))
        },
        "skipped": {reason: len(pairs) for reason, pairs in sorted(judged.skipped.items())},
        "skipped_pairs": {reason: list(pairs) for reason, pairs in sorted(judged.skipped.items())},
    }


def _spread(hit: NDArray[np.bool_], decided: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Decisions on the hits as decisions on all pairs: what is no hit is no member."""
    members = np.zeros(len(hit), np.bool_)
    members[hit] = decided
    return members


def _both(members: NDArray[np.bool_] | None, labels: NDArray[np.int64]) -> dict[str, Any]:
    if members is None:
        return {"core": _undefined(_NO_FOLDS), "any": _undefined(_NO_FOLDS)}
    return {"core": measures(members, labels == CORE), "any": measures(members, labels >= RELATED)}


def _of_direction(judged: JudgedHits, members: NDArray[np.bool_] | None, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    labels = judged.labels[chosen]
    return {
        "pairs": len(labels),
        **_both(None if members is None else members[chosen], labels),
        "lexical": _both(judged.hit[chosen], labels),
    }


def _confusion(members: NDArray[np.bool_], labels: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    counts = Counter(zip(labels.tolist(), members.tolist(), strict=True))
    return {label: {"member": counts[int(label), True], "not": counts[int(label), False]} for label in _LABELS}


def _calibration(probabilities: NDArray[np.float64], core: NDArray[np.bool_]) -> dict[str, float]:
    """How far the sum of probabilities, which trends count, is from the number of core papers among the hits."""
    return {
        "expected": round(fsum(probabilities), 6),  # the last bits depend on the order of the pairs
        "observed": int(core.sum()),
        "brier": round(fsum((probabilities - core) ** 2) / len(core), 6),
    }
