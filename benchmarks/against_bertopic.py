"""The whole way from vectors to trends: ours against a BERTopic topics-over-time script, same papers, same vectors.

BERTopic: fit_transform with the vectors given (UMAP, HDBSCAN, c-TF-IDF), then topics_over_time by month. Ours:
neighbours, communities, terms, counts by month, and the state of every cluster (growth with its interval), which
BERTopic does not give. Papers are those of one category, so that months can be compared. Each runs in a process of its
own; what numba compiles counts here, as it does for whoever runs such a script.

    python benchmarks/against_bertopic.py --corpus ../shared/corpus/arxiv_*.parquet --gold ../shared/gold --papers 20000

20,000 papers take under ten minutes on 2 cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from agreement import Papers, agreement, likeness, real, texts_of
from clustering import ours
from measuring import Measured, machine, measured_apart, print_table
from numpy.typing import NDArray

HEADER = (
    "way", "wall s", "CPU s", "peak MiB", "CPU against ours", "clusters", "noise", "rows of month and cluster",
    "AMI with gold", "B3 F1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a way says."""

    labels: NDArray[np.int32]
    rows: int
    """Of the table by month and cluster."""
    labelled: int
    """Clusters with terms."""


def littriage_way(papers: Papers, texts: list[tuple[str, str]]) -> Told:
    """Clusters, terms, months and states."""
    from littriage import signals
    from littriage.clusters.terms import characteristic_terms
    from littriage.panel import Panel
    from littriage.warehouse.derived import Text

    labels = ours(papers.vectors)
    count = int(labels.max()) + 1
    months = (papers.months - papers.months.min()).astype(int)
    counts = np.zeros((count, int(months.max()) + 1))
    np.add.at(counts, (labels, months), 1)
    sizes = np.broadcast_to(np.bincount(months), counts.shape).astype(float)
    first = papers.months.min().astype("datetime64[D]").item()
    assert isinstance(first, date)
    panel = Panel(tuple(map(str, range(count))), first.replace(day=1), counts, sizes, sizes > 0)
    signals.state(panel)
    groups = [np.flatnonzero(labels == number)[:50].tolist() for number in range(count)]
    terms = characteristic_terms([[Text(str(row), *texts[row]) for row in group] for group in groups], None)
    return Told(labels, int((counts > 0).sum()), sum(bool(one) for one in terms))


def bertopic_way(papers: Papers, texts: list[tuple[str, str]]) -> Told:
    """As its documentation has it, with the vectors given."""
    from bertopic import BERTopic

    documents = [f"{title}\n{abstract}" for title, abstract in texts]
    model = BERTopic()
    topics, _ = model.fit_transform(documents, embeddings=papers.vectors)
    months = papers.months.astype("datetime64[s]").tolist()  # not as text: pandas 3 breaks how BERTopic reads that
    table = model.topics_over_time(documents, months)
    return Told(np.asarray(topics, np.int32), len(table), len(model.get_topic_info()) - (-1 in topics))


WAYS: dict[str, Callable[[Papers, list[tuple[str, str]]], Told]] = {
    "littriage": littriage_way,
    "BERTopic": bertopic_way,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--papers", type=int, default=20_000)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--gold", type=Path, required=True, help="folder of relevance.csv and papers.parquet")
    parser.add_argument("--category", default="cs.CL")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    files = sorted(asked.corpus)
    papers = real(files, asked.gold, asked.papers, asked.seed, asked.category)
    rows, _ = texts_of(files, asked.gold, asked.papers, asked.seed, asked.category)
    texts = [(title, abstract) for _, title, abstract, _ in rows]
    print(machine("numpy", "faiss-cpu", "scikit-network", "bertopic", "umap-learn", "hdbscan"))
    print(f"{len(rows):,} papers of {asked.category}, {len(papers.judged)} judged", flush=True)
    found: dict[str, Measured] = {}
    for name, way in WAYS.items():
        found[name] = measured_apart(name, lambda way=way: way(papers, texts))
        print(f"{name}: {found[name].wall_s:.0f} s, {found[name].cpu_s:.0f} CPU s", flush=True)
    print_table(HEADER, [_row(one, found["littriage"], papers) for one in found.values()])
    alike, both = likeness(*(one.result.labels for one in found.values()))
    print(f"ARI of both: {alike:.3f} on the {100 * both:.0f}% that both put into a cluster")


def _row(one: Measured, own: Measured, papers: Papers) -> tuple[object, ...]:
    labels = one.result.labels
    whole = agreement(papers.direction, labels[papers.judged])
    return (
        one.name, one.wall_s, one.cpu_s, one.peak_mib, f"{one.cpu_s / own.cpu_s:.1f}", one.result.labelled,
        f"{100 * (labels < 0).mean():.0f}%", one.result.rows, f"{whole.mutual:.3f}", f"{whole.f1:.3f}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
