"""How well membership decides, measured on judged pairs of direction and paper.

A judgement file is CSV with the columns direction, arxiv_id, label (2: the paper's main topic lies inside the
direction's scope, 1: related, 0: not in it), pool (how the pair was found), title. Rule v2 is judged on directions that
it has not seen: for each direction its weights and thresholds are fitted again on all others, those of the file and
those of the judged hits that come with littriage. Recall can only be judged among the pairs of the file.

Labels speak of topics, so the rules are judged on the text. A query's categories say something else, the field that a
share is a part of; what they leave out of a count stands apart, under `within_categories`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from littriage.directions import LEXICAL_RULE
from littriage.evaluation.hits import JudgedHits, judged_hits
from littriage.evaluation.judgements import CORE, LABELS, RELATED, Judgement
from littriage.evaluation.screened import Screen, screened_hits
from littriage.membership import MEMBERSHIP_RULE, PRECISION_FLOOR, RECALL_FLOOR, grey_band, rule_for
from littriage.model import Direction, Paper
from littriage.ports import Embedder

SCHEMA = 3
RESAMPLES = 2000
INTERVAL = 0.9
_NO_FOLDS = "a rule cannot be fitted without each direction: too few directions or core pairs among the hits"


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
    screen: Screen | None = None,
) -> dict[str, Any]:
    """The lexical rule, rule v2 and screening against the judgements, as JSON values.

    `core` counts label 2 as positive, `any` labels 1 and 2. At the top level and under `directions` stands v2,
    cross-validated over directions: fitted on the other directions of the file and on those of `further`; under
    `file_alone`, on the file only. `within_categories` is the same with members outside the query's categories taken
    out; `shipped` is the rule as it stands in `membership`, which has seen the directions that it was fitted on;
    `grey` says what there is to ask about, and what would come of it if every answer were the judgement; `screened`,
    what came of the answers that `screen` gave; each direction's band there is that of the others.
    Raises EvaluationError when no pair can be used, SettingsError for a model without a rule.
    """
    shipped = rule_for(embedder.model)
    papers = tuple(papers)
    judged = judged_hits(judgements, papers, directions, embedder)
    folds = cross_validated(judged, further)
    alone = folds if further is None else cross_validated(judged)
    core = None if folds is None else _spread(judged.hit, folds.core)
    either = None if folds is None else _spread(judged.hit, folds.any)
    within = judged.in_field
    decided = {"lexical": judged.hit} | ({} if core is None else {"rule": core})
    screened = None
    if folds is not None and screen is not None and (judged.labels[judged.hit] == CORE).any():
        screened = screened_hits(
            judged,
            *_bands(judged, folds.probabilities),
            folds.core,
            folds.any,
            {paper.id: paper for paper in papers},
            {direction.slug: direction for direction in directions},
            screen,
        )
        decided["screened"] = _spread(judged.hit, screened.core)
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
        "screened": None
        if screened is None
        else {
            **_both(_spread(judged.hit, screened.core), _spread(judged.hit, screened.any), judged.labels),
            "hits_asked": screened.asked,
            "hits_answered": screened.answered,
            "questions": screened.questions,
            "questions_answered": screened.questions_answered,
        },
        "confusion": {
            "rule": None if core is None else _confusion(core, judged.labels),
            "lexical": _confusion(judged.hit, judged.labels),
        },
        "calibration": None if folds is None else _calibration(folds.probabilities, judged.labels[judged.hit] == CORE),
        "directions": {
            direction: _of_direction(judged, core, either, decided.get("screened"), judged.directions == direction)
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


def _bands(judged: JudgedHits, probabilities: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which hits lie in the grey band, and which above it; the band is chosen on the hits of other directions."""
    core, of_hits = judged.labels[judged.hit] == CORE, judged.directions[judged.hit]
    grey, above = np.zeros(len(core), np.bool_), np.zeros(len(core), np.bool_)
    for direction in sorted(set(of_hits.tolist())):
        own = of_hits == direction
        others = ~own if core[~own].any() else np.ones(len(own), np.bool_)
        band = grey_band(probabilities[others], core[others])
        grey[own] = band.grey(probabilities[own])
        above[own] = probabilities[own] >= band.high
    return grey, above


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
    screened: NDArray[np.bool_] | None,
    chosen: NDArray[np.bool_],
) -> dict[str, Any]:
    labels, hit = judged.labels[chosen], judged.hit[chosen]
    return {
        "pairs": len(labels),
        **_both(None if core is None else core[chosen], None if either is None else either[chosen], labels),
        "lexical": _both(hit, hit, labels),
        "screened": None if screened is None else measures(screened[chosen], labels == CORE),
    }


def _confusion(members: NDArray[np.bool_], labels: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    counts = Counter(zip(labels.tolist(), members.tolist(), strict=True))
    return {label: {"member": counts[int(label), True], "not": counts[int(label), False]} for label in LABELS}


def _calibration(probabilities: NDArray[np.float64], core: NDArray[np.bool_]) -> dict[str, float]:
    """How far the sum of probabilities, which trends count, is from the number of core papers among the hits."""
    return {
        "expected": round(fsum(probabilities), 6),  # the last bits depend on the order of the pairs
        "observed": int(core.sum()),
        "brier": round(fsum((probabilities - core) ** 2) / len(core), 6),
    }
