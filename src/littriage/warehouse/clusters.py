"""Clusters as they are stored: versions that stay as they were made, the places of papers in the last one, lineage.

Each write is one transaction, with the stamp of what it rests on. A scope is the slug of a direction, or FIELD.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from littriage.clusters import frozen
from littriage.clusters.frozen import ClusterSet, Newborn
from littriage.clusters.lineage import Event, EventKind, Lineage
from littriage.clusters.terms import label_of
from littriage.warehouse import derived, vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from littriage.warehouse.file import Row, Warehouse

FIELD = ""
"""The scope of all papers."""
STAGE = "cluster"
TAKEN_OVER = "taken over"
"""Why a version was made, of one that an older littriage left."""


@dataclass(frozen=True, slots=True)
class Papers:
    """Papers of a scope, in the order of their ids."""

    ids: tuple[str, ...]
    text_hashes: tuple[str, ...]
    places: NDArray[np.int64]
    """Rows of their vectors."""

    def only(self, chosen: NDArray[np.bool_]) -> Papers:
        """Those of them that are chosen."""
        rows = np.flatnonzero(chosen).tolist()
        return Papers(
            tuple(self.ids[row] for row in rows), tuple(self.text_hashes[row] for row in rows), self.places[chosen]
        )

    def without(self, ids: Set[str]) -> Papers:
        """All but these of them."""
        return self.only(np.array([id_ not in ids for id_ in self.ids], bool))


def together(some: Papers, others: Papers) -> Papers:
    """Both, of which no paper is in both, in the order of ids."""
    ids, hashes = some.ids + others.ids, some.text_hashes + others.text_hashes
    order = sorted(range(len(ids)), key=ids.__getitem__)
    places = np.concatenate([some.places, others.places])
    return Papers(tuple(ids[row] for row in order), tuple(hashes[row] for row in order), places[order])


@dataclass(frozen=True, slots=True)
class News:
    """What has changed in a scope."""

    fresh: Papers
    """Those that have no place, or another text than when they got it."""
    left: tuple[str, ...]
    """Those that have a place and belong to the scope no more."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the clusters of a scope."""

    scope: str
    number: int
    """1 for the first."""
    model: str
    rule: str
    made_on: date
    papers: int
    """That were grouped."""
    made_of: str
    """Stamp of those papers; empty where an older littriage made it."""
    reason: str
    """first, asked, model, rule, or taken over."""


Names = tuple[str | None, str | None, str | None]
"""English name, Chinese name, and the model that gave them; None where there are none."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The version that stands, and what of it later papers are held against."""

    version: Version
    advice: str
    """unassigned or outgrown: why making it anew is advised; empty: it is not."""
    last_number: int
    """The highest that any cluster of the scope ever had."""
    clusters: ClusterSet
    """Those that have a centroid."""
    born_on: Mapping[int, date]
    """Of every cluster, by number."""
    names: Mapping[int, Names]


@dataclass(frozen=True, slots=True)
class Made:
    """A cluster to be stored."""

    number: int
    terms: tuple[str, ...]
    newborn: Newborn
    born_on: date
    names: Names = (None, None, None)


@dataclass(frozen=True, slots=True)
class Placed:
    """Papers with what place they have, column by column."""

    papers: Papers
    numbers: NDArray[np.int64]
    """0: in the pool."""
    similarities: NDArray[np.float64]
    """Cosine to the nearest centroid."""
    founders: NDArray[np.bool_]
    """Whether the cluster was made of the paper."""

    def only(self, chosen: NDArray[np.bool_]) -> Placed:
        """Those of them that are chosen."""
        return Placed(self.papers.only(chosen), self.numbers[chosen], self.similarities[chosen], self.founders[chosen])


# --- reading ----------------------------------------------------------------------------------------------------


def standing(warehouse: Warehouse, scope: str, whole_below: int) -> Standing | None:
    """The version of the scope's clusters that stands; None where none was ever made.

    What an older littriage did not keep of its clusters is made of their papers' vectors first, and stored; clusters
    that were made of fewer than `whole_below` papers take every paper.
    """
    found = warehouse.rows("read/cluster_set", scope=scope)
    if not found:
        return None
    number, model, rule, made_on, papers, made_of, reason, advice, last_number = found[0]
    version = Version(scope, number, model, rule, made_on, papers, made_of, reason)
    rows = warehouse.rows("read/clusters", scope=scope, version=number)
    if reason == TAKEN_OVER and any(row[1] is None for row in rows):
        _freeze(warehouse, version, unbounded=papers < whole_below)
        rows = warehouse.rows("read/clusters", scope=scope, version=number)
    frozen_rows = [row for row in rows if row[1] is not None]
    clusters = ClusterSet(
        np.array([row[0] for row in frozen_rows], np.int64),
        np.array([row[1] for row in frozen_rows], np.float32).reshape(len(frozen_rows), -1 if frozen_rows else 0),
        np.array([row[2] for row in frozen_rows], np.float32),
        np.array([np.nan if row[3] is None else row[3] for row in frozen_rows], np.float32),
    )
    born_on = {row[0]: row[5] for row in rows}
    return Standing(version, advice, last_number or 0, clusters, born_on, {row[0]: tuple(row[6:]) for row in rows})


def _freeze(warehouse: Warehouse, version: Version, *, unbounded: bool) -> None:
    """Give clusters that an older littriage made their centroids; one without any vector gets none."""
    rows: dict[int, list[int]] = {}
    for number, _, place in warehouse.rows("read/cluster_founders", scope=version.scope, model=version.model):
        if place is not None:
            rows.setdefault(number, []).append(place)
    made = {}
    for number, places in rows.items():
        own = vectors.taken(warehouse, version.model, sorted(places))
        made[number] = frozen.born(own, np.arange(len(own)), unbounded=unbounded)
    with warehouse.transaction():
        warehouse.run(
            "write/cluster_frozen",
            scope=version.scope,
            version=version.number,
            numbers=list(made),
            centroids=[one.centroid.tolist() for one in made.values()],
            radii=[one.radius for one in made.values()],
            cohesions=[_known(one.cohesion) for one in made.values()],
        )


def papers_of(warehouse: Warehouse, scope: str, model: str) -> Papers:
    """The papers of a scope that have a vector of the model."""
    if scope == FIELD:
        return _papers(warehouse.rows("read/cluster_papers_of_field", model=model))
    return _papers(warehouse.rows("read/cluster_papers_of_direction", scope=scope, model=model))


def news(warehouse: Warehouse, models: Mapping[str, str]) -> dict[str, News]:
    """What has changed in each scope; `models` says of which model each needs vectors."""
    found = {}
    for kind, scopes in (("directions", sorted(models.keys() - {FIELD})), ("field", sorted(models.keys() & {FIELD}))):
        rows: dict[str, list[Row]] = {scope: [] for scope in scopes}
        if scopes:
            of = [models[scope] for scope in scopes]
            for scope, *row in warehouse.rows(f"read/cluster_news_of_{kind}", scopes=scopes, models=of):
                rows[scope].append(tuple(row))
        for scope, own in rows.items():
            fresh = _papers([row for row in own if row[1] is not None])
            found[scope] = News(fresh, tuple(id_ for id_, text_hash, _ in own if text_hash is None))
    return found


def pool(warehouse: Warehouse, scope: str, model: str) -> Papers:
    """The papers of a scope that are in no cluster."""
    return _papers(warehouse.rows("read/cluster_pool", scope=scope, model=model))


def _papers(rows: Sequence[Row]) -> Papers:
    places = np.array([place for _, _, place in rows], np.int64)
    return Papers(tuple(row[0] for row in rows), tuple(row[1] for row in rows), places)


def places(warehouse: Warehouse, scope: str) -> dict[str, int | None]:
    """Each paper's cluster; None: it is in the pool."""
    return dict(warehouse.rows("read/cluster_places", scope=scope))


def founders(warehouse: Warehouse, scope: str, model: str) -> dict[int, list[str]]:
    """The papers that each cluster was made of and that are still in it, nearest to the centroid first."""
    found: dict[int, list[str]] = {}
    for number, id_, _ in warehouse.rows("read/cluster_founders", scope=scope, model=model):
        found.setdefault(number, []).append(id_)
    return found


def totals(warehouse: Warehouse) -> tuple[int, int]:
    """Papers of directions that are in no cluster of theirs, and directions whose clusters should be made anew."""
    unassigned, advised = warehouse.one("read/cluster_totals")
    return unassigned, advised


def sizes(warehouse: Warehouse, scope: str) -> tuple[int, int]:
    """Papers in clusters, and papers in the pool."""
    assigned, unassigned = warehouse.one("read/cluster_sizes", scope=scope)
    return assigned, unassigned


# --- writing ----------------------------------------------------------------------------------------------------


def forget_members_except(warehouse: Warehouse, directions: Sequence[str]) -> None:
    """Drop the places of papers of all other directions, which have lost their last member; their clusters stay."""
    with warehouse.transaction():
        for what in ("members_of_others_left", "stamps_of_others_forgotten"):
            warehouse.run(f"write/cluster_{what}", directions=list(directions))


def store_version(
    warehouse: Warehouse,
    version: Version,
    clusters: Sequence[Made],
    placed: Placed,
    lineage: Lineage | None,
    seed: int,
    stamp: str,
) -> None:
    """Put a version in place of the one that stood, with what became of that one's clusters."""
    scope = version.scope
    with warehouse.transaction():
        warehouse.insert(
            "cluster_set",
            {"scope": [scope]},
            version=version.number,
            model=version.model,
            rule=version.rule,
            seed=seed,
            made_on=version.made_on,
            papers=version.papers,
            made_of=version.made_of,
            reason=version.reason,
            advice="",
        )
        _insert_clusters(warehouse, version, clusters)
        warehouse.run("write/cluster_members_emptied", scope=scope)
        _insert_members(warehouse, scope, placed, version.made_on)
        if lineage:
            warehouse.insert(
                "cluster_overlap",
                {
                    "old": [one.old for one in lineage.overlaps],
                    "new": [one.new for one in lineage.overlaps],
                    "papers": [one.papers for one in lineage.overlaps],
                },
                replace=False,
                scope=scope,
                version=version.number,
            )
            _insert_events(warehouse, version, lineage.events, version.made_on)
        derived.stamp(warehouse, STAGE, stamp, scope)


def store_week(
    warehouse: Warehouse,
    version: Version,
    left: Sequence[str],
    placed: Sequence[Placed],
    clusters: Sequence[Made],
    on: date,
    advise: Callable[[int, int], str],
    stamp: str,
) -> None:
    """Add to the version that stands: papers that have left, papers that got a place, and clusters that were born.

    A paper that had a place gets the new one, and of two that it is given the last one. `advise` makes the advice of
    how many papers are in clusters and in the pool.
    """
    scope = version.scope
    born = [Event(EventKind.BORN, (), (one.number,)) for one in clusters]
    with warehouse.transaction():
        warehouse.run("write/cluster_members_left", scope=scope, ids=[*left])
        _insert_clusters(warehouse, version, clusters)
        for each in placed:
            _insert_members(warehouse, scope, each, on)
        _insert_events(warehouse, version, born, on)
        advice = advise(*sizes(warehouse, scope))
        warehouse.run("write/cluster_advised", scope=scope, version=version.number, advice=advice)
        derived.stamp(warehouse, STAGE, stamp, scope)


def _insert_clusters(warehouse: Warehouse, version: Version, clusters: Sequence[Made]) -> None:
    warehouse.insert(
        "cluster",
        {
            "number": [one.number for one in clusters],
            "label": [label_of(one.terms) for one in clusters],
            "terms": [list(one.terms) for one in clusters],
            "founders": [len(one.newborn.rows) for one in clusters],
            "born_on": [one.born_on for one in clusters],
            "centroid": [one.newborn.centroid.tolist() for one in clusters],
            "radius": [one.newborn.radius for one in clusters],
            "cohesion": [_known(one.newborn.cohesion) for one in clusters],
            "name": [one.names[0] for one in clusters],
            "name_zh": [one.names[1] for one in clusters],
            "named_by": [one.names[2] for one in clusters],
        },
        scope=version.scope,
        version=version.number,
    )


def _insert_members(warehouse: Warehouse, scope: str, placed: Placed, since: date) -> None:
    warehouse.insert(
        "cluster_member",
        {
            "paper_id": placed.papers.ids,
            "number": [number or None for number in placed.numbers.tolist()],
            "similarity": placed.similarities.tolist(),
            "founder": placed.founders.tolist(),
            "text_hash": placed.papers.text_hashes,
        },
        scope=scope,
        since=since,
    )


def _insert_events(warehouse: Warehouse, version: Version, events: Sequence[Event], on: date) -> None:
    warehouse.insert(
        "cluster_event",
        {
            "event": [one.kind.value for one in events],
            "old": [list(one.old) for one in events],
            "new": [list(one.new) for one in events],
            "papers": [list(one.papers) for one in events],
        },
        replace=False,
        scope=version.scope,
        version=version.number,
        happened_on=on,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
