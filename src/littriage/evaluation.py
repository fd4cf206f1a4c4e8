"""How well membership decides, measured on judged pairs of direction and paper.

A judgement file is CSV with the columns direction, arxiv_id, label (2: the paper's main topic lies inside the
direction's scope, 1: related, 0: not in it), pool (how the pair was found), title. Rule v2 is judged on directions that
it has not seen: for each direction its weights and thresholds are fitted again on all others, those of the file and
those of the judged hits that come with littriage. Recall can only be judged among the pairs of the file.

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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from littriage.directions import LEXICAL_RULE, Matcher
from littriage.errors import EvaluationError
from littriage.membership import (
    MEMBERSHIP_RULE,
    PRECISION_FLOOR,
    RECALL_FLOOR,
    SIGNS,
    Curve,
    Rule,
    grey_band,
    hit_features,
    prototypes,
    rule_for,
)
from littriage.model import Direction, LexicalHit, Paper
from littriage.ports import Embedder

SCHEMA = 2
STRENGTH = 3.0
"""Of the penalty on weights of standardised features."""
RESAMPLES = 2000
INTERVAL = 0.9
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


def fit_curve(
    features: NDArray[np.float64], positive: NDArray[np.bool_], strength: float = STRENGTH, signs: Sequence[int] = ()
) -> Curve | None:
    """A logistic curve fitted to judged hits; None where there is nothing to tell apart (all positive, or none).

    Logistic regression by Newton's method with an L2 penalty of strength / 2 on the weights of standardised features.
    A feature that would speak against its sign is left out, the one that does so most first.
    """
    if positive.all() or not positive.any():
        return None
    middle, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread == 0] = 1
    standard = (features - middle) / spread
    used = list(range(features.shape[1]))
    while True:
        design = np.column_stack([np.ones(len(positive)), standard[:, used]])
        penalty = np.diag([0.0, *[strength] * len(used)])
        solution = np.zeros(design.shape[1])
        for _ in range(25):  # it converges in about six steps
            fitted = 1 / (1 + np.exp(-design @ solution))
            slope = design.T @ (positive - fitted) - penalty @ solution
            curvature = (design.T * (fitted * (1 - fitted))) @ design + penalty
            solution += np.linalg.solve(curvature, slope)
        agreement = [solution[1 + place] * signs[feature] for place, feature in enumerate(used)] if signs else [0.0]
        if not used or min(agreement) >= 0:
            break
        del used[int(np.argmin(agreement))]
    weights = np.zeros(features.shape[1])
    weights[used] = solution[1:] / spread[used]
    return Curve(float(solution[0] - weights @ middle), tuple(weights.tolist()))


def best_threshold(probabilities: NDArray[np.float64], missed: int) -> float:
    """Half of the best F1 that the probabilities of hits promise, which is where F1 is best; `missed` are no hits.

    Lipton, Elkan, Narayanaswamy 2014, https://arxiv.org/abs/1402.1892.
    """
    descending = np.sort(probabilities)[::-1]
    promised_f1 = 2 * descending.cumsum() / (np.arange(1, len(descending) + 1) + descending.sum() + missed)
    return float(promised_f1.max() / 2)


def fit_rule(
    name: str, features: NDArray[np.float64], labels: NDArray[np.int64], missed: NDArray[np.int64]
) -> Rule | None:
    """Rule v2 fitted to judged hits; None where they do not tell core, or core and related, from the rest.

    `labels` are those of the hits, in the order of `features`; `missed` those of judged pairs that are no hits. The
    grey band is left open: `grey_band` needs probabilities of rules that have not seen the hits.
    """
    core = fit_curve(features, labels == CORE, signs=SIGNS)
    either = fit_curve(features, labels >= RELATED, signs=SIGNS)
    if core is None or either is None:
        return None
    rule = Rule(name, core, 0.0, either, 0.0)
    return replace(
        rule,
        threshold=best_threshold(rule.probabilities(features), int((missed == CORE).sum())),
        threshold_any=best_threshold(rule.probabilities_any(features), int((missed >= RELATED).sum())),
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
    """FEATURES of the hits, in order; shape (hits, 4)."""
    skipped: Mapping[str, tuple[str, ...]]
    """Reason -> pairs that could not be judged."""

    def only(self, chosen: NDArray[np.bool_]) -> JudgedHits:
        """Those of the pairs."""
        return replace(
            self,
            directions=self.directions[chosen],
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
        labels=np.array([int(row["label"]) for row in rows]),
        hit=everything,
        in_field=everything,
        features=np.array([[float(row[column]) for column in columns] for row in rows]),
        skipped={},
    )


class Folds(NamedTuple):
    """What rules that have not seen a direction say of its hits, in the order of the hits."""

    probabilities: NDArray[np.float64]
    core: NDArray[np.bool_]
    probabilities_any: NDArray[np.float64]
    any: NDArray[np.bool_]
    """Core or related."""


def cross_validated(
    judged: JudgedHits, further: JudgedHits | None = None, folds: Sequence[Sequence[str]] | None = None
) -> Folds | None:
    """Each direction judged by a rule fitted on the others, and on further pairs; None where one cannot be fitted.

    `folds` are sets of directions that are left out together; each direction by itself unless they are given.
    """
    of_hits = judged.directions[judged.hit]
    found = Folds(
        np.empty(len(of_hits)),
        np.zeros(len(of_hits), np.bool_),
        np.empty(len(of_hits)),
        np.zeros(len(of_hits), np.bool_),
    )
    for fold in folds if folds is not None else [[one] for one in sorted(set(of_hits.tolist()))]:
        held_out = np.isin(of_hits, fold)
        others = None if further is None else further.only(~np.isin(further.directions, fold))
        rule = judged.only(~np.isin(judged.directions, fold)).fitted("", others)
        if rule is None:
            return None
        features = judged.features[held_out]
        found.probabilities[held_out] = rule.probabilities(features)
        found.probabilities_any[held_out] = rule.probabilities_any(features)
        found.core[held_out] = found.probabilities[held_out] >= rule.threshold
        found.any[held_out] = found.core[held_out] | (found.probabilities_any[held_out] >= rule.threshold_any)
    return found


def f1_intervals(
    decided: Mapping[str, NDArray[np.bool_]], positive: NDArray[np.bool_], directions: NDArray[np.str_]
) -> dict[str, list[float] | None]:
    """90% bootstrap intervals of F1, and of its gain over the first of the decisions, over directions drawn anew.

    None where some draw has no positive pair at all.
    """
    slugs = sorted(set(directions.tolist()))
    counts = np.array(
        [
            [
                [(one & positive & (directions == slug)).sum(), (one & (directions == slug)).sum(),
                 (positive & (directions == slug)).sum()]
                for slug in slugs
            ]
            for one in decided.values()
        ]
    )  # fmt: skip
    draws = np.random.default_rng(0).integers(0, len(slugs), (RESAMPLES, len(slugs)))
    right, called, wanted = np.moveaxis(counts[:, draws].sum(axis=2), 2, 0)
    ends = [50 * (1 - INTERVAL), 50 * (1 + INTERVAL)]
    known = bool((called + wanted > 0).all())
    f1 = 2 * right / np.maximum(1, called + wanted)
    found: dict[str, list[float] | None] = {}
    for name, values in zip(decided, f1, strict=True):
        found[name] = [round(float(end), 6) for end in np.percentile(values, ends)] if known else None
        gain = np.percentile(values - f1[0], ends)
        found[f"{name}_gain"] = [round(float(end), 6) for end in gain] if known else None
    first = next(iter(decided))
    del found[f"{first}_gain"]
    return found


def evaluate_membership(
    judgements: Sequence[Judgement],
    papers: Iterable[Paper],
    directions: Sequence[Direction],
    embedder: Embedder,
    further: JudgedHits | None = None,
) -> dict[str, Any]:
    """The lexical rule and rule v2 against the judgements, as JSON values.

    `core` counts label 2 as positive, `any` labels 1 and 2. At the top level and under `directions` stands v2,
    cross-validated over directions: fitted on the other directions of the file and on those of `further`; under
    `file_alone`, on the file only. `within_categories` is the same with members outside the query's categories taken
    out; `shipped` is the rule as it stands in `membership`, which has seen the directions that it was fitted on;
    `grey` says what there is to ask about, and what would come of it if every answer were the judgement.
    Raises EvaluationError when no pair can be used, SettingsError for a model without a rule.
    """
    shipped = rule_for(embedder.model)
    judged = judged_hits(judgements, papers, directions, embedder)
    folds = cross_validated(judged, further)
    alone = folds if further is None else cross_validated(judged)
    core = None if folds is None else _spread(judged.hit, folds.core)
    either = None if folds is None else _spread(judged.hit, folds.any)
    within = judged.in_field
    decided = {"lexical": judged.hit} | ({} if core is None else {"rule": core})
    return {
        "schema": SCHEMA,
        "rule": MEMBERSHIP_RULE,
        "lexical_rule": LEXICAL_RULE,
        "tier": embedder.tier,
        "model": embedder.model,
        "protocol": "leave one direction out: weights and thresholds fitted on the other directions"
        + ("" if further is None else f", {_others(judged, further)} further ones among them"),
        "pairs": len(judged.labels),
        "hits": int(judged.hit.sum()),
        **_both(core, either, judged.labels),
        "lexical": _both(judged.hit, judged.hit, judged.labels),
        "core_f1_intervals": f1_intervals(decided, judged.labels == CORE, judged.directions),
        "file_alone": _both(*_decisions(judged, alone), judged.labels),
        "within_categories": {
            **_both(
                None if core is None else core & within, None if either is None else either & within, judged.labels
            ),
            "lexical": _both(judged.hit & within, judged.hit & within, judged.labels),
            "pairs_outside": int((~within).sum()),
        },
        "shipped": {
            **_both(
                _spread(judged.hit, shipped.probabilities(judged.features) >= shipped.threshold),
                _spread(judged.hit, shipped.probabilities_any(judged.features) >= shipped.threshold_any),
                judged.labels,
            ),
            "note": "in-sample wherever these are the judgements that the rule was fitted on",
        },
        "grey": None if folds is None else _grey(judged, folds),
        "confusion": {
            "rule": None if core is None else _confusion(core, judged.labels),
            "lexical": _confusion(judged.hit, judged.labels),
        },
        "calibration": None if folds is None else _calibration(folds.probabilities, judged.labels[judged.hit] == CORE),
        "directions": {
            direction: _of_direction(judged, core, either, judged.directions == direction)
            for direction in sorted(set(judged.directions.tolist()))
        },
        "skipped": {reason: len(pairs) for reason, pairs in sorted(judged.skipped.items())},
        "skipped_pairs": {reason: list(pairs) for reason, pairs in sorted(judged.skipped.items())},
    }


def _others(judged: JudgedHits, further: JudgedHits) -> int:
    return len(set(further.directions.tolist()) - set(judged.directions.tolist()))


def _decisions(judged: JudgedHits, folds: Folds | None) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    return (None, None) if folds is None else (_spread(judged.hit, folds.core), _spread(judged.hit, folds.any))


def _grey(judged: JudgedHits, folds: Folds) -> dict[str, Any] | None:
    """The band that these folds give, and the measures if each grey hit were answered as it was judged."""
    core = judged.labels[judged.hit] == CORE
    if not core.any():
        return None
    band = grey_band(folds.probabilities, core)
    grey = band.grey(folds.probabilities)
    answered = np.where(grey, core, folds.probabilities >= band.high)
    return {
        "recall_floor": RECALL_FLOOR,
        "precision_floor": PRECISION_FLOOR,
        "low": round(band.low, 6),
        "high": round(band.high, 6),
        "hits": int(grey.sum()),
        "core": int((grey & core).sum()),
        "core_below": int((core & (folds.probabilities < band.low)).sum()),
        "wrong_above": int((~core & (folds.probabilities >= band.high)).sum()),
        "if_answered": measures(_spread(judged.hit, answered), judged.labels == CORE),
    }


def _spread(hit: NDArray[np.bool_], decided: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Decisions on the hits as decisions on all pairs: what is no hit is no member."""
    members = np.zeros(len(hit), np.bool_)
    members[hit] = decided
    return members


def _both(
    core: NDArray[np.bool_] | None, either: NDArray[np.bool_] | None, labels: NDArray[np.int64]
) -> dict[str, Any]:
    if core is None or either is None:
        return {"core": _undefined(_NO_FOLDS), "any": _undefined(_NO_FOLDS)}
    return {"core": measures(core, labels == CORE), "any": measures(either, labels >= RELATED)}


def _of_direction(
    judged: JudgedHits,
    core: NDArray[np.bool_] | None,
    either: NDArray[np.bool_] | None,
    chosen: NDArray[np.bool_],
) -> dict[str, Any]:
    labels, hit = judged.labels[chosen], judged.hit[chosen]
    return {
        "pairs": len(labels),
        **_both(None if core is None else core[chosen], None if either is None else either[chosen], labels),
        "lexical": _both(hit, hit, labels),
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
