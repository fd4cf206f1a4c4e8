"""Topics of other kinds than phrases: clusters of papers as they were at an origin, and generic phrases as placebos."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from littriage.backtest.walk import Then
from littriage.outlook.shelf import Shelf
from littriage.panel import Floats, Ints

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

CLUSTER_PAPERS = 60
"""Papers of the last 24 months to a cluster, on average."""
_DIMENSIONS = 50
_FIRST_AMONG = 5
"""Papers a cluster among which the first centres are chosen."""
_NEAREST_PART = 0.75
"""Part of a cluster's papers, the nearest to its centre, whose similarity a later paper must reach."""
PLACEBOS = 200
_PLACEBO_TITLE_PART = 0.02
_PLACEBO_PAPERS = 20


def cluster_topics(shelf: Shelf, then: Then, seed: int = 1) -> tuple[tuple[str, ...], csr_matrix]:
    """Clusters of the field's papers of the 24 months up to an origin; names, and all papers of the shelf by cluster.

    Latent semantic analysis of the phrase topics of that month (Deerwester et al. 1990), k-means on unit vectors. Rule
    and centres are fixed at the origin: every paper, earlier or later, goes to the nearest centre if it is as near as
    three quarters of the papers that made it.
    """
    from scipy.sparse import csr_matrix as matrix
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.utils.extmath import randomized_svd

    names = then.near.panel.topics
    places = [bisect_left(shelf.phrases.names, name) for name in names]
    held = np.arange(len(shelf.ids)) < len(then.shelf.ids)
    recent = np.flatnonzero(held & shelf.inside & (shelf.month > then.month - 24))
    clusters = len(recent) // CLUSTER_PAPERS
    if clusters < 2 or len(places) < 2:
        return (), matrix((len(shelf.ids), 0))
    inside = np.flatnonzero(shelf.inside)
    texts = shelf.phrases.texts[inside][:, places]
    recent = np.searchsorted(inside, recent)
    frequency = np.asarray(texts[recent].sum(axis=0), dtype=np.float64).ravel()
    rare = np.log(len(recent) / np.maximum(frequency, 1.0))
    dimensions = min(_DIMENSIONS, len(places) - 1, len(recent) - 1)
    _, _, axes = randomized_svd(_unit_rows(texts[recent], rare), dimensions, random_state=seed)
    vectors = _unit(np.asarray(_unit_rows(texts, rare) @ axes.T, dtype=np.float32))
    # First centres among a few papers a cluster: among all of them, choosing these takes most of the time.
    fit = MiniBatchKMeans(clusters, random_state=seed, n_init=1, init_size=_FIRST_AMONG * clusters, batch_size=4096)
    centres = _unit(np.asarray(fit.fit(vectors[recent]).cluster_centers_, dtype=np.float32))
    nearest, similarity = _nearest(vectors, centres)
    of_recent, similarity_of_recent = nearest[recent], similarity[recent]
    limits = np.array(
        [
            np.quantile(similarity_of_recent[of_recent == one], 1 - _NEAREST_PART) if (of_recent == one).any() else 2.0
            for one in range(clusters)
        ]
    )
    near = np.flatnonzero(similarity >= limits[nearest])
    found = matrix((np.ones(len(near)), (inside[near], nearest[near])), shape=(len(shelf.ids), clusters))
    return tuple(_label(centre @ axes * np.sqrt(frequency), names, one) for one, centre in enumerate(centres)), found


def _unit_rows(texts: csr_matrix, rare: Floats) -> csr_matrix:
    from scipy.sparse import diags

    weighed = texts @ diags(rare)
    length = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1), dtype=np.float64)).ravel()
    return diags(1 / np.maximum(length, 1e-9)) @ weighed


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def _nearest(vectors: NDArray[np.float32], centres: NDArray[np.float32], at_once: int = 20_000) -> tuple[Ints, Floats]:
    nearest, similarity = np.zeros(len(vectors), dtype=np.int64), np.zeros(len(vectors))
    for start in range(0, len(vectors), at_once):
        part = vectors[start : start + at_once] @ centres.T
        nearest[start : start + at_once] = part.argmax(axis=1)
        similarity[start : start + at_once] = part.max(axis=1)
    return nearest, similarity


def _label(weights: Floats, names: Sequence[str], number: int) -> str:
    return f"{number + 1}: " + ", ".join(names[place] for place in np.argsort(-weights, kind="stable")[:3])


def placebo_places(shelf: Shelf, seed: int = 1) -> Ints:
    """Places of 200 phrases at the end of a shelf that texts use and titles hardly ever: words of style, no topics.

    As frequent as topics must be; drawn at random where there are more.
    """
    last = shelf.months - 1
    recent = np.flatnonzero(shelf.inside & (shelf.month > last - 24))
    papers, titled = (
        np.asarray(one[recent].sum(axis=0), dtype=np.float64).ravel()
        for one in (shelf.phrases.texts, shelf.phrases.titles)
    )
    fits = np.flatnonzero((papers >= _PLACEBO_PAPERS) & (titled <= _PLACEBO_TITLE_PART * papers))
    if len(fits) <= PLACEBOS:
        return fits
    return np.sort(np.random.default_rng(seed).choice(fits, PLACEBOS, replace=False))
