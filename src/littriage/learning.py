"""What the judged hits of a direction teach about those that nobody has judged.

A rule knows every direction alike. Once readers have judged some hits of one direction, a small logistic regression on
the rule's log-odds and the paper's vector may know it better. It speaks only where that was measured: cross-validated
over the judged hits, its log loss must be below that of the rule, and below that of the rule merely recalibrated (Platt
1999, Probabilistic outputs for support vector machines), by MARGIN standard errors of the difference. Else the
recalibrated rule speaks, if it is better by as much; else the rule.

Judged hits are no random sample: a language model is asked about the grey band, a person is shown the uncertain ones
first. Both choices go by the rule's probability, which is an input here, so that what was learned holds for other hits
of the same probabilities. It says nothing of lower or higher ones, where nobody looked: there the rule's word stands.

What is learned rests on the judged hits alone: a new paper changes nothing that is said of others. All hits in that
range are told at once, those of old months too, so that the change of instrument draws no trend.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

LEARNING_RULE = "learn-1"
"""Version of everything here: another one learns anew."""

MIN_JUDGED = 40
"""Judged hits of a direction: with fewer, neither a classifier nor the measure of it can be trusted."""
MIN_EACH = 8
"""Of them at least so many on either side, so that every fold has some of both."""
MARGIN = 1.5
"""Standard errors of the mean difference in log loss by which the better way must be better.

Where the rule is right, the gate then opened in 1 of 88 tries; with 1.0 in 9 (benchmarks/learning_from_judgements.py).
"""

_FOLDS = 5
_REPEATS = 3
_COMPONENTS = 32
"""Principal components of the judged vectors: as good as all 384 dimensions, and a tenth of the time."""
_STRENGTH = 1.0
"""scikit-learn's C: for vectors of unit length a strong penalty, which a few dozen judged hits need."""
_OFFSET_SD = 1.0
_SLOPE_SD = 0.5
"""Standard deviations of the normal priors that hold a recalibration near offset 0 and slope 1."""
_SURE = 1e-3
"""No probability is taken for surer than this, or a single contrary judgement would outweigh all others."""
_EDGE = 40
"""One judged hit in so many, at either end, does not stretch the range that was looked at."""
_DECIMALS = 6
_STEPS = 50


class Way(StrEnum):
    """Which of the three speaks for the hits that nobody has judged."""

    RULE = "rule"
    RECALIBRATED = "recalibrated"
    LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned from the judged hits of one direction, and how it was measured."""

    way: Way
    probabilities: NDArray[np.float64]
    """Of every hit, 0 to 1; of a judged one by fits that have not seen its label; the rule's where it stands."""
    applies: NDArray[np.bool_]
    """Where the rule's probability lies in the range that was looked at; nowhere if the rule stands."""
    low: float
    high: float
    """That range of the rule's probabilities, both ends included."""
    judged: int
    positive: int
    loss_rule: float
    """Mean log loss over the judged hits, in nats."""
    loss_recalibrated: float
    """The same, each hit by fits that have not seen its label."""
    loss_learned: float
    brier_rule: float
    """Mean squared error of the rule's probabilities over the judged hits."""
    brier: float
    """Of the probabilities of `way`, each by fits that have not seen the hit's label."""
    expected: float
    """Sum of the latter, beside `positive`: near it, sums of probabilities count right."""


def enough(judged: int, positive: int) -> bool:
    """Whether so many judged hits, of which so many are positive, can teach anything."""
    return judged >= MIN_JUDGED and MIN_EACH <= positive <= judged - MIN_EACH


def learned(
    probabilities: NDArray[np.float64],
    vectors: NDArray[np.float32],
    judged: NDArray[np.intp],
    positive: NDArray[np.bool_],
    seed: int,
) -> Learned | None:
    """What the judged hits of a direction teach of all its hits; None where they are too few (`enough`).

    `probabilities` are the rule's, shape (hits,), `vectors` unit rows, shape (hits, dim). `judged` holds the places of
    the judged hits, each once, and `positive` what readers say of them, in the same order. The order of the hits makes
    no difference, and the same hits give the same bits.
    """
    if not enough(len(judged), int(positive.sum())):
        return None
    import sklearn.linear_model  # noqa: F401 - so that its libraries are there to be limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # hundreds of small fits: threads would wait for each other, and sum in another order
        return _learned(probabilities, vectors, judged, positive, seed)


def _learned(
    probabilities: NDArray[np.float64],
    vectors: NDArray[np.float32],
    judged: NDArray[np.intp],
    positive: NDArray[np.bool_],
    seed: int,
) -> Learned:
    order = np.lexsort((*vectors[judged, :8].T, positive, probabilities[judged]))
    judged = judged[order]
    truth = positive[order].astype(np.float64)
    odds = _log_odds(probabilities)
    known = odds[judged]
    parts = _parts(truth, seed)

    scale = _recalibration(known, truth)
    recalibrated, loss_recalibrated = _unseen(
        lambda fit, rest: _curve(_recalibration(known[fit], truth[fit]) @ _with_one(known[rest])), truth, parts
    )
    centre, axes = _components(vectors[judged].astype(np.float64))
    features = np.column_stack([known, (vectors[judged] - centre) @ axes.T])
    trained, loss_learned = _unseen(
        lambda fit, rest: _curve(_with_one(features[rest]).T @ _weights(features[fit], truth[fit])), truth, parts
    )

    sure = _curve(known)
    loss_rule = _log_loss(sure, truth)
    way = Way.RULE
    if _better(loss_learned, loss_rule) and _better(loss_learned, loss_recalibrated):
        way = Way.LEARNED
    elif _better(loss_recalibrated, loss_rule):
        way = Way.RECALIBRATED

    low, high = _looked_at(probabilities[judged])
    applies = (probabilities >= low) & (probabilities <= high) & (way is not Way.RULE)
    said = probabilities.astype(np.float64)
    unseen = sure
    if way is Way.RECALIBRATED:
        unseen = recalibrated
        said = _curve(scale @ _with_one(odds))
    elif way is Way.LEARNED:
        unseen = trained
        intercept, of_odds, *of_axes = _weights(features, truth)
        # Row by row: a matrix product may round by the shape of the matrix, and a paper must not depend on others.
        products = (vectors - centre) * (np.array(of_axes) @ axes)
        said = _curve(intercept + of_odds * odds + products.sum(axis=1))
    if way is not Way.RULE:
        said[judged] = unseen
        said = np.where(applies, np.round(said, _DECIMALS), probabilities)
    return Learned(
        way=way,
        probabilities=said,
        applies=applies,
        low=low,
        high=high,
        judged=len(judged),
        positive=int(truth.sum()),
        loss_rule=float(loss_rule.mean()),
        loss_recalibrated=float(loss_recalibrated.mean()),
        loss_learned=float(loss_learned.mean()),
        brier_rule=float(((sure - truth) ** 2).mean()),
        brier=float(((unseen - truth) ** 2).mean()),
        expected=float(unseen.sum()),
    )


# --- the measure ------------------------------------------------------------------------------------------------


Part = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Places to fit on, and the places left out."""


def _parts(truth: NDArray[np.float64], seed: int) -> list[Part]:
    """Every hit is left out once in each repeat; every part has its share of the positive ones."""
    random = np.random.default_rng(seed)
    everything = np.arange(len(truth))
    parts: list[Part] = []
    for _ in range(_REPEATS):
        shuffled = random.permutation(everything)
        dealt = shuffled[np.argsort(truth[shuffled], kind="stable")]
        for first in range(_FOLDS):
            rest = np.sort(dealt[first::_FOLDS])
            parts.append((np.setdiff1d(everything, rest), rest))
    return parts


def _unseen(
    fitted: Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float64]],
    truth: NDArray[np.float64],
    parts: list[Part],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean probability and mean log loss of each hit over the fits that it was left out of."""
    probabilities, losses = np.zeros(len(truth)), np.zeros(len(truth))
    for fit, rest in parts:
        found = fitted(fit, rest)
        probabilities[rest] += found / _REPEATS
        losses[rest] += _log_loss(found, truth[rest]) / _REPEATS
    return probabilities, losses


def _better(losses: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Whether the mean of paired losses is lower, by more than MARGIN standard errors of the difference."""
    gain = others - losses
    return bool(gain.mean() > MARGIN * gain.std(ddof=1) / np.sqrt(len(gain)))


def _log_loss(probabilities: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    sure = np.clip(probabilities, _SURE, 1 - _SURE)
    loss: NDArray[np.float64] = -np.log(np.where(truth > 0, sure, 1 - sure))
    return loss


def _looked_at(probabilities: NDArray[np.float64]) -> tuple[float, float]:
    """The range of the judged hits' probabilities, without the outermost one in `_EDGE` at either end."""
    ascending = np.sort(probabilities)
    leave = len(ascending) // _EDGE
    return float(ascending[leave]), float(ascending[-1 - leave])


# --- the fits ---------------------------------------------------------------------------------------------------


def _log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    sure = np.clip(probabilities.astype(np.float64), _SURE, 1 - _SURE)
    odds: NDArray[np.float64] = np.log(sure / (1 - sure))
    return odds


def _curve(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    curve: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(odds, -30.0, 30.0)))
    return curve


def _with_one(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """A row of ones over the columns; shape (1 + columns, rows)."""
    return np.vstack([np.ones(len(columns)), columns.T])


def _recalibration(odds: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offset and slope of the rule's log-odds that fit best, held near 0 and 1; the slope is never below 0.

    Newton's method on the penalised likelihood, which is convex: it has one best fit, and where that turns the rule's
    order upside down the best one with slope 0 is taken.
    """
    inputs = _with_one(odds)
    prior, precision = np.array([0.0, 1.0]), np.array([_OFFSET_SD, _SLOPE_SD]) ** -2
    fit = _newton(inputs, truth, prior, precision)
    if fit[1] < 0:
        fit = np.append(_newton(inputs[:1], truth, prior[:1], precision[:1]), 0.0)
    return fit


def _newton(
    inputs: NDArray[np.float64], truth: NDArray[np.float64], prior: NDArray[np.float64], precision: NDArray[np.float64]
) -> NDArray[np.float64]:
    fit = prior.copy()
    for _ in range(_STEPS):
        curve = _curve(fit @ inputs)
        slope = inputs @ (curve - truth) + precision * (fit - prior)
        bend = (inputs * (curve * (1 - curve))) @ inputs.T + np.diag(precision)
        step = np.linalg.solve(bend, slope)
        fit = fit - step * min(1.0, 2.0 / float(np.abs(step).max() + 1e-300))
        if np.abs(step).max() < 1e-12:
            break
    return fit


def _components(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and first principal components of the vectors; shapes (dim,) and (components, dim)."""
    centre = vectors.mean(axis=0)
    _, axes = np.linalg.eigh((vectors - centre).T @ (vectors - centre))  # the largest last; far faster than an svd
    return centre, np.ascontiguousarray(axes[:, : -1 - _COMPONENTS : -1].T)


def _weights(features: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intercept and weights of the classifier; shape (1 + features,)."""
    from sklearn.linear_model import LogisticRegression

    fit = LogisticRegression(C=_STRENGTH, solver="newton-cholesky").fit(features, truth)
    return np.concatenate([fit.intercept_, fit.coef_[0]])
