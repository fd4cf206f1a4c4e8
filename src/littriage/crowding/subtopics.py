"""Whether a direction still branches: births of sub-topics, and the entropy of those that there are.

Sub-topics are dense groups of the papers of the last 24 months (HDBSCAN), not those that `littriage show` lists, which
are made of all papers, later ones included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from littriage.crowding.intervals import normal_sign
from littriage.crowding.papers import Floats, Ints, Papers, Reference, Span, places_in
from littriage.crowding.sign import Lack, Sign, SignKind, lacking

LEAST_CLUSTER = 8
_NEIGHBOURS = 3
_COMPONENTS = 10
"""In hundreds of dimensions all distances are alike and HDBSCAN finds next to nothing."""
YOUNG_PART = 0.7
"""Part of a newborn sub-topic's papers that are of the last 12 months."""
APART = 0.8
"""Cosine to every older sub-topic that a newborn one stays below."""
YEAR_NEEDS = 30
"""Papers of either year that are needed."""
AT_MOST = 2_000
_SHUFFLES = 200
_SEED = 20210601


def subtopics(own: Papers, field: Reference, span: Span, encoder: str) -> tuple[Sign, Sign]:
    """Births and entropy; `own` holds papers with an abstract and their plain vectors."""
    kinds = (SignKind.BIRTHS, SignKind.ENTROPY)
    recent = own.take(places_in(own.months, span.year() | span.year(1)))
    centred = field.centred(recent)
    centred = centred.take(np.arange(min(len(centred.ids), AT_MOST)))
    if not span.whole(0, 1):
        return _both(kinds, Lack.FEW_MONTHS, len(recent.ids), encoder)
    for papers, lack in ((recent, Lack.FEW_PAPERS), (centred, Lack.NO_FIELD)):
        new = papers.months >= span.start()
        if (least := min(int(new.sum()), int((~new).sum()))) < YEAR_NEEDS:
            return _both(kinds, lack, least, encoder)
    groups = _groups(centred)
    if groups is None:
        return _both(kinds, Lack.NO_SUBTOPICS, int(new.sum()), encoder)
    coverage = len(centred.ids) / len(recent.ids)
    return _births(groups, new, encoder, coverage), _entropy(groups, new, encoder, coverage)


def _both(kinds: tuple[SignKind, SignKind], lack: Lack, n: int, encoder: str) -> tuple[Sign, Sign]:
    return lacking(kinds[0], lack, n, encoder), lacking(kinds[1], lack, n, encoder)


@dataclass(frozen=True, slots=True)
class _Groups:
    labels: Ints
    """Of each paper; -1: in none."""
    nearest: Ints
    """The group that each paper is in or nearest to."""
    cosines: Floats
    """Between the centres of the groups."""


def _groups(papers: Papers) -> _Groups | None:
    """Dense groups of papers; None where there are fewer than two."""
    from sklearn.cluster import HDBSCAN

    rows = papers.vectors.astype(np.float64)
    rows = rows - rows.mean(axis=0)
    _, axes = np.linalg.eigh(rows.T @ rows)
    reduced = rows @ axes[:, -_COMPONENTS:]
    reduced /= np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-12)
    method = HDBSCAN(
        min_cluster_size=LEAST_CLUSTER, min_samples=_NEIGHBOURS, cluster_selection_method="leaf", copy=True
    )
    labels = np.asarray(method.fit(reduced).labels_, np.int64)
    count = int(labels.max()) + 1
    if count < 2:
        return None
    centres = np.stack([rows[labels == label].mean(axis=0) for label in range(count)])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    nearest = np.where(labels >= 0, labels, np.argmax(rows @ centres.T, axis=1))
    return _Groups(labels, nearest, centres @ centres.T)


def _births(groups: _Groups, new: NDArray[np.bool_], encoder: str, coverage: float) -> Sign:
    """Share of new papers that are in newborn groups, beside the same with the papers' ages shuffled.

    A direction that grows has many new papers, and groups of mostly new ones, whether it branches or not. The interval
    leaves out one group, or one paper that is in none, at a time, and is no narrower than what shuffling makes of it.
    """
    measured = _in_newborn(groups, new)
    random = np.random.default_rng(_SEED)
    shuffled = np.array([_in_newborn(groups, random.permutation(new)).mean() for _ in range(_SHUFFLES)])
    labels = groups.labels[new]
    units = np.where(labels >= 0, labels, groups.labels.max() + 1 + np.arange(len(labels)))
    _, unit = np.unique(units, return_inverse=True)
    share, total = float(measured.mean()), len(measured)
    residual = np.bincount(unit, measured - share)
    variance = len(residual) / max(len(residual) - 1, 1) * float((residual**2).sum()) / total**2
    se = max(variance, float(shuffled.var(ddof=1)), 1 / total**2) ** 0.5
    return normal_sign(SignKind.BIRTHS, share, float(shuffled.mean()), se, total, encoder, coverage)


def _in_newborn(groups: _Groups, new: NDArray[np.bool_]) -> Floats:
    """Of each new paper, 1 where it is in a newborn group, else 0."""
    grouped = groups.labels >= 0
    sizes = np.bincount(groups.labels[grouped])
    young = np.bincount(groups.labels[grouped], new[grouped], len(sizes)) >= YOUNG_PART * sizes
    old = np.flatnonzero(~young)
    apart = (groups.cosines[:, old] < APART).all(axis=1) if len(old) else np.ones(len(sizes), bool)
    newborn = np.append(young & apart, False)  # the last for label -1
    return np.asarray(newborn[groups.labels[new]], np.float64)


def _entropy(groups: _Groups, new: NDArray[np.bool_], encoder: str, coverage: float) -> Sign:
    """Entropy of the new papers over the groups less that of the year before; every paper goes to its nearest group."""
    count = len(groups.cosines)
    years = [np.bincount(groups.nearest[chosen], minlength=count) for chosen in (new, ~new)]
    (now, now_variance), (before, before_variance) = map(entropy, years)
    se = (now_variance + before_variance) ** 0.5
    return normal_sign(SignKind.ENTROPY, now, before, se, int(years[0].sum()), encoder, coverage)


def entropy(counts: Ints) -> tuple[float, float]:
    """Entropy in nats of the parts that the counts are of, with the correction of Miller and Madow, and its variance.

    - sum p log p + (k - 1) / 2n over the k counts above 0; the variance to first order is (sum p log^2 p - H^2) / n.
    """
    total = int(counts.sum())
    parts = counts[counts > 0] / total
    plain = float(-(parts * np.log(parts)).sum())
    variance = max(float((parts * np.log(parts) ** 2).sum()) - plain**2, 0.0) / total
    return plain + (len(parts) - 1) / (2 * total), variance
