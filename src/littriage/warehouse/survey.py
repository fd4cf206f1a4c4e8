"""The clusters of the whole field as they are counted, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from littriage.model import Verdict
from littriage.warehouse import derived

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from littriage.warehouse.file import Warehouse

STAGE = "survey"
_SUREST = 100


@dataclass(frozen=True, slots=True)
class Claimed:
    """The papers of a cluster, and how many of them directions claim."""

    papers: int
    recent: int
    """Of the months that were asked for."""
    claimed: int
    """Of the recent ones, members of any direction."""


@dataclass(frozen=True, slots=True)
class Unnamed:
    """What is told of a rising cluster that no direction claims."""

    nearest: str | None
    """Slug of the nearest direction; None where no direction has members."""
    nearest_cosine: float | None
    central: tuple[str, ...]
    """Ids of recent papers."""
    draft: str | None
    """A direction as TOML."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A cluster of the field with its state."""

    number: int
    category: str
    """That its share is measured in."""
    verdict: Verdict
    claimed: Claimed
    unnamed: Unnamed | None


@dataclass(frozen=True, slots=True)
class ClusterPaper:
    """A paper of a cluster."""

    id: str
    title: str
    abstract: str | None
    month: date
    published: date


def categories(warehouse: Warehouse) -> dict[int, list[str]]:
    """The categories that at least half of a cluster's papers are in, or the most common one; the most common first."""
    found: dict[int, list[str]] = {}
    for number, category in warehouse.rows("marts/field_cluster_category"):
        found.setdefault(number, []).append(category)
    return found


def months(warehouse: Warehouse, measured_in: Mapping[int, str]) -> dict[int, dict[date, int]]:
    """Papers of each cluster by month, in the category that it is measured in; a month without papers is left out."""
    rows = warehouse.rows("marts/field_cluster_month", numbers=list(measured_in), categories=list(measured_in.values()))
    found: dict[int, dict[date, int]] = {number: {} for number in measured_in}
    for number, month, papers in rows:
        found[number][month] = papers
    return found


def claims(warehouse: Warehouse, first: date, last: date) -> dict[int, Claimed]:
    """How much of each cluster directions claim, in the months from `first` to `last`."""
    rows = warehouse.rows("marts/field_cluster_claims", first=first, last=last)
    return {number: Claimed(papers, recent, claimed) for number, papers, recent, claimed in rows}


def papers_of(warehouse: Warehouse, numbers: Sequence[int], before: date) -> dict[int, list[ClusterPaper]]:
    """The papers of these clusters before a day, the nearest to the centroid first, by number."""
    found: dict[int, list[ClusterPaper]] = {number: [] for number in numbers}
    for number, *paper in warehouse.rows("read/field_cluster_papers", numbers=list(numbers), before=before):
        found[number].append(ClusterPaper(*paper))
    return found


def sample(warehouse: Warehouse, limit: int) -> list[tuple[str, str, str | None]]:
    """Id, title and abstract of a fixed sample of the field."""
    return [(id_, title, abstract) for id_, title, abstract in warehouse.rows("read/field_sample", limit=limit)]


def terms(warehouse: Warehouse) -> dict[int, list[str]]:
    """The characteristic terms of each cluster of the field."""
    return dict(warehouse.rows("read/field_cluster_terms"))


def surest_places(warehouse: Warehouse, direction: str, model: str) -> NDArray[np.int64]:
    """Rows of the vectors of the papers that are most surely members of a direction."""
    columns = warehouse.columns("read/surest_vectors", direction=direction, model=model, limit=_SUREST)
    places: NDArray[np.int64] = columns["place"]
    return places


def store(warehouse: Warehouse, surveyed: Sequence[Surveyed], value: str) -> None:
    """Replace what is known of the clusters of the field, and remember what it rests on."""
    verdicts = [one.verdict for one in surveyed]
    unnamed = [one.unnamed for one in surveyed]
    with warehouse.transaction():
        warehouse.empty("field_cluster")
        warehouse.insert(
            "field_cluster",
            {
                "number": [one.number for one in surveyed],
                "category": [one.category for one in surveyed],
                **derived.trend_columns(verdicts),
                "papers": [one.claimed.papers for one in surveyed],
                "recent": [one.claimed.recent for one in surveyed],
                "claimed": [one.claimed.claimed for one in surveyed],
                "unnamed": [one is not None for one in unnamed],
                "nearest": [one and one.nearest for one in unnamed],
                "nearest_cosine": [one and one.nearest_cosine for one in unnamed],
                "central": [list(one.central) if one else [] for one in unnamed],
                "draft": [one and one.draft for one in unnamed],
            },
        )
        derived.stamp(warehouse, STAGE, value)
