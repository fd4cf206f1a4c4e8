"""What the benchmarks of clustering share: real papers with vectors, and how well clusters agree with people's word.

Not a benchmark itself.
"""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

CACHE = Path(tempfile.gettempdir()) / "littriage-benchmarks"
"""Where vectors and labels wait for the next run."""
DIM = 384
_RANK = 381
"""Axes of MiniLM's word pieces that carry anything: the last three are empty."""
_SYNTHETIC_SIZE = 250


@dataclass(frozen=True, slots=True)
class Papers:
    """Papers with their vectors; some of them have the word of people, the direction of which they are the core."""

    ids: NDArray[np.str_]
    months: NDArray[np.datetime64]
    vectors: NDArray[np.float32]
    """Unit rows."""
    judged: NDArray[np.int64]
    """Rows."""
    direction: NDArray[np.str_]
    """Of each judged row."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Clusters of the judged papers against their directions."""

    mutual: float
    """Adjusted mutual information: 0 for chance, 1 for the same groups (Vinh et al. 2010)."""
    precision: float
    """B-cubed (Bagga and Baldwin 1998): of the papers in a paper's cluster, the part with its direction, on average."""
    recall: float
    """Of the papers of its direction, the part in its cluster."""
    papers: int
    """That it is about."""

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def agreement(direction: NDArray[Any], labels: NDArray[Any], *, kept_only: bool = False) -> Agreement:
    """Noise, -1, is a cluster of its own for each paper; or left out with `kept_only`, which flatters."""
    from sklearn.metrics import adjusted_mutual_info_score

    noise = labels < 0
    labels = np.where(noise, labels.max(initial=0) + 1 + np.arange(len(labels)), labels)
    if kept_only:
        direction, labels = direction[~noise], labels[~noise]
    if not len(labels):
        return Agreement(0.0, 0.0, 0.0, 0)
    same_direction = direction[:, None] == direction[None]
    same_cluster = labels[:, None] == labels[None]
    both = (same_direction & same_cluster).sum(axis=1)
    return Agreement(
        float(adjusted_mutual_info_score(direction, labels)),
        float((both / same_cluster.sum(axis=1)).mean()),
        float((both / same_direction.sum(axis=1)).mean()),
        len(labels),
    )


def likeness(one: NDArray[Any], other: NDArray[Any]) -> tuple[float, float]:
    """Adjusted Rand index on the papers that both put into a cluster, and their part of all."""
    from sklearn.metrics import adjusted_rand_score

    kept = (one >= 0) & (other >= 0)
    return float(adjusted_rand_score(one[kept], other[kept])) if kept.any() else 0.0, float(kept.mean())


# --- papers -----------------------------------------------------------------------------------------------------


def texts_of(
    corpus: Sequence[Path], gold: Path | None, count: int, seed: int, category: str = ""
) -> tuple[list[tuple[str, str, str, date]], dict[str, str]]:
    """(id, title, abstract, month) of a sample of the corpus and all judged core papers, by id; and the word."""
    import duckdb

    connection = duckdb.connect()
    select = "select id, title, coalesce(abstract, ''), date_trunc('month', published)::date from read_parquet($files)"
    where = (
        " where abstract is not null and ($category = '' or list_contains(string_split(categories, ' '), $category))"
    )
    held = connection.execute(select + where, {"files": [str(one) for one in corpus], "category": category}).fetchall()
    held.sort()
    chosen = np.random.default_rng(seed).permutation(len(held))[:count]
    rows = {held[place][0]: held[place] for place in chosen}
    word: dict[str, str] = {}
    if gold is not None:
        with (gold / "relevance.csv").open(encoding="utf-8", newline="") as file:
            core = [(row["arxiv_id"], row["direction"]) for row in csv.DictReader(file) if row["label"] == "2"]
        times = Counter(id_ for id_, _ in core)
        judged = connection.execute(select, {"files": [str(gold / "papers.parquet")]}).fetchall()
        known = {row[0]: row for row in [*judged, *held]}
        word = {id_: direction for id_, direction in core if times[id_] == 1 and id_ in known}
        rows |= {id_: known[id_] for id_ in word}
    return [rows[id_] for id_ in sorted(rows)], word


def real(corpus: Sequence[Path], gold: Path | None, count: int, seed: int, category: str = "") -> Papers:
    """So many papers of the corpus and the judged ones, by the fast tier's recipe with all axes; kept in CACHE."""
    from threadpoolctl import threadpool_limits

    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"papers-{count}-{seed}-{category or 'all'}.npz"
    if not path.exists():
        rows, word = texts_of(corpus, gold, count, seed, category)
        with threadpool_limits(2):
            vectors = _embedder().encode([f"{title}\n{abstract}" for _, title, abstract, _ in rows])
        judged = np.array([place for place, row in enumerate(rows) if row[0] in word], np.int64)
        np.savez(
            path,
            ids=np.array([row[0] for row in rows]),
            months=np.array([row[3] for row in rows], "datetime64[M]"),
            vectors=vectors,
            judged=judged,
            direction=np.array([word[rows[place][0]] for place in judged.tolist()]),
        )
    with np.load(path) as kept:
        return Papers(**{name: kept[name] for name in ("ids", "months", "vectors", "judged", "direction")})


def synthetic(count: int, seed: int) -> Papers:
    """Rows around planted centres that are alike in families; 2,000 of them are "judged" by the centre."""
    random = np.random.default_rng(seed)
    centres = max(2, count // _SYNTHETIC_SIZE)
    families = random.standard_normal((max(1, centres // 10), DIM))
    means = families[random.integers(0, len(families), centres)] + random.standard_normal((centres, DIM))
    of = random.integers(0, centres, count)
    vectors = np.empty((count, DIM), np.float32)
    for first in range(0, count, 20_000):
        own = of[first : first + 20_000]
        rows = means[own] + 1.2 * random.standard_normal((len(own), DIM))
        vectors[first : first + 20_000] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    judged = np.sort(random.choice(count, min(2_000, count), replace=False))
    months = np.datetime64("2015-01", "M") + random.integers(0, 120, count)
    return Papers(np.arange(count).astype(str), months, vectors, judged, of[judged].astype(str))


def _embedder() -> Any:
    """The fast tier with all axes of MiniLM's word pieces in place of the 256 widest; distilled once."""
    from tokenizers import Tokenizer

    from littriage.embedding import fast
    from littriage.embedding.weights import packaged_minilm

    source = packaged_minilm()
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(512)
    path = CACHE / "pieces-384.npy"
    if not path.exists():
        with mock.patch.object(fast, "_DIM", _RANK):
            pieces = np.pad(fast._distilled(source, tokenizer), ((0, 0), (0, DIM - _RANK)))
        np.save(path, pieces)
    return fast.FastEmbedder("fast-384", DIM, np.load(path), tokenizer, str(CACHE))
