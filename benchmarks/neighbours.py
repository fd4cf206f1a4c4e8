"""What the graph of the 15 nearest neighbours costs: littriage against exact FAISS and scikit-learn, and its updates.

    python benchmarks/neighbours.py [--vectors 300000] [--dim 384] [--warehouse DIR] [--weeks 10] [--new 0.01]

The vectors are made here (see `made`): their cosines, their intrinsic dimension, and the lists that must be looked
through are like those of real abstracts; an even cloud would be harder and well-parted topics easier. With --warehouse,
they are the real ones of the model there with the most vectors, in a random order.

Prints two tables. The first sets the exact way, FAISS's and ours, against the approximate one, by size: it tells where
one should give way to the other (EXACT_UP_TO). The second is about all vectors. Comparing all of 300,000 takes many
minutes, so that FAISS and scikit-learn answer a part of the rows, said in the table, and their time is scaled up: the
work for a row is the same for each, and scikit-learn gets as many as it takes at once by itself. Recall is the part of
the true neighbours of the same rows that was found. The updates start from a graph without the newest papers and bring
these in week by week; that row is the mean of a week, its recall that after the last week, and the line below says
what part the new and the older papers found. Every way runs in a process of its own; peak memory holds the vectors.
Takes about five minutes on two cores.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from measuring import Measured, machine, measured, measured_apart, print_table
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from littriage.neighbours import EXACT_UP_TO, K, Neighbours, neighbours, updated

Vectors = NDArray[np.float32]
SEED = 1
FIELDS, TOPICS = 60, 2_000
DECAY = 0.3
"""Of the standard deviation with the number of the axis, which leaves about 120 axes that count (participation ratio);
static vectors of 300,000 abstracts of arXiv have 90."""
SHARED, OF_TOPIC = 0.6, 0.4
"""How much all papers have in common, and those of a topic: as of those vectors, the mean row has length 0.6, and the
15th neighbour a cosine of about 0.6 (there 0.7)."""


def made(count: int, dim: int, seed: int) -> Vectors:
    """Unit rows of topics of very different sizes, which lie in fields and run into each other."""
    random = np.random.default_rng(seed)
    spread = np.arange(1, dim + 1) ** -DECAY
    spread /= np.linalg.norm(spread)
    fields = random.standard_normal((FIELDS, dim))
    topics = 0.7 * (fields[random.integers(0, FIELDS, TOPICS)] + random.standard_normal((TOPICS, dim))) * spread
    sizes = random.pareto(1.2, TOPICS) + 0.1
    shared = SHARED * random.standard_normal(dim) / np.sqrt(dim)
    centres = (shared + OF_TOPIC * topics).astype(np.float32)
    rows = random.standard_normal((count, dim), np.float32)
    rows *= (0.8 * np.sqrt(1 - OF_TOPIC**2) * spread).astype(np.float32)
    rows += centres[random.choice(TOPICS, count, p=sizes / sizes.sum())]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def real(folder: Path, count: int, seed: int) -> tuple[Vectors, str]:
    """Rows of a warehouse, in a random order, and their model."""
    from littriage.warehouse import Warehouse
    from littriage.warehouse.vectors import taken

    with Warehouse.read_only(folder) as warehouse:
        query = "select model, list(place) from vector group by model order by count(*) desc limit 1"
        model, places = warehouse.connection.execute(query).fetchall()[0]
        return taken(warehouse, model, np.random.default_rng(seed).permutation(places)[:count]), model


def faiss_exact(vectors: Vectors, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The true neighbours of these rows."""
    _, found = faiss.knn(vectors[rows], vectors, K + 1, metric=faiss.METRIC_INNER_PRODUCT)
    return np.array([[other for other in others if other != row][:K] for row, others in zip(rows, found, strict=True)])


def sklearn_exact(vectors: Vectors, rows: NDArray[np.int64]) -> None:
    NearestNeighbors(n_neighbors=K + 1, metric="cosine", algorithm="brute").fit(vectors).kneighbors(vectors[rows])


def faiss_all(vectors: Vectors) -> None:
    faiss.knn(vectors, vectors, K + 1, metric=faiss.METRIC_INNER_PRODUCT)


def ours(vectors: Vectors, exact_up_to: int) -> None:
    neighbours(vectors, seed=SEED, exact_up_to=exact_up_to)


def recall(found: Neighbours, rows: NDArray[np.int64], true: NDArray[np.int64]) -> float:
    return float((found.indices[rows][:, :, None] == true[:, None, :]).any(axis=1).mean())


def build(vectors: Vectors, rows: NDArray[np.int64], true: NDArray[np.int64]) -> tuple[str, float, Measured]:
    """Method, recall, and the time of the making alone."""
    work = measured("", lambda: neighbours(vectors, seed=SEED))
    found: Neighbours = work.result
    return found.method, recall(found, rows, true), Measured("", work.wall_s, work.cpu_s, 0)


def weekly(vectors: Vectors, rows: NDArray[np.int64], true: NDArray[np.int64], new: int, weeks: int) -> dict[str, Any]:
    """Seconds of each week, and recall after the last: of all rows, of new ones, and of old ones."""
    start = len(vectors) - weeks * new
    found = neighbours(vectors[:start], seed=SEED)
    wall, cpu = [], []
    for week in range(1, weeks + 1):
        work = measured("", partial(updated, found, vectors[: start + week * new], seed=SEED))
        found = work.result
        wall.append(work.wall_s)
        cpu.append(work.cpu_s)
    young = rows >= start
    return {
        "wall": float(np.mean(wall)),
        "cpu": float(np.mean(cpu)),
        "slowest": max(cpu),
        "all": recall(found, rows, true),
        "new": recall(found, rows[young], true[young]),
        "old": recall(found, rows[~young], true[~young]),
        "method": found.method,
    }


def by_size(vectors: Vectors, sizes: list[int]) -> None:
    print(f"\nCPU seconds by size, k = {K} (littriage is exact up to {EXACT_UP_TO:,})\n")
    rows = []
    for size in sizes:
        part = vectors[:size]
        times = [
            measured_apart(name, work).cpu_s
            for name, work in (
                ("faiss", partial(faiss_all, part)),
                ("exact", partial(ours, part, size)),
                ("lists", partial(ours, part, 0)),
            )
        ]
        rows.append((size, *times))
    print_table(("vectors", "FAISS exact", "littriage exact", "littriage with lists"), rows)


def whole(vectors: Vectors, queries: int, new: float, weeks: int) -> None:
    count = len(vectors)
    rows = np.sort(np.random.default_rng(SEED + 1).choice(count, min(queries, count), replace=False))
    few = rows[: 2**27 // count]  # scikit-learn's working memory, 1 GiB, in float64
    exact = measured_apart("FAISS exact", partial(faiss_exact, vectors, rows))
    true = exact.result
    sklearn = measured_apart("scikit-learn", partial(sklearn_exact, vectors, few))
    graph = measured_apart("littriage", partial(build, vectors, rows, true))
    method, found, alone = graph.result
    more = max(int(new * count), 1)
    update = measured_apart("updates", partial(weekly, vectors, rows, true, more, weeks))
    week = update.result
    all_cpu = exact.cpu_s * count / len(rows)

    def scaled(name: str, work: Measured, part: int) -> tuple[object, ...]:
        wall, cpu = work.wall_s * count / part, work.cpu_s * count / part
        return f"{name} (scaled from {part:,} rows)", wall, cpu, 1.0, all_cpu / cpu, work.peak_mib

    print(f"\nThe {K} nearest neighbours of {count:,} vectors of {vectors.shape[1]} numbers\n")
    print_table(
        ("way", "wall s", "CPU s", "recall", "times faster than FAISS exact (CPU)", "peak MiB"),
        (
            scaled("scikit-learn brute, cosine", sklearn, len(few)),
            scaled("FAISS exact, knn", exact, len(rows)),
            (f"littriage: {method}", alone.wall_s, alone.cpu_s, found, all_cpu / alone.cpu_s, graph.peak_mib),
            (
                f"littriage: a week's {more:,} more, mean of {weeks} weeks",
                week["wall"],
                week["cpu"],
                week["all"],
                all_cpu / week["cpu"],
                update.peak_mib,
            ),
        ),
    )
    print(
        f"\nA week costs {week['cpu'] / alone.cpu_s:.1%} of a new graph for {new:.1%} more papers; the dearest took "
        f"{week['slowest']:.1f} CPU s. After {weeks} weeks the recall of the papers that came is {week['new']:.3f}, of "
        f"those before {week['old']:.3f}: {week['method']}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=300_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--warehouse", type=Path, help="take the real vectors of this warehouse")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 20_000, 40_000], help="of the first table")
    parser.add_argument("--queries", type=int, default=1_000, help="rows on which recall is measured")
    parser.add_argument("--new", type=float, default=0.01, help="a week's papers, as a part of all")
    parser.add_argument("--weeks", type=int, default=10)
    options = parser.parse_args()
    if options.weeks < 1 or not 0 < options.weeks * options.new < 1:
        parser.error("--weeks times --new must leave papers to start from")

    if options.warehouse:
        vectors, origin = real(options.warehouse, options.vectors, SEED)
    else:
        vectors, origin = made(options.vectors, options.dim, SEED), "made here"
    print(f"{machine('numpy', 'faiss-cpu', 'scikit-learn')}; vectors: {origin}")
    if options.sizes:
        by_size(vectors, [size for size in options.sizes if size <= len(vectors)])
    whole(vectors, options.queries, options.new, options.weeks)


if __name__ == "__main__":
    main()
