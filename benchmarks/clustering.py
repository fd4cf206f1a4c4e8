"""Clusters of a whole field: ours against UMAP + HDBSCAN, as BERTopic has them by default, and EVoC, same vectors.

Ours is the graph of nearest neighbours (littriage.neighbours), communities and rounds around means
(littriage.clusters.communities), from vectors to groups. Vectors are of real abstracts, by the fast tier's recipe with
all 384 axes; papers that people judged to be the core of a direction are put among them, and clusters are held against
that word. Noise counts as clusters of one paper each, and in brackets is left out. Each way runs in a process of its
own; what numba compiles is compiled before on 1,000 rows, and not counted. UMAP's own seed is left free, as BERTopic
leaves it: seeded it uses one core. Vectors and labels are kept in the temporary folder: a way may be run alone and is
set beside the others of the same papers.

    python benchmarks/clustering.py --corpus ../shared/corpus/arxiv_*.parquet --gold ../shared/gold --papers 300000
    python benchmarks/clustering.py ... --only ours

Without --corpus: synthetic rows around planted centres. 20,000 papers take two minutes on 2 cores, 300,000 take an
hour, nearly all of it UMAP's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from agreement import CACHE, Papers, agreement, likeness, real, synthetic
from measuring import machine, measured, measured_apart, print_table
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Labels = NDArray[np.int32]
SEED = 20210601
HEADER = (
    "way", "wall s", "CPU s", "peak MiB", "CPU against ours", "clusters", "median size", "largest", "noise",
    "AMI with gold", "B3 precision", "B3 recall", "B3 F1",
)  # fmt: skip


def ours(vectors: Vectors) -> Labels:
    """neighbours + communities."""
    from littriage.clusters.communities import communities
    from littriage.neighbours import graph, neighbours

    labels = np.full(len(vectors), -1, np.int32)
    for number, rows in enumerate(communities(graph(neighbours(vectors, seed=SEED)), vectors)):
        labels[rows] = number
    return labels


def umap_hdbscan(vectors: Vectors) -> Labels:
    """BERTopic's defaults."""
    from hdbscan import HDBSCAN
    from umap import UMAP

    low = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine").fit_transform(vectors)
    found = HDBSCAN(min_cluster_size=10, metric="euclidean", cluster_selection_method="eom").fit_predict(low)
    return np.asarray(found, np.int32)


def evoc(vectors: Vectors) -> Labels:
    """EVoC's defaults."""
    from evoc import EVoC

    return np.asarray(EVoC().fit_predict(vectors), np.int32)


WAYS: dict[str, Callable[[Vectors], Labels]] = {"ours": ours, "UMAP + HDBSCAN": umap_hdbscan, "EVoC": evoc}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--papers", type=int, default=20_000)
    parser.add_argument("--corpus", type=Path, nargs="+", help="Parquet files; without them rows are synthetic")
    parser.add_argument("--gold", type=Path, help="folder of relevance.csv and papers.parquet")
    parser.add_argument("--only", choices=list(WAYS), action="append")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    papers = (
        real(sorted(asked.corpus), asked.gold, asked.papers, asked.seed)
        if asked.corpus
        else synthetic(asked.papers, asked.seed)
    )
    name = f"{'real' if asked.corpus else 'synthetic'}-{asked.papers}-{asked.seed}"
    print(machine("numpy", "faiss-cpu", "scikit-network", "umap-learn", "hdbscan", "evoc", "numba"))
    print(f"{len(papers.ids):,} x {papers.vectors.shape[1]} vectors, {len(papers.judged)} judged", flush=True)
    for way in asked.only or list(WAYS):
        found = _measured(way, papers.vectors)
        np.savez(_kept(name, way), labels=found["labels"], figures=json.dumps(found["figures"]))
        print(f"{way}: {json.dumps(found['figures'])}", flush=True)
    _report(name, papers)


def _measured(way: str, vectors: Vectors) -> dict[str, Any]:
    """Labels, and what they cost."""

    def work() -> tuple[Labels, float, float]:
        WAYS[way](vectors[:1_000])
        found = measured(way, lambda: WAYS[way](vectors))
        return found.result, found.wall_s, found.cpu_s

    apart = measured_apart(way, work)
    labels, wall_s, cpu_s = apart.result
    return {"labels": labels, "figures": {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mib": apart.peak_mib}}


def _kept(name: str, way: str) -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    return CACHE / f"labels-{name}-{way.replace(' ', '')}.npz"


def _report(name: str, papers: Papers) -> None:
    labels: dict[str, Labels] = {}
    figures: dict[str, dict[str, float]] = {}
    for way in WAYS:
        if _kept(name, way).exists():
            with np.load(_kept(name, way)) as kept:
                labels[way], figures[way] = kept["labels"], json.loads(str(kept["figures"]))
    print_table(HEADER, [_row(way, labels[way], figures, papers) for way in labels])
    for one, other in combinations(labels, 2):
        alike, both = likeness(labels[one], labels[other])
        kept = (labels[one][papers.judged] >= 0) & (labels[other][papers.judged] >= 0)
        same = [agreement(papers.direction[kept], labels[way][papers.judged][kept]) for way in (one, other)]
        print(
            f"{one} and {other}: ARI {alike:.3f} on the {100 * both:.0f}% that both put into a cluster; AMI with gold "
            f"of the judged among them {same[0].mutual:.3f} and {same[1].mutual:.3f}"
        )


def _row(way: str, labels: Labels, figures: dict[str, dict[str, float]], papers: Papers) -> tuple[object, ...]:
    own = figures[way]
    whole = agreement(papers.direction, labels[papers.judged])
    kept = agreement(papers.direction, labels[papers.judged], kept_only=True)
    sizes = np.bincount(labels[labels >= 0]) if (labels >= 0).any() else np.zeros(1, int)
    ratio = f"{own['cpu_s'] / figures['ours']['cpu_s']:.1f}" if "ours" in figures else "-"
    noise = (labels < 0).mean()

    def both(name: str) -> str:
        left_out = f" ({getattr(kept, name):.3f})" if noise else ""
        return f"{getattr(whole, name):.3f}{left_out}"

    return (
        way, own["wall_s"], own["cpu_s"], own["peak_mib"], ratio, int((sizes > 0).sum()),
        f"{np.median(sizes):.0f}", int(sizes.max()), f"{100 * noise:.0f}%",
        both("mutual"), both("precision"), both("recall"), both("f1"),
    )  # fmt: skip


if __name__ == "__main__":
    main()
