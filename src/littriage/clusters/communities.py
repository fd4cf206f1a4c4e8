"""Groups of the papers of a whole field: communities of the graph of nearest neighbours, each brought around its mean.

Pure: a graph and vectors in, groups out. Louvain (Blondel et al. 2008, arXiv:0803.0476) finds groups that are linked
more closely than chance would link them. Three papers in ten lie nearer to the mean of another group, and that is where
a later paper like them would be put. So that founders are placed as later papers will be, each paper then goes to the
nearest mean, a few times over. docs/clusters.md says what that costs.

Louvain and not Leiden: scikit-network's Leiden throws the C library's dice, which no seed reaches, so that two runs
give two answers; after the rounds around means the groups of both agree equally well with what people judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from littriage.clusters.frozen import Rows, Vectors

COMMUNITY_RULE = "field-v1"
"""Version of the grouping."""

GRAIN = 6_000
"""Papers for each unit of resolution: groups keep their size, a median of 200 to 300 papers, however many there are."""
LEAST = 30
"""A smaller group tells no trend: its papers go to the nearest other group."""
ROUNDS = 3
"""After them one paper in 25 would still move."""
_BLOCK = 8_192


def communities(graph: csr_array, vectors: Vectors) -> list[Rows]:
    """The rows of each group, the largest first, each in rising order; every row is in exactly one. No rows: none.

    `graph` is symmetric, shape (rows, rows), with weights above 0 (`neighbours.graph`); `vectors` are the unit rows
    that it was made of, float32, shape (rows, dim). Where no group has 30 papers, all are one. There is no chance in
    it: the same graph and vectors give the same groups; equally large ones stand in the order of their smallest rows.
    Raises ValueError where the graph is not that of the vectors.
    """
    if graph.shape != (len(vectors), len(vectors)):
        raise ValueError(f"a graph of shape {graph.shape} came with {len(vectors):,} vectors")
    if not len(vectors):
        return []
    labels = _louvain(graph)
    for _ in range(ROUNDS):
        labels = _nearest(vectors, _means(vectors, labels))
    means = _means(vectors, labels)
    if len(means) < len(np.unique(labels)):
        labels = _nearest(vectors, means)
    found = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return sorted(found, key=lambda rows: (-len(rows), rows[0]))


def _louvain(graph: csr_array) -> NDArray[np.int64]:
    from scipy.sparse import csr_matrix
    from sknetwork.clustering import Louvain

    if not graph.nnz:
        return np.zeros(graph.shape[0], np.int64)
    resolution = max(1.0, graph.shape[0] / GRAIN)
    louvain = Louvain(resolution, sort_clusters=False, return_probs=False, return_aggregate=False)
    return np.asarray(louvain.fit_predict(csr_matrix(graph, dtype=np.float64)), np.int64)


def _means(vectors: Vectors, labels: NDArray[np.int64]) -> Vectors:
    """Unit means of the groups of at least 30 rows, or of all rows where there is none; shape (groups, dim)."""
    from scipy.sparse import csr_array

    sizes = np.bincount(labels)
    large = np.flatnonzero(sizes >= LEAST)
    if not len(large):
        labels, sizes, large = np.zeros_like(labels), np.array([len(labels)]), np.array([0])
    number = np.full(len(sizes), -1)
    number[large] = np.arange(len(large))
    rows = np.flatnonzero(number[labels] >= 0)
    one = np.ones(len(rows), np.float32)
    total = csr_array((one, (number[labels[rows]], rows)), shape=(len(large), len(labels))) @ vectors
    means: Vectors = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return means


def _nearest(vectors: Vectors, means: Vectors) -> NDArray[np.int64]:
    """The place of the nearest mean for each row; of equally near ones the first."""
    blocks = (vectors[first : first + _BLOCK] @ means.T for first in range(0, len(vectors), _BLOCK))
    return np.concatenate([block.argmax(axis=1) for block in blocks])
