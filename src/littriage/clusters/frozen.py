"""Clusters that stay as they were made: where later papers belong, and when those that belong nowhere are a new one.

A cluster is a centroid and a radius. A paper goes to the nearest centroid if it lies within that cluster's radius, else
it waits in the pool. Nothing here moves a centroid, so that no paper changes its cluster because others have come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Rows = NDArray[np.int64]

REACHED_BY = 0.95
"""Part of a cluster's founders that lie within its radius: docs/clusters.md says what other parts would do."""
UNBOUNDED = -1.0
"""Radius of a cluster that takes every paper."""
LEAST_NEWCOMERS = 8
"""Papers of the pool that can be a cluster."""
POOL_ADVICE = 0.3
"""Part of the papers in the pool above which making the clusters anew is advised."""
_BLOCK = 8_192
_DIGITS = 6
"""Of a cosine: what lies behind depends on how many rows were multiplied at once."""


@dataclass(frozen=True, slots=True)
class ClusterSet:
    """The clusters of one version that later papers are held against, by number."""

    numbers: NDArray[np.int64]
    """Shape (clusters,), rising."""
    centroids: Vectors
    """Unit rows, shape (clusters, dim)."""
    radii: NDArray[np.float32]
    """Cosine that a paper must reach, shape (clusters,)."""
    cohesions: NDArray[np.float32]
    """Mean cosine of two founders, shape (clusters,); NaN where there was one founder."""

    def __post_init__(self) -> None:
        count = len(self.numbers)
        if self.centroids.ndim != 2 or {len(self.centroids), len(self.radii), len(self.cohesions)} != {count}:
            raise ValueError(f"{count} clusters came with centroids of shape {self.centroids.shape}")
        if (np.diff(self.numbers) <= 0).any():
            raise ValueError("the numbers of clusters do not rise")


@dataclass(frozen=True, slots=True)
class Newborn:
    """A cluster as it is made of a group of papers."""

    rows: Rows
    """Its founders, nearest to the centroid first, equally near ones in the order of rows."""
    similarities: NDArray[np.float64]
    """Cosine of each to the centroid, 6 digits."""
    centroid: Vectors
    """Shape (dim,), unit length: the mean of the founders."""
    radius: float
    cohesion: float
    """Mean cosine of two founders; NaN for one founder."""


def born(vectors: Vectors, rows: Rows, *, unbounded: bool = False) -> Newborn:
    """The cluster that is made of these rows of unit vectors, at least one.

    Its radius is the cosine that 95% of the founders reach, each held against the mean of the others: a paper that was
    not averaged into the centroid lies further from it than one that was.
    """
    own = np.asarray(vectors[rows], np.float64)
    total = own.sum(axis=0)
    length = float(np.linalg.norm(total))
    centroid = total / length if length > 0 else np.eye(1, own.shape[1])[0]
    cosines = np.round(own @ centroid, _DIGITS)
    order = np.lexsort((rows, -cosines))
    count = len(rows)
    cohesion = (length**2 - count) / (count * (count - 1)) if count > 1 else float("nan")
    radius = UNBOUNDED
    if not unbounded and count > 1:
        along = own @ total
        others = np.sqrt(np.maximum(length**2 - 2 * along + 1, 1e-12))
        radius = float(np.quantile((along - 1) / others, 1 - REACHED_BY, method="lower"))
    return Newborn(rows[order], cosines[order], centroid.astype(np.float32), radius, float(cohesion))


def as_set(numbers: Sequence[int], newborns: Sequence[Newborn]) -> ClusterSet:
    """Newborn clusters under these rising numbers."""
    dim = len(newborns[0].centroid) if newborns else 0
    return ClusterSet(
        np.asarray(numbers, np.int64),
        np.array([one.centroid for one in newborns], np.float32).reshape(len(newborns), dim),
        np.array([one.radius for one in newborns], np.float32),
        np.array([one.cohesion for one in newborns], np.float32),
    )


def assigned(vectors: Vectors, clusters: ClusterSet) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each row of unit vectors the number of the cluster it belongs to, or 0, and the cosine to the nearest one.

    0 is the pool: the row does not reach the radius of the nearest cluster, even if it lies within that of a wider one
    further off. Equally near clusters: the smallest number. Without clusters: 0 and -1 for every row.
    """
    numbers, cosines = np.zeros(len(vectors), np.int64), np.full(len(vectors), -1.0)
    if not len(clusters.numbers):
        return numbers, cosines
    for first in range(0, len(vectors), _BLOCK):
        block = slice(first, first + _BLOCK)
        similar = np.round((vectors[block] @ clusters.centroids.T).astype(np.float64), _DIGITS)
        nearest = similar.argmax(axis=1)
        cosines[block] = similar[np.arange(len(similar)), nearest]
        within = cosines[block] >= np.round(clusters.radii[nearest].astype(np.float64), _DIGITS)
        numbers[block] = np.where(within, clusters.numbers[nearest], 0)
    return numbers, cosines


def newcomers(vectors: Vectors, cohesion: float, least: int = LEAST_NEWCOMERS) -> list[Rows]:
    """Dense groups among the rows of the pool, each of at least `least` rows, in rising order; the densest first.

    The row with the most others within a cosine of `cohesion` gathers them (Daura et al. 1999, doi:10.1002/
    (SICI)1521-3773(19990115)38:1/2<236::AID-ANIE236>3.0.CO;2-M); of these, the nearest to their mean are a group, as
    many as have a cosine of `cohesion` to each other on average. What is left is searched again. Of equally dense rows
    the first gathers.
    """
    rows = np.arange(len(vectors))
    if len(rows) < least or not np.isfinite(cohesion):
        return []
    vectors = np.ascontiguousarray(vectors, np.float32)
    near = _near(vectors, vectors, cohesion)
    free = np.ones(len(rows), bool)
    seeds = free.copy()
    found: list[Rows] = []
    while (near[seeds] >= least).any():
        seed = int(np.where(seeds, near, -1).argmax())
        gathered = rows[free & (np.round(vectors @ vectors[seed], _DIGITS) >= cohesion)]
        group = _cohesive(vectors, gathered, cohesion, least)
        seeds[seed] = False
        if len(group):
            found.append(np.sort(group))
            free[group] = seeds[group] = False
            near[free] -= _near(vectors[free], vectors[group], cohesion)
    return found


def _near(vectors: Vectors, others: Vectors, cosine: float) -> NDArray[np.int64]:
    """For each row how many of the others have at least this cosine to it, itself included."""
    blocks = (vectors[first : first + _BLOCK] @ others.T for first in range(0, len(vectors), _BLOCK))
    counts = [(np.round(block, _DIGITS) >= cosine).sum(axis=1) for block in blocks]
    return np.concatenate(counts) if counts else np.empty(0, np.int64)


def _cohesive(vectors: Vectors, rows: Rows, cohesion: float, least: int) -> Rows:
    """The most of these rows, nearest to their mean first, whose mean cosine is at least `cohesion`; else none."""
    own = vectors[rows].astype(np.float64)
    order = np.lexsort((rows, -np.round(own @ own.mean(axis=0), _DIGITS)))
    count = np.arange(1, len(rows) + 1)
    lengths = (np.cumsum(own[order], axis=0) ** 2).sum(axis=1)
    mean = (lengths - count) / np.maximum(count * (count - 1), 1)
    enough = np.flatnonzero((count >= least) & (np.round(mean, _DIGITS) >= cohesion))
    return rows[order[: enough[-1] + 1]] if len(enough) else rows[:0]
