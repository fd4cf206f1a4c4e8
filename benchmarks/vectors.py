"""How long it takes to load vectors, what float16 loses, and what a slice of them costs.

    python benchmarks/vectors.py [--papers 300000] [--dim 384] [--warehouse DIR]

Papers with unit vectors in 500 bundles are stored in a new warehouse in the folder for temporary files, as the embed
stage does; beside it the same vectors one blob a row in a DuckDB file, as littriage kept them before. Then, the best of
five: a copy of the matrix in memory; the same from the file, through the memory map; after the file has left the page
cache (Linux: posix_fadvise(2); on some file systems it stays); from the blobs; into a FAISS index; from float16. Each
row is set beside the copy in memory. The slice holds the papers before the day that half of them were published by, the
papers stored in the order of time as the embed stage stores them. Peaks are of processes of their own, above what a
process has that does nothing; pages of the file that a memory map has read are counted, though the system may drop
them.

Neighbours are the 15 nearest of 2,000 papers, by exact search, on vectors as stored in float32 and in float16; with
--warehouse on the vectors of that warehouse (its largest model; only read), else on the bundles. Three minutes for
300,000 papers on two cores, 2 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import faiss
import numpy as np
from measuring import Measured, machine, measured, measured_apart, print_table
from numpy.typing import NDArray

from littriage.warehouse import Warehouse, vectors
from littriage.warehouse.derived import Text

SEED = 20210601
MODEL = "bundles@1"
SHARD = 8_192
K = 15
QUERIES = 2_000
FIRST_DAY = date(2010, 1, 1)

Floats = NDArray[np.float32]


def bundles(papers: int, dim: int) -> Floats:
    """Unit vectors around 500 centres."""
    random = np.random.default_rng(SEED)
    centres = random.standard_normal((500, dim), np.float32)
    found = centres[random.integers(500, size=papers)]
    found += 1.2 * random.standard_normal((papers, dim), np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def filled(folder: Path, rows: Floats) -> Measured:
    """Store papers, a hundred a day, and their vectors in shards; the time of the vectors."""
    with Warehouse.open(folder) as warehouse:
        ids = [f"{2000 + number // 50_000:04d}.{number % 50_000:05d}" for number in range(len(rows))]
        for first in range(0, len(ids), 50_000):
            own = ids[first : first + 50_000]
            days = [FIRST_DAY + timedelta(days=(first + number) // 100) for number in range(len(own))]
            warehouse.insert(
                "paper",
                {"id": own, "published": days, "month": [day.replace(day=1) for day in days]},
                title="T", authors=["A"], categories=["cs.CL"], date_kind="submitted", text_hash="h", source="s",
                in_field=True,
            )  # fmt: skip
        texts = [Text(paper, "", None, (), "h") for paper in ids]

        def stored() -> None:
            for first in range(0, len(texts), SHARD):
                vectors.store(warehouse, texts[first : first + SHARD], rows[first : first + SHARD], MODEL)

        return measured(f"stored, {SHARD:,} at a time", stored)


def blobs(path: Path, rows: Floats) -> None:
    """The same vectors as an older littriage kept them."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table vector_blob (paper_id text, value blob)")
        for first in range(0, len(rows), SHARD):
            values = [row.tobytes() for row in rows[first : first + SHARD]]
            ids = [f"{first + number:08d}" for number in range(len(values))]
            connection.execute(
                "insert into vector_blob select unnest($ids::text[]), unnest($values::blob[])",
                {"ids": ids, "values": values},
            )


def of_blobs(path: Path, dim: int) -> Floats:
    """All of them as a matrix, in the way of an older littriage."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute("select value from vector_blob order by paper_id").fetchnumpy()["value"]
    return np.frombuffer(b"".join(found), np.float32).reshape(-1, dim)


def out_of_cache(path: Path) -> None:
    """Ask the system to forget what it holds of a file."""
    with path.open("rb") as opened:
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def best(name: str, work: Callable[[], Any], before: Callable[[], None] = lambda: None) -> Measured:
    """The one of five times that took least of the processor; the result is not kept."""
    found = []
    for _ in range(5):
        before()
        one = measured(name, work)
        found.append(Measured(one.name, one.wall_s, one.cpu_s, 0.0))
    return min(found, key=lambda one: one.cpu_s)


def indexed(rows: NDArray[Any]) -> Any:
    """An exact FAISS index of the rows."""
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return index


def loading(warehouse: Warehouse, rows: Floats, old: Path) -> list[Measured]:
    """Ways to have the whole matrix in memory, the copy of it first."""
    path = warehouse.folder / vectors.FOLDER / warehouse.one("read/vector_file", model=MODEL)[0]
    places = np.arange(len(rows))
    found = [
        best("copy in memory", rows.copy),
        best("memory map, copied", lambda: np.array(vectors.matrix(warehouse, MODEL))),
        best("the same, not in the page cache", lambda: np.array(vectors.matrix(warehouse, MODEL)),
             lambda: out_of_cache(path)),
        best("memory map, every number read in place", lambda: vectors.matrix(warehouse, MODEL).sum()),
        best("taken(), all places", lambda: vectors.taken(warehouse, MODEL, places)),
        best("FAISS index, of an array", lambda: indexed(rows)),
        best("FAISS index, of the memory map", lambda: indexed(vectors.matrix(warehouse, MODEL))),
        best("blobs of DuckDB, joined", lambda: of_blobs(old, rows.shape[1])),
        best("ids and places alone", lambda: warehouse.columns("read/vector_places", model=MODEL)),
    ]  # fmt: skip
    out_of_cache(old)
    size = path.stat().st_size
    print(f"\nfiles: float32 {size / 2**20:,.0f} MiB, blobs {old.stat().st_size / 2**20:,.0f} MiB")
    found.append(measured("converted to float16 and put in place", lambda: vectors.tidied(warehouse, MODEL, "float16")))
    found.append(best("float16, taken(), all places", lambda: vectors.taken(warehouse, MODEL, places)))
    vectors.tidied(warehouse, MODEL, "float32")
    return found


def slices(folder: Path, day: date, query: Floats) -> list[Measured]:
    """Cosines to one vector of the papers before a day, and nearest papers of FAISS; each with its peak of memory."""

    def own() -> vectors.Slice:
        with Warehouse.read_only(folder) as warehouse:
            return vectors.before(warehouse, MODEL, day)

    def by_blocks() -> float:
        return max(float((rows @ query).max()) for _, rows in own().blocks())

    def copied() -> float:
        found = own()
        return float((np.array(found.rows[found.places]) @ query).max())

    def selected() -> float:
        found = own()
        index, bits = indexed(found.rows), found.bitmap()
        only = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        return float(index.search(query[None], 1, params=only)[0][0, 0])

    def indexed_apart() -> float:
        found = own()
        return float(indexed(np.ascontiguousarray(found.rows[found.places])).search(query[None], 1)[0][0, 0])

    def scattered() -> float:
        found = own()
        some = np.sort(np.random.default_rng(SEED).choice(len(found.rows), len(found.places), replace=False))
        apart = vectors.Slice(found.ids, some, found.rows)
        return max(float((rows @ query).max()) for _, rows in apart.blocks())

    idle = measured_apart("nothing", lambda: own().places.size).peak_mib
    found = [
        measured_apart("blocks, papers in the order of time", by_blocks),
        measured_apart("blocks, as many papers anywhere", scattered),
        measured_apart("copied, then compared", copied),
        measured_apart("FAISS index of all, selector", selected),
        measured_apart("FAISS index of a copy", indexed_apart),
    ]
    same = {one.name: one.result for one in found if "anywhere" not in one.name}
    assert np.allclose(list(same.values()), next(iter(same.values())), atol=1e-5), same
    return [Measured(one.name, one.wall_s, one.cpu_s, one.peak_mib - idle) for one in found]


def loss(rows: Floats) -> list[tuple[object, ...]]:
    """What float16 costs: error of cosines, and nearest papers that are missed."""
    random = np.random.default_rng(SEED)
    queries = np.sort(random.choice(len(rows), min(QUERIES, len(rows)), replace=False))
    half = rows.astype(np.float16).astype(np.float32)
    scaled = half / np.linalg.norm(half, axis=1, keepdims=True)
    true, nearest = neighbours(rows, queries)
    pairs = random.choice(len(rows), 200_000), random.choice(len(rows), 200_000)
    table = []
    for name, other in (("float16", half), ("float16, scaled to length 1 as it is read", scaled)):
        cosines, found = neighbours(other, queries)
        shared = [len(set(one) & set(two)) for one, two in zip(nearest.tolist(), found.tolist(), strict=True)]
        far = np.einsum("ij,ij->i", rows[pairs[0]], rows[pairs[1]], dtype=np.float64)
        far = np.abs(np.einsum("ij,ij->i", other[pairs[0]], other[pairs[1]], dtype=np.float64) - far)
        near = np.abs(cosines - true)
        table.append(
            (
                name,
                f"{np.mean(shared) / nearest.shape[1]:.5f}",
                f"{near.mean():.1e}",
                f"{far.mean():.1e}",
                f"{max(near.max(), far.max()):.1e}",
                f"{np.abs(np.linalg.norm(other.astype(np.float64), axis=1) - 1).max():.1e}",
            )
        )
    return table


def neighbours(rows: Floats, queries: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """Cosines and numbers of the K nearest of each query, itself left out."""
    cosines, found = faiss.knn(rows[queries], rows, K + 1, metric=faiss.METRIC_INNER_PRODUCT)
    own = found == queries[:, None]
    own[~own.any(axis=1), -1] = True  # a copy of the paper came first
    return cosines[~own].reshape(len(queries), -1), found[~own].reshape(len(queries), -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=300_000, metavar="N")
    parser.add_argument("--dim", type=int, default=384, metavar="N")
    parser.add_argument("--warehouse", type=Path, metavar="DIR", help="real vectors for what float16 loses")
    options = parser.parse_args()
    rows = bundles(options.papers, options.dim)
    print(machine("numpy", "duckdb", "faiss-cpu"))
    print(f"{options.papers:,} papers, {options.dim} numbers each, {rows.nbytes / 2**20:,.0f} MiB")
    with tempfile.TemporaryDirectory(prefix="littriage-vectors-") as name:
        folder = Path(name)
        stored = filled(folder, rows)
        blobs(folder / "blobs.duckdb", rows)
        with Warehouse.open(folder) as warehouse:
            found = loading(warehouse, rows, folder / "blobs.duckdb")
        print()
        copy, others = found[0], [*found[1:], stored]
        print_table(
            ("the whole matrix", "s", "CPU s", "times the copy", "in CPU s"),
            [
                (one.name, one.wall_s, one.cpu_s, one.wall_s / copy.wall_s, one.cpu_s / copy.cpu_s)
                for one in (copy, *others)
            ],
        )
        print()
        day = FIRST_DAY + timedelta(days=options.papers // 200)
        print_table(
            (f"{options.papers // 200 * 100:,} papers before a day", "s", "CPU s", "peak MiB"),
            [(one.name, one.wall_s, one.cpu_s, one.peak_mib) for one in slices(folder, day, rows[0])],
        )
    whose = f"{len(rows):,} vectors in bundles"
    if options.warehouse:
        with Warehouse.read_only(options.warehouse) as warehouse:
            model = warehouse.rows("read/vector_models")[0][0]
            rows = np.array(vectors.matrix(warehouse, model), np.float32)
        whose = f"{len(rows):,} vectors of {model}"
    print(f"\n{whose}\n")
    print_table(
        (
            "", f"recall of the nearest {K}", "error of near cosines, mean", "of any cosines, mean", "largest error",
            "largest error of a length",
        ),
        loss(rows),
    )  # fmt: skip


if __name__ == "__main__":
    main()
