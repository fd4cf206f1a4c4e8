"""Vectors, in files beside the warehouse: for each model a matrix of unit rows, read by memory map.

A file is nothing but rows, one after another (row-major, little-endian), so that loading it costs a memory copy at
most, and any process may read it while one writes. DuckDB knows which row is whose. Rows are only appended: first to
the file, then, in one transaction, to the table; what a killed writer has left behind the last committed row is
overwritten.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from littriage.errors import LittriageError
from littriage.warehouse.file import translated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from littriage.warehouse.derived import Text
    from littriage.warehouse.file import Warehouse

FOLDER = "vectors"
_BLOBS_AT_ONCE = 20_000


def store(warehouse: Warehouse, texts: Sequence[Text], vectors: NDArray[np.float32], model: str) -> None:
    """Keep unit rows, float32, shape (len(texts), dim), each in place of an older one of the same paper and model."""
    if not len(texts):
        return
    path, rows, dtype = _file(warehouse, model, int(vectors.shape[1]))
    _append(path, rows, np.asarray(vectors, dtype))
    with warehouse.transaction():
        warehouse.insert(
            "vector",
            {
                "paper_id": [text.id for text in texts],
                "text_hash": [text.text_hash for text in texts],
                "place": range(rows, rows + len(texts)),
            },
            model=model,
        )
        warehouse.insert(
            "vector_file",
            {"model": [model]},
            file=path.name,
            dim=int(vectors.shape[1]),
            dtype=dtype.name,
            rows=rows + len(texts),
        )


def matrix(warehouse: Warehouse, model: str) -> NDArray[Any]:
    """Every row ever stored of a model, in the order of places: a read-only memory map, shape (rows, dim).

    float32 or float16, as it was stored. No rows: shape (0, 0). Raises LittriageError where the file is gone or cut.
    """
    found = warehouse.rows("read/vector_file", model=model)
    if not found or found[0][3] == 0:
        return np.empty((0, 0), np.float32)
    name, dim, dtype, rows = found[0]
    path = warehouse.folder / FOLDER / name
    try:
        return np.memmap(path, dtype=np.dtype(dtype).newbyteorder("<"), mode="r", shape=(rows, dim))
    except (OSError, ValueError) as error:
        raise LittriageError(
            f"{path} does not hold the {rows:,} vectors that the warehouse counts on: {error}; put the file back, or "
            f"delete it and run littriage again to make its vectors anew",
            path=str(path),
        ) from error


def taken(warehouse: Warehouse, model: str, places: NDArray[Any] | Sequence[int]) -> NDArray[np.float32]:
    """The rows at these places, in their order; float32, shape (len(places), dim), or (0, 0) for no places."""
    if not len(places):
        return np.empty((0, 0), np.float32)
    return np.ascontiguousarray(matrix(warehouse, model)[np.asarray(places, np.int64)], dtype=np.float32)


def take_over_blobs(warehouse: Warehouse) -> None:
    """Move the vectors that an older littriage kept in the database into files; killed, it goes on with the rest."""
    from littriage.warehouse.derived import Text

    for model, _ in warehouse.rows("read/vector_blob_models"):
        while rows := warehouse.rows("read/vector_blobs", model=model, limit=_BLOBS_AT_ONCE):
            texts = [Text(id_, "", None, (), text_hash) for id_, text_hash, _ in rows]
            values = np.frombuffer(b"".join(value for _, _, value in rows), dtype="<f4").reshape(len(rows), -1)
            store(warehouse, texts, values, model)
            with warehouse.transaction():
                warehouse.run("write/vector_blobs_forgotten", model=model, ids=[text.id for text in texts])


def _file(warehouse: Warehouse, model: str, dim: int) -> tuple[Path, int, np.dtype[Any]]:
    """Where a model's rows go, how many are committed there, and their type."""
    folder = warehouse.folder / FOLDER
    found = warehouse.rows("read/vector_file", model=model)
    if not found:
        return folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', model)}.rows", 0, np.dtype("<f4")
    name, known_dim, dtype, rows = found[0]
    if known_dim != dim:
        raise ValueError(f"{model} made vectors of {known_dim} numbers before, and now of {dim}")
    return folder / name, rows, np.dtype(dtype).newbyteorder("<")


def _append(path: Path, rows: int, values: NDArray[Any]) -> None:
    """Write rows behind the committed ones, and wait until the disk has them."""
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.seek(rows * values.shape[1] * values.itemsize)
            file.truncate()
            file.write(np.ascontiguousarray(values).tobytes())
            file.flush()
            os.fsync(file.fileno())
