"""Memberships: which are to be decided anew, the arrays to decide them from, and what was decided.

A membership rests on its paper's text, its hit, and the instrument that judges its direction: rule, model and
prototypes. Each row keeps a hash of these, so that what is missing or has changed is found without asking what has
happened since. All of a run's decisions are one transaction: whoever looks before it is committed sees the old
memberships whole, never a direction of which a part is missing, which would look like a decline. A killed run has
lost its decisions, at most minutes of work, and the next one finds the same hits undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from littriage.membership import Hits, Judged, Prototypes, Rule
from littriage.warehouse import learned, vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from littriage.warehouse.file import Warehouse

HITS_AT_ONCE = 20_000
"""Hits of a shard: with vectors of 384 numbers about 25 MB that travel to a worker."""


# --- prototypes -------------------------------------------------------------------------------------------------


def prototype_vectors(warehouse: Warehouse, model: str, stamp: str) -> NDArray[np.float32] | None:
    """The catalogue's texts as a model has read them, shape (texts, dim); None where it has read others or none."""
    found = warehouse.rows("read/prototype_text", model=model, stamp=stamp)
    return np.frombuffer(found[0][1], "<f4").reshape(-1, found[0][0]) if found else None


def store_prototype_vectors(warehouse: Warehouse, model: str, stamp: str, rows: NDArray[np.float32]) -> None:
    """Keep the catalogue's texts as a model has read them, in place of what it read before."""
    value = np.ascontiguousarray(rows, "<f4").tobytes()
    with warehouse.transaction():
        warehouse.insert("prototype_text", {"model": [model]}, stamp=stamp, dim=int(rows.shape[1]), value=value)


# --- what is to be decided --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Instrument:
    """What judges some directions."""

    model: str
    """Of the vectors."""
    rule: Rule
    stamp: str
    """Of the rule, the model and the prototypes' texts: another one decides anew."""
    directions: Mapping[str, int]
    """Those that it judges -> row in the prototypes' matrix."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """What is to be done until every hit has the membership that it would have if all were decided now."""

    hits: Mapping[str, int]
    """Model -> hits to decide, those that are decided otherwise than they would be now included."""
    dropped: int
    """Memberships that rest on what is no more: those that are decided anew, and those whose hit is gone."""

    def __bool__(self) -> bool:
        return bool(self.hits) or self.dropped > 0


@contextmanager
def undecided(warehouse: Warehouse, instruments: Iterable[Instrument]) -> Iterator[Undecided]:
    """What is to be decided; for as long as the block lasts, `shards` and `deciding` know it."""
    each = [(slug, row, one.model, one.stamp) for one in instruments for slug, row in one.directions.items()]
    warehouse.run(
        "write/undecided_staged",
        directions=[slug for slug, *_ in each],
        rows=[row for _, row, *_ in each],
        models=[model for *_, model, _ in each],
        stamps=[stamp for *_, stamp in each],
    )
    counts: dict[str | None, int] = dict(warehouse.rows("read/undecided_counts"))
    dropped = counts.pop(None, 0)
    yield Undecided({f"{model}": count for model, count in counts.items()}, dropped)
    warehouse.run("write/undecided_dropped")  # after an error it goes with the connection, or is made anew


def shards(warehouse: Warehouse, model: str, prototypes: Prototypes, count: int) -> Iterator[Hits]:
    """The `count` undecided hits of a model in their order, at most HITS_AT_ONCE in each shard.

    Shards are read when they are asked for, by the thread that asks: the one that owns the warehouse.
    """
    exemplars: dict[int, str] = dict(
        warehouse.rows("read/undecided_exemplars", model=model, ids=list(prototypes.rows_without))
    )
    for first in range(0, count, HITS_AT_ONCE):
        columns = warehouse.columns("read/undecided_hits", model=model, first=first, end=first + HITS_AT_ONCE)
        places, papers = np.unique(columns["place"], return_inverse=True)
        yield Hits(
            vectors=vectors.taken(warehouse, model, places),
            papers=papers.astype(np.intp),
            directions=columns["prototype"].astype(np.intp),
            mentions=columns["mentions"].astype(np.int64),
            read_shares=np.asarray(columns["read_share"], np.float64),
            exemplars={row: exemplars[one] for row, one in enumerate(places.tolist()) if one in exemplars},
        )


# --- what was decided -------------------------------------------------------------------------------------------


@contextmanager
def deciding(warehouse: Warehouse) -> Iterator[None]:
    """One transaction: drops what is undecided, and what was learned in directions of which anything is; the block
    stores what was decided instead."""
    with warehouse.transaction():
        directions = [slug for (slug,) in warehouse.rows("read/undecided_directions")]
        learned.forget_within(warehouse, directions)
        warehouse.run("write/memberships_undecided_forgotten")
        yield


def store_judged(warehouse: Warehouse, instrument: Instrument, first: int, found: Judged) -> None:
    """Keep what the rule says of undecided hits, from number `first` on, within `deciding`."""
    count = len(found.core)
    given = {
        "number": np.arange(first, first + count),
        "similarity": np.ascontiguousarray(found.similarity),
        "core": found.core,
        "either": found.either,
    }
    with _given(warehouse, "judged", given):
        warehouse.run(
            "write/memberships_decided",
            model=instrument.model,
            first=first,
            end=first + count,
            rule=instrument.rule.name,
            core_at=instrument.rule.threshold,
            any_at=instrument.rule.threshold_any,
        )


@contextmanager
def _given(warehouse: Warehouse, name: str, columns: Mapping[str, NDArray[Any]]) -> Iterator[None]:
    """Arrays that a statement reads as a table: fifty times faster than lists of Python numbers as parameters."""
    warehouse.connection.register(name, dict(columns))
    try:
        yield
    finally:
        warehouse.connection.unregister(name)


def apply_judgements(
    warehouse: Warehouse, rules: Iterable[Rule], scopes: Mapping[str, str], *, related: bool = False
) -> None:
    """Give every membership the word of its best reader, else what was learned of it, else what its rule says.

    `scopes` holds the hash of each direction's scope as it now reads: what a model said of another one does not count.
    `related`: related papers are members too.
    """
    with warehouse.transaction():
        for rule in rules:
            warehouse.run(
                "write/memberships_judged",
                rule=rule.name,
                core_at=rule.threshold,
                any_at=rule.threshold_any,
                related=related,
                slugs=list(scopes),
                scopes=list(scopes.values()),
            )


# --- hits that rules leave undecided ----------------------------------------------------------------------------


def grey_hits(
    warehouse: Warehouse, rules: Iterable[Rule], version: str, scopes: Mapping[str, str]
) -> list[tuple[str, str, float]]:
    """(Direction, paper, the rule's probability) of hits in their rule's grey band that nobody has judged as they read.

    `version` is that of the question that models are asked, `scopes` as for `apply_judgements`.
    """
    found: list[tuple[str, str, float]] = []
    for rule in rules:
        columns = warehouse.columns(
            "read/grey_hits",
            rule=rule.name,
            low=rule.grey.low,
            high=rule.grey.high,
            version=version,
            slugs=list(scopes),
            scopes=list(scopes.values()),
        )
        found += zip(columns["direction"], columns["paper_id"], columns["rule_probability"].tolist(), strict=True)
    return found
