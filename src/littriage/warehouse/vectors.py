"""Vectors, in files beside the warehouse: for each model a matrix of unit rows, read by memory map.

A file is nothing but rows, one after another (row-major, little-endian, all float32 or all float16), so that loading it
costs a memory copy at most, and any process may read it while one writes. DuckDB knows which row is whose, and which
file counts.

Rows are only appended: first to the file, then, in one transaction, to the table; what a killed writer has left behind
the last committed row is overwritten. A file that is rewritten (another type of number, rows that are no paper's any
more) is written whole under a new name; one transaction makes it the one that counts, and moves every place; then the
old one goes. Killed before that transaction the old file counts, killed after it the new one; the one that does not
count is removed by the next `tidied`.

A file may get lost, or be replaced by that of another warehouse, where a user copies the database alone. The table
keeps a digest of the last rows: whoever opens the file compares it (VectorsLost), and `healed` forgets the vectors of a
lost file, so that the texts are embedded again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from littriage.errors import LittriageError, VectorsLost
from littriage.warehouse.file import disk_full

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from littriage.warehouse.derived import Text
    from littriage.warehouse.file import Warehouse

FOLDER = "vectors"
KINDS = ("float32", "float16")
"""Types of number that a file may hold."""
LARGE = 16 * 2**20
"""Bytes from which on dead rows are worth a rewriting."""
_DEAD = 0.25
_TAIL = 64
_AT_ONCE = 20_000


# --- written ----------------------------------------------------------------------------------------------------


def store(
    warehouse: Warehouse, texts: Sequence[Text], vectors: NDArray[np.floating[Any]], model: str, kind: str = ""
) -> None:
    """Keep unit rows, shape (len(texts), dim), each in place of an older one of the same paper and model.

    Of rows of one paper the last one stands. `kind`, of KINDS, is the type of a file that is made now (empty: float32);
    one that is there keeps its own. Raises VectorsLost where that is not usable (`healed` helps), DiskFull, and
    ValueError for other shapes than before and for a warehouse in memory, which has no folder.
    """
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise ValueError(f"{len(texts)} texts came with vectors of shape {vectors.shape}")
    if not len(texts):
        return
    dim = int(vectors.shape[1])
    held = _held(warehouse, model)
    if held and held.dim != dim:
        raise ValueError(f"{model} made vectors of {held.dim} numbers before, and now of {dim}")
    if held:
        held.rows_of_file()  # nothing is added to a file that is not the one
    file = held or _File(_free_name(warehouse, model), dim, _type(kind), 0, "")
    with writing(file.path), file.path.open("r+b" if held else "xb") as opened:
        opened.seek(file.size)
        opened.truncate()
        opened.write(np.ascontiguousarray(vectors, file.dtype).data)
        settle(opened, file.path.parent if not held else None)
    places = {text.id: (text.text_hash, file.rows + number) for number, text in enumerate(texts)}
    with warehouse.transaction():
        warehouse.insert(
            "vector",
            {
                "paper_id": list(places),
                "text_hash": [text_hash for text_hash, _ in places.values()],
                "place": [place for _, place in places.values()],
            },
            model=model,
        )
        _commit(warehouse, model, file.grown(file.rows + len(texts)))


def healed(warehouse: Warehouse, model: str) -> int:
    """How many vectors of a model were lost with their file, and are forgotten now: their texts have none any more.

    A file that is there and is not the one that the table means is kept as `<name>.unfit`: it may be another
    warehouse's. Nothing is done about a file that cannot be opened for another reason: LittriageError.
    """
    held = _held(warehouse, model)
    if held is None:
        return 0
    try:
        held.rows_of_file()
    except VectorsLost:
        (lost,) = warehouse.one("read/vector_count", model=model)
    else:
        return 0
    with writing(held.path):
        if held.path.exists():
            held.path.replace(held.path.with_name(f"{held.path.name}.unfit"))
    with warehouse.transaction():
        warehouse.run("write/vectors_forgotten", model=model)
        warehouse.run("write/vector_file_forgotten", model=model)
    return int(lost)


def tidied(warehouse: Warehouse, model: str, kind: str = "") -> bool:
    """Whether a model's file had to be rewritten, and was: in numbers of `kind`, without the rows that are dead.

    It has to be where `kind`, of KINDS, is another type than the file's (empty: any will do), and where it is LARGE and
    more than a quarter of its rows were replaced by newer ones. Files of the model that do not count are removed.
    """
    held = _held(warehouse, model)
    if held is None:
        return False
    (alive,) = warehouse.one("read/vector_count", model=model)
    wanted = _type(kind) if kind else held.dtype
    rewrite = wanted != held.dtype or (held.size >= LARGE and held.rows - alive > _DEAD * held.rows)
    if rewrite:
        held = _rewritten(warehouse, model, held, wanted)
    stem = re.escape(_stem(model))
    for path in held.path.parent.iterdir():
        if path != held.path and re.fullmatch(rf"{stem}\.\d+\.rows", path.name):
            _remove(path)
    return rewrite


def _rewritten(warehouse: Warehouse, model: str, held: _File, wanted: np.dtype[Any]) -> _File:
    """A new file with the rows that papers have, in the order of the old one, which is gone then."""
    columns = warehouse.columns("read/vector_places", model=model)
    own = Slice(columns["id"], columns["place"], held.rows_of_file())
    made = _File(_free_name(warehouse, model), held.dim, wanted, 0, "")
    try:
        with writing(made.path), made.path.open("xb") as opened:
            for _, rows in own._pieces(_AT_ONCE):  # of the same type they stay as they are, to the last bit
                same = rows.dtype == wanted
                opened.write(np.ascontiguousarray(rows if same else _as_units(rows), wanted).data)
            settle(opened, made.path.parent)
    except BaseException:
        _remove(made.path)
        raise
    with warehouse.transaction():
        warehouse.run("write/vectors_moved", model=model)
        _commit(warehouse, model, made.grown(len(own.places)))
    _remove(held.path)
    return made


def _commit(warehouse: Warehouse, model: str, file: _File) -> None:
    """Make it the file that counts, within a transaction."""
    warehouse.insert(
        "vector_file",
        {"model": [model]},
        file=file.path.name,
        dim=file.dim,
        dtype=file.dtype.name,
        rows=file.rows,
        tail=_digest(file.rows_of_file()),
    )


def take_over_blobs(warehouse: Warehouse) -> None:
    """Move the vectors that an older littriage kept in the database into files; killed, it goes on with the rest."""
    from littriage.warehouse.derived import Text

    for model, _ in warehouse.rows("read/vector_blob_models"):
        healed(warehouse, model)
        while rows := warehouse.rows("read/vector_blobs", model=model, limit=_AT_ONCE):
            texts = [Text(id_, "", None, (), text_hash) for id_, text_hash, _ in rows]
            values = np.frombuffer(b"".join(value for _, _, value in rows), dtype="<f4").reshape(len(rows), -1)
            store(warehouse, texts, values, model)
            with warehouse.transaction():
                warehouse.run("write/vector_blobs_forgotten", model=model, ids=[text.id for text in texts])


# --- read -------------------------------------------------------------------------------------------------------


def matrix(warehouse: Warehouse, model: str) -> NDArray[Any]:
    """Every row ever stored of a model, in the order of places: a read-only memory map, shape (rows, dim).

    float32 or float16, as it was stored. No rows: shape (0, 0). Raises VectorsLost where the file is gone, cut, or
    another one than the table means.
    """
    held = _held(warehouse, model)
    return np.empty((0, 0), np.float32) if held is None else held.rows_of_file()


def taken(warehouse: Warehouse, model: str, places: NDArray[Any] | Sequence[int]) -> NDArray[np.float32]:
    """The rows at these places, in their order; float32, shape (len(places), dim), or (0, 0) for no places.

    Rows kept in float16 are scaled to length 1 again. Raises VectorsLost as `matrix` does.
    """
    if not len(places):
        return np.empty((0, 0), np.float32)
    return _as_units(matrix(warehouse, model)[np.asarray(places, np.int64)])


@dataclass(frozen=True, slots=True)
class Slice:
    """Some papers' rows of a model's file, in its order. Nothing is read before it is asked for, and never all."""

    ids: NDArray[np.object_]
    """Of the papers, shape (papers,)."""
    places: NDArray[np.int64]
    """Of their rows, ascending, shape (papers,)."""
    rows: NDArray[Any]
    """The whole file: as `matrix` gives it."""

    def blocks(self, size: int = _AT_ONCE) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Which of the papers, and their rows, float32, at most `size` at a time.

        Rows that lie together are a read-only view of the file where it holds float32; others are gathered, and those
        kept in float16 are scaled to length 1 again.
        """
        for own, rows in self._pieces(size):
            yield own, _as_units(rows)

    def _pieces(self, size: int) -> Iterator[tuple[slice, NDArray[Any]]]:
        """The same, in numbers as they are kept."""
        for first in range(0, len(self.places), size):
            own = slice(first, min(first + size, len(self.places)))
            places = self.places[own]
            together = places[-1] - places[0] + 1 == len(places)
            yield own, self.rows[places[0] : places[-1] + 1] if together else self.rows[places]

    def bitmap(self) -> NDArray[np.uint8]:
        """A bit for every row of the file, 1 for those of the slice, as faiss.IDSelectorBitmap takes it."""
        inside = np.zeros(len(self.rows), np.bool_)
        inside[self.places] = True
        return np.packbits(inside, bitorder="little")


def _as_units(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Rows as float32; what float16 has rounded is scaled to length 1 again, which halves the error of near cosines."""
    found = np.asarray(rows, np.float32)
    if rows.dtype == np.float16:
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        found /= np.where(lengths > 0, lengths, 1)
    return found


def before(warehouse: Warehouse, model: str, day: date) -> Slice:
    """The countable papers that were published before a day. Raises VectorsLost as `matrix` does."""
    columns = warehouse.columns("read/vector_places_before", model=model, day=day)
    return Slice(columns["id"], columns["place"], matrix(warehouse, model))


# --- files ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """A model's file, as far as it is committed."""

    path: Path
    dim: int
    dtype: np.dtype[Any]
    rows: int
    tail: str
    """Digest of the last rows; empty: not known."""

    @property
    def size(self) -> int:
        return self.rows * self.dim * self.dtype.itemsize

    def grown(self, rows: int) -> _File:
        """The same file with so many rows, whose digest is not known yet."""
        return _File(self.path, self.dim, self.dtype, rows, "")

    def rows_of_file(self) -> NDArray[Any]:
        """The committed rows by memory map. Raises VectorsLost; LittriageError where the file cannot be opened."""
        if not self.rows:
            return np.empty((0, self.dim), self.dtype)
        try:
            found = np.memmap(self.path, self.dtype, mode="r", shape=(self.rows, self.dim))
        except FileNotFoundError as error:
            raise self._lost("is gone") from error
        except ValueError as error:  # the map would be longer than the file
            raise self._lost(f"is shorter than the {self.rows:,} vectors that the warehouse counts on") from error
        except OSError as error:
            raise LittriageError(f"{self.path} cannot be read: {error.strerror}", path=str(self.path)) from error
        if self.tail and _digest(found) != self.tail:
            raise self._lost("holds other vectors than the warehouse counts on, such as those of another warehouse")
        return found

    def _lost(self, fault: str) -> VectorsLost:
        return VectorsLost(
            f'{self.path} {fault}: put the right file back, or run "littriage embed" to make its vectors anew',
            path=str(self.path),
        )


def _held(warehouse: Warehouse, model: str) -> _File | None:
    """The file that counts; None where the model has given no vector yet."""
    for name, dim, dtype, rows, tail in warehouse.rows("read/vector_file", model=model):
        return _File(warehouse.folder / FOLDER / name, dim, np.dtype(dtype).newbyteorder("<"), rows, tail)
    return None


def _free_name(warehouse: Warehouse, model: str) -> Path:
    """Where a new file of a model goes: no file has that name."""
    if warehouse.one("read/database_path") == (None,):
        raise ValueError("a warehouse in memory has no folder to keep vectors in")
    folder = warehouse.folder / FOLDER
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while (path := folder / f"{_stem(model)}.{number}.rows").exists():
        number += 1
    return path


def _stem(model: str) -> str:
    """What the names of a model's files begin with: like its own, and no other model's."""
    like = re.sub(r"[^A-Za-z0-9._-]+", "-", model)[:80].strip("-.")
    return f"{like}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"


def _type(kind: str) -> np.dtype[Any]:
    if kind not in ("", *KINDS):
        raise ValueError(f"vectors are kept in {' or '.join(KINDS)}, not in {kind!r}")
    return np.dtype(kind or KINDS[0]).newbyteorder("<")


def _digest(rows: NDArray[Any]) -> str:
    """Of the last rows."""
    return hashlib.blake2b(np.ascontiguousarray(rows[-_TAIL:]).data, digest_size=8).hexdigest()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A failure to write as what a user can do something about."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(path) from error
        raise LittriageError(f"{path} cannot be written: {error.strerror}", path=str(path)) from error


def settle(opened: Any, folder: Path | None) -> None:
    """Wait until the disk has a file, and its name where its folder is given."""
    opened.flush()
    os.fsync(opened.fileno())
    if folder and os.name == "posix":
        of_folder = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(of_folder)
        finally:
            os.close(of_folder)


def _remove(path: Path) -> None:
    """Delete a file that does not count; where another process holds it open (Windows), the next `tidied` does."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        return
