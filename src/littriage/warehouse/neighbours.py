"""Graphs of nearest neighbours, kept in files beside the warehouse and brought up to date with a model's vectors.

A graph knows its rows by a key of the paper and its text, which stays where the file of vectors is rewritten. Each
write makes a new file and then, in one transaction, names it in the table: whoever is killed leaves the old graph or
the new one, and a file that nothing names goes with the next write. A graph that is lost or damaged is made anew.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from littriage.neighbours import K, Lists, Neighbours, neighbours, updated, without
from littriage.warehouse.vectors import settle, taken, writing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from littriage.warehouse.file import Warehouse

    Keys = NDArray[np.uint64]

FOLDER = "neighbours"
_WAY = "v1"
"""Version of how a graph is made and laid down."""
_ENDING = ".npz"


@dataclass(frozen=True, slots=True)
class StoredGraph:
    """The neighbours of a model's vectors."""

    places: NDArray[np.int64]
    """The place of each row of the graph in the model's file of vectors, shape (rows,): in no order, none twice."""
    neighbours: Neighbours


def current(
    warehouse: Warehouse, model: str, places: NDArray[Any] | Sequence[int], *, seed: int, k: int = K
) -> StoredGraph:
    """The graph of the vectors at these places, made from the stored one and stored in turn.

    Only the vectors that the stored graph lacks, and the rows that lose a neighbour, cost anything. The rows come in
    the graph's own order: first those that it had. Raises ValueError where a place stands twice or is no paper's, and
    VectorsLost as warehouse.vectors does.
    """
    wanted = np.asarray(places, np.int64)
    keys = _keys(warehouse, model, wanted)
    if not len(wanted):
        return StoredGraph(wanted, neighbours(np.empty((0, 1), np.float32), k, seed=seed))
    made_with = f"{_WAY} k={k} seed={seed}"
    old = _stored(warehouse, model, made_with)
    kept = np.isin(old[0], keys) if old else np.empty(0, np.bool_)
    order = _order(old[0][kept] if old else keys[:0], keys)
    if old and kept.all() and len(kept) == len(keys):
        return StoredGraph(wanted[order], old[1])
    vectors = taken(warehouse, model, wanted[order])
    if old and kept.any():
        left = without(old[1], vectors[: kept.sum()], ~kept, seed=seed)
        graph = updated(left, vectors, seed=seed)
    else:
        graph = neighbours(vectors, k, seed=seed)
    _store(warehouse, model, keys[order], graph, made_with)
    return StoredGraph(wanted[order], graph)


def _keys(warehouse: Warehouse, model: str, places: NDArray[np.int64]) -> Keys:
    columns = warehouse.columns("read/vector_keys", model=model)
    order = np.argsort(columns["place"])
    known = columns["place"][order]
    at = np.searchsorted(known, places)
    if len(np.unique(places)) != len(places):
        raise ValueError(f"a vector of {model} stands twice among those whose neighbours are asked for")
    if (at == len(known)).any() or (known[at] != places).any():
        raise ValueError(f"some of the places whose neighbours are asked for hold no paper's vector of {model}")
    keys: Keys = columns["key"][order][at].astype(np.uint64)
    return keys


def _order(first: Keys, keys: Keys) -> NDArray[np.int64]:
    """Where `keys` holds each of `first`, in their order, and then all others."""
    by_key = np.argsort(keys)
    at = by_key[np.searchsorted(keys, first, sorter=by_key)]
    others = np.ones(len(keys), np.bool_)
    others[at] = False
    return np.concatenate([at, np.flatnonzero(others)])


# --- files ------------------------------------------------------------------------------------------------------


def _stored(warehouse: Warehouse, model: str, made_with: str) -> tuple[Keys, Neighbours] | None:
    """The keys of the rows, and the graph; None where there is none that can be built upon."""
    for (name,) in warehouse.rows("read/neighbour_graph", model=model, made_with=made_with):
        try:
            with np.load(warehouse.folder / FOLDER / name, allow_pickle=False) as kept:
                return _unpacked(dict(kept))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
    return None


def _store(warehouse: Warehouse, model: str, keys: Keys, graph: Neighbours, made_with: str) -> None:
    folder = warehouse.folder / FOLDER
    content = hashlib.blake2b(keys.tobytes() + graph.indices.tobytes(), digest_size=8).hexdigest()
    own = hashlib.sha256(model.encode()).hexdigest()[:8]
    path = folder / f"{own}-{content}{_ENDING}"
    with writing(path):
        folder.mkdir(exist_ok=True)
        with path.open("wb") as file:
            np.savez(file, **_packed(keys, graph))
            settle(file, folder)
    with warehouse.transaction():
        warehouse.insert(
            "neighbour_graph",
            {"model": [model]},
            file=path.name,
            k=graph.indices.shape[1],
            rows=len(keys),
            method=graph.method,
            made_with=made_with,
        )
    with writing(folder):
        for other in folder.glob(f"{own}-*{_ENDING}"):
            if other != path:
                other.unlink()


def _packed(keys: Keys, graph: Neighbours) -> dict[str, Any]:
    arrays: dict[str, Any] = {"keys": keys, "indices": graph.indices, "cosines": graph.cosines}
    arrays["recall"] = np.float64(graph.recall)
    if (lists := graph.lists) is not None:
        arrays |= {"centres": lists.centres, "of": lists.of}
        arrays["numbers"] = np.array([lists.probes, lists.reach, lists.measured], np.int64)
    return arrays


def _unpacked(arrays: dict[str, NDArray[Any]]) -> tuple[Keys, Neighbours]:
    lists = Lists(arrays["centres"], arrays["of"], *arrays["numbers"].tolist()) if "centres" in arrays else None
    return arrays["keys"], Neighbours(arrays["indices"], arrays["cosines"], float(arrays["recall"]), lists)
