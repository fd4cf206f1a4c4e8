"""Phrases that find the papers of a cluster among all others: what a query for it could be made of.

Pure: texts in, phrases out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from littriage.phrases import phrases_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csc_matrix

    from littriage.clusters.frozen import Rows

MOST = 10
"""Phrases of a query."""
RECALL_WEIGHT = 2.0
"""How much more it counts to find the cluster's papers than to find no others: who belongs is decided later, but only
of papers that are found. The beta of F-beta (van Rijsbergen 1979)."""
LEAST_GAIN = 0.005
"""Of F2, for one more phrase."""
_PAPERS, _TITLES = 5, 3
"""With a phrase, at least."""


@dataclass(frozen=True, slots=True)
class Phrasing:
    """Phrases of which papers of a cluster have at least one."""

    phrases: tuple[str, ...]
    """In the order in which they were chosen."""
    found: float
    """Part of the cluster's papers that have one of them."""
    exact: float
    """Part of all papers with one of them that are the cluster's."""


def phrasings(
    texts: Sequence[tuple[str, str | None]], groups: Sequence[Rows], sample: Rows, papers: int
) -> list[Phrasing | None]:
    """For each group the phrases that together find it best, by F2; None where 5 of its papers share no phrase.

    `texts` are (title, abstract), `groups` and `sample` rows of them; the sample stands for all `papers` of the field.
    Phrases are added one by one, the one that raises F2 most, as long as it rises.
    """
    found = phrases_of(texts, np.zeros(len(texts), np.int64), papers=_PAPERS, titles=_TITLES)
    told = []
    for group in groups:
        others = np.setdiff1d(sample, group)
        own = found.texts[group]
        columns = np.flatnonzero(np.asarray(own.sum(axis=0)).ravel() >= _PAPERS)
        each = max(0, papers - len(group)) / max(1, len(others))
        chosen, right, total = _chosen(own[:, columns].tocsc(), found.texts[others][:, columns].tocsc(), each)
        names = tuple(found.names[int(columns[place])] for place in chosen)
        told.append(Phrasing(names, right / len(group), right / total) if chosen else None)
    return told


def _chosen(own: csc_matrix, others: csc_matrix, each: float) -> tuple[list[int], float, float]:
    """Columns in the order in which they are taken; papers of the group that have one, and papers of the field."""
    chosen: list[int] = []
    left, left_outside = np.ones(own.shape[0]), np.ones(others.shape[0])
    best = right = total = 0.0
    while own.shape[1] and len(chosen) < MOST:
        rights = right + _added(own, left)
        totals = total + _added(own, left) + each * _added(others, left_outside)
        scores = (1 + RECALL_WEIGHT**2) * rights / (totals + RECALL_WEIGHT**2 * own.shape[0])
        place = int(scores.argmax())
        if scores[place] < best + LEAST_GAIN:
            break
        best, right, total = float(scores[place]), float(rights[place]), float(totals[place])
        chosen.append(place)
        left[own[:, [place]].nonzero()[0]] = 0
        left_outside[others[:, [place]].nonzero()[0]] = 0
    return chosen, right, total


def _added(has: csc_matrix, left: NDArray[np.float64]) -> NDArray[np.float64]:
    """Papers that each phrase would add."""
    return np.asarray(has.T @ left).ravel()
