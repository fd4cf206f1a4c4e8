"""Rule v2 fitted to judged hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from littriage.evaluation.judgements import CORE, RELATED
from littriage.membership import SIGNS, Curve, Rule

STRENGTH = 3.0
"""Of the penalty on weights of standardised features."""


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
