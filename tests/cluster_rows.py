"""Clusters put into a warehouse by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from littriage.clusters.frozen import Newborn
from littriage.clusters.lineage import Lineage
from littriage.warehouse import Warehouse, clusters
from littriage.warehouse.clusters import Made, Papers, Placed, Version

MADE_ON = date(2025, 7, 1)


def stand(
    warehouse: Warehouse,
    scope: str,
    groups: Mapping[int, tuple[str, Sequence[str]]],
    *,
    version: int = 1,
    pool: Sequence[str] = (),
    model: str = "m",
    reason: str = "first",
    lineage: Lineage | None = None,
    made_on: date = MADE_ON,
) -> None:
    """A version with these clusters: number -> its one term and its papers, the nearest to the centroid first."""
    made = [Made(number, (term,), newborn(len(papers)), made_on) for number, (term, papers) in sorted(groups.items())]
    ids = [paper for _, (_, papers) in sorted(groups.items()) for paper in papers]
    numbers = [number for number, (_, papers) in sorted(groups.items()) for _ in papers]
    cosines = [1 - place / 100 for _, (_, papers) in sorted(groups.items()) for place, _ in enumerate(papers)]
    count, outside = len(ids), len(pool)
    placed = Placed(
        Papers((*ids, *pool), ("h",) * (count + outside), np.zeros(count + outside, np.int64)),
        np.array([*numbers, *[0] * outside], np.int64),
        np.array([*cosines, *[0.1] * outside]),
        np.array([True] * count + [False] * outside),
    )
    header = Version(scope, version, model, "v1", made_on, count + outside, "s", reason)
    clusters.store_version(warehouse, header, made, placed, lineage, 1, f"s{version}")


def newborn(papers: int) -> Newborn:
    """A cluster of so many papers in a space of two numbers."""
    return Newborn(np.arange(papers), np.ones(papers), np.array([1, 0], np.float32), 0.5, 0.6)
