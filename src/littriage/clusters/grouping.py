"""Groups of the papers of one direction: spherical k-means over their vectors.

Pure: vectors in, groups out.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from littriage.clusters.frozen import Rows, Vectors

CLUSTER_RULE = "v1"
"""Version of the grouping."""

MIN_TO_SPLIT = 20
MAX_CLUSTERS = 12
MIN_CLUSTER = 5
"""A smaller group is noise rather than a sub-topic: its papers go to the nearest other cluster."""


def groups(vectors: Vectors, seed: int) -> list[Rows]:
    """The rows of each group, the largest first, each in rising order; every row is in exactly one. No rows: none.

    `vectors` are unit rows, float32, shape (papers, dim); the same rows in the same order give the same groups. Equally
    large groups: the smallest row first.
    """
    if not len(vectors):
        return []
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    labels = _assignment(vectors, cluster_count(len(vectors)), seed)
    found = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return sorted(found, key=lambda rows: (-len(rows), rows[0]))


def cluster_count(papers: int) -> int:
    """How many sub-topics to look for: 1 below 20 papers, then sqrt(papers / 10), from 2 to 12."""
    if papers < MIN_TO_SPLIT:
        return 1
    return min(max(round(sqrt(papers / 10)), 2), MAX_CLUSTERS)


def outgrown(papers: int, now: int) -> bool:
    """Whether a direction has become so large that it would have at least twice as many sub-topics if made anew.

    And at least twice the papers: a direction that went from 19 to 20 has not outgrown its one cluster.
    """
    return now >= 2 * papers and cluster_count(now) >= 2 * cluster_count(papers)


def _assignment(vectors: Vectors, count: int, seed: int) -> NDArray[np.int64]:
    """A cluster number for each row, in no order."""
    if count == 1:
        return np.zeros(len(vectors), dtype=np.int64)
    import faiss

    kmeans = faiss.Kmeans(
        vectors.shape[1],
        count,
        niter=25,
        nredo=3,
        spherical=True,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=256,
    )
    # So little work is done soonest by one thread: more of them mostly wait for each other on a busy machine.
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        kmeans.train(vectors)
    finally:
        faiss.omp_set_num_threads(threads)
    centres = np.asarray(kmeans.centroids, dtype=np.float32)
    nearest = np.argmax(vectors @ centres.T, axis=1)
    large = np.flatnonzero(np.bincount(nearest, minlength=count) >= MIN_CLUSTER)
    return np.argmax(vectors @ centres[large].T, axis=1) if large.size else np.zeros_like(nearest)
