"""Compares the embedding tiers on your own papers: speed, nearness to MiniLM, and what they are worth for membership.

    python benchmarks/embedding_tiers.py CORPUS.parquet --papers 1500 [--gold GOLD.csv --gold-papers PAPERS.parquet]

MiniLM is the reference. Beside the fast tier stands its rival, TF-IDF with truncated SVD, fitted on the same papers:
it sees the whole corpus, later papers included, which the fast tier does not. MiniLM reads about 20 abstracts a second
on two CPU cores, so 1,500 papers take a minute or two.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
from fit_membership import read_papers

from littriage.directions import load_catalogue
from littriage.embedding import FAST, MINILM, load_fast, load_transformer
from littriage.evaluation import CORE, Judgement, cross_validated, judged_hits, load_judgements, measures
from littriage.model import Direction, Paper
from littriage.ports import Embedder
from littriage.resources import folder

NEIGHBOURS = 10


class TfidfEmbedder:
    """TF-IDF of words and pairs of words, brought to 256 dimensions by truncated SVD: fitted on `texts`."""

    model = tier = "tfidf-svd"
    dim = 256

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline

        self._steps = make_pipeline(
            TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2, ngram_range=(1, 2)),
            TruncatedSVD(self.dim, random_state=0),
        ).fit(list(texts))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        rows = self._steps.transform(list(texts)).astype(np.float32) + np.float32(1e-9)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def sample(path: Path, papers: int) -> list[str]:
    """Title and abstract of papers that have both, the same sample every time."""
    rows = duckdb.execute(
        "select title || chr(10) || abstract from read_parquet(?) "
        "where length(abstract) > 0 and length(title) > 0 order by md5(id) limit ?",
        [str(path), papers],
    ).fetchall()
    return [text for (text,) in rows]


def neighbours(rows: np.ndarray) -> np.ndarray:
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    return np.argsort(-cosines, axis=1)[:, :NEIGHBOURS]


def agreement(rows: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """Correlation of all pairwise cosines, and the part of the 10 nearest neighbours that both have."""
    pairs = np.triu_indices(len(rows), 1)
    correlation = np.corrcoef((rows @ rows.T)[pairs], (reference @ reference.T)[pairs])[0, 1]
    shared = [
        len(set(a.tolist()) & set(b.tolist())) for a, b in zip(neighbours(rows), neighbours(reference), strict=True)
    ]
    return float(correlation), float(np.mean(shared)) / NEIGHBOURS


def membership_f1(
    embedder: Embedder, gold: Sequence[Judgement], papers: list[Paper], directions: Sequence[Direction]
) -> tuple[float, float]:
    """F1 for core papers and Brier score of rule v2 on these vectors, each direction judged by the others' rule."""
    judged = judged_hits(gold, papers, directions, embedder)
    folds = cross_validated(judged)
    if folds is None:
        raise SystemExit("too few judgements: a rule cannot be fitted without each direction")
    members = judged.hit.copy()
    members[judged.hit] = folds.core
    core = judged.labels == CORE
    return measures(members, core)["f1"], float(((folds.probabilities - core[judged.hit]) ** 2).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--papers", type=int, default=1500)
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--gold-papers", type=Path)
    parser.add_argument("--queries", type=Path, default=None)
    parser.add_argument("--cache", type=Path, default=Path("models"), help="where the fast model is kept")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    if (options.gold is None) != (options.gold_papers is None):
        parser.error("--gold and --gold-papers go together")

    texts = sample(options.corpus, options.papers)
    if len(texts) <= TfidfEmbedder.dim:
        raise SystemExit(f"{options.corpus} gave {len(texts)} papers with title and abstract: too few to compare with")
    print(f"{len(texts)} papers with title and abstract, {np.mean([len(text) for text in texts]):.0f} characters each")
    directions = load_catalogue(options.queries or folder("queries")).directions
    gold = load_judgements(options.gold) if options.gold else ()
    gold_papers = read_papers(options.gold_papers) if options.gold else []
    loaders = {
        MINILM: lambda: load_transformer(device=options.device, precision="float32"),
        FAST: lambda: load_fast(options.cache),
        "tfidf-svd": lambda: TfidfEmbedder(texts + [paper.text for paper in gold_papers]),
    }
    reference = None
    for name, load in loaders.items():
        start = time.perf_counter()
        embedder = load()
        loaded = time.perf_counter()
        rows = embedder.encode(texts)
        rate = len(texts) / (time.perf_counter() - loaded)
        reference = rows if reference is None else reference
        correlation, shared = agreement(rows, reference)
        line = (
            f"{name:10s} dim {embedder.dim:4d}  ready in {loaded - start:5.1f} s  {rate:7.0f} texts/s"
            f"  cosines' correlation with MiniLM {correlation:.3f}  neighbours shared {shared:.3f}"
        )
        if gold:
            f1, brier = membership_f1(embedder, gold, gold_papers, directions)
            line += f"  membership F1 {f1:.3f}, Brier {brier:.4f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
