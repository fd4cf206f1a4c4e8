"""Embedding on a CPU: plain `SentenceTransformer.encode` against littriage in every precision that this machine has.

    python benchmarks/embedding_cpu.py [--papers 192] [--rounds 3] [--corpus PAPERS.parquet]
        [--gold GOLD.csv --gold-papers PAPERS.parquet]

The same abstracts go through each in turn, round by round, and the best round counts. Cosines are to plain encode; the
arithmetic limit is what the forward pass of exactly these tokens would take at the rate of a large product of matrices
in PyTorch, in float32 and in bf16. Without --corpus the abstracts are made up of MiniLM's words. With --gold it also
says what each is worth for membership: F1 for core papers, each direction judged by the others' rule, and how many
labels of the shipped rule differ from those in float32. With the extra `cpu` installed OpenVINO's precisions are there.
About three minutes on two cores.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from embedding_parts import forward_flops, matmul_rate, real_texts, salads
from fit_membership import read_papers
from measuring import Measured, machine, measured, print_table
from sentence_transformers import SentenceTransformer

from littriage.directions import load_catalogue
from littriage.embedding import load_fast, load_transformer, packaged_minilm
from littriage.embedding.batches import tokenized
from littriage.embedding.networks import TorchNetwork
from littriage.evaluation import CORE, cross_validated, judged_hits, load_judgements, measures
from littriage.membership import rule_for
from littriage.ports import Embedder
from littriage.resources import folder

NEIGHBOURS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--gold-papers", type=Path)
    options = parser.parse_args()
    if (options.gold is None) != (options.gold_papers is None):
        parser.error("--gold and --gold-papers go together")
    texts = (
        real_texts(options.corpus, options.papers)
        if options.corpus
        else ["\n".join(pair) for pair in salads(options.papers)]
    )
    print(machine("torch", "transformers", "sentence-transformers", "tokenizers", "openvino", "nncf"))
    with tempfile.TemporaryDirectory() as cache:
        _compare(texts, options, Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "littriage", cache)


def _compare(texts: list[str], options: argparse.Namespace, fast_cache: Path, cache: str) -> None:
    plain = SentenceTransformer(
        str(packaged_minilm()), device="cpu", model_kwargs={"dtype": "float32"}, local_files_only=True
    )
    ours = _embedders(Path(cache), fast_cache)
    ways: dict[str, Callable[[list[str]], np.ndarray]] = {
        "plain encode": lambda some: plain.encode(some, show_progress_bar=False),
        **{name: one.encode for name, one in ours.items()},
    }
    for way in ways.values():
        way(texts[:8])  # compiled, loaded, warm
    best: dict[str, Measured] = {}
    for _ in range(options.rounds):
        for name, way in ways.items():
            found = measured(name, partial(way, texts))
            known = best.get(name, found)
            best[name] = replace(found, wall_s=min(found.wall_s, known.wall_s), cpu_s=min(found.cpu_s, known.cpu_s))

    reference = best["plain encode"]
    gold = _membership(ours, options) if options.gold else {}
    rows = []
    for name, one in best.items():
        same = one.result.shape == reference.result.shape
        cosines = (one.result * reference.result).sum(axis=1) if same else np.array([np.nan])
        rows.append(
            [
                name,
                one.wall_s / len(texts) * 1000,
                one.cpu_s / len(texts) * 1000,
                reference.wall_s / one.wall_s,
                reference.cpu_s / one.cpu_s,
                f"{cosines.mean():.5f}" if same else "other space",
                f"{cosines.min():.5f}" if same else "",
                _shared_neighbours(one.result, reference.result),
                *gold.get(name, ("", "") if options.gold else ()),
            ]
        )
    lengths = tokenized(ours["float32, PyTorch"].parts.tokenizer, texts).lengths
    flops = forward_flops(plain[0].auto_model.config, lengths)
    for dtype in ("float32", "bfloat16"):
        # A bare product leaves no time to Python: wall clock and processor time are the same but for the cores.
        found = measured("", lambda dtype=dtype: matmul_rate("cpu", dtype, 1536))
        seconds, cores = flops / found.result, found.cpu_s / found.wall_s
        rows.append(
            [f"arithmetic limit, {dtype}", seconds / len(texts) * 1000, seconds * cores / len(texts) * 1000,
             reference.wall_s / seconds, reference.cpu_s / (seconds * cores), "", "", "",
             *(("", "") if options.gold else ())]
        )  # fmt: skip
    source = options.corpus.name if options.corpus else "made-up abstracts"
    print(f"{len(texts)} texts ({source}), {lengths.mean():.0f} tokens each, best of {options.rounds} rounds\n")
    print_table(
        ["way", "ms a paper", "CPU ms a paper", "times as fast", "in CPU time", "cosine, mean", "worst",
         f"neighbours shared of {NEIGHBOURS}", *(["F1 core", "labels that differ"] if options.gold else [])],
        rows,
    )  # fmt: skip


def _embedders(cache: Path, fast_cache: Path) -> dict[str, Embedder]:
    """Every way that this machine has, by name."""
    import torch

    found: dict[str, Embedder] = {}
    if all(importlib.util.find_spec(name) for name in ("openvino", "nncf")):
        for precision in ("float32", "bf16", "int8"):
            found[f"{precision}, OpenVINO"] = load_transformer(device="cpu", precision=precision, cache=cache)
    single = load_transformer(device="cpu", precision="float32", cache=cache)
    network = TorchNetwork(single.parts.whole[0].auto_model.eval(), torch.device("cpu"), "mean")
    return {
        "float32, PyTorch": replace(single, _parts=replace(single.parts, network=network)),
        **found,
        "fast tier": load_fast(fast_cache),
    }


def _shared_neighbours(rows: np.ndarray, reference: np.ndarray) -> float:
    """The part of the nearest neighbours by cosine that both have."""

    def nearest(vectors: np.ndarray) -> np.ndarray:
        cosines = vectors @ vectors.T
        np.fill_diagonal(cosines, -2)
        return np.argsort(-cosines, axis=1)[:, :NEIGHBOURS]

    pairs = zip(nearest(rows), nearest(reference), strict=True)
    return float(np.mean([len(set(a.tolist()) & set(b.tolist())) for a, b in pairs])) / NEIGHBOURS


def _membership(ours: dict[str, Embedder], options: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """F1 for core papers, and labels of the shipped rule that differ from float32's, by way."""
    directions = load_catalogue(folder("queries")).directions
    judgements, papers = load_judgements(options.gold), read_papers(options.gold_papers)
    found: dict[str, tuple[str, str]] = {}
    known: np.ndarray | None = None
    for name, embedder in ours.items():
        judged = judged_hits(judgements, papers, directions, embedder)
        folds = cross_validated(judged)
        if folds is None:
            raise SystemExit("too few judgements: a rule cannot be fitted without each direction")
        members = judged.hit.copy()
        members[judged.hit] = folds.core
        rule = rule_for(embedder.model)
        core = rule.probabilities(judged.features) >= rule.threshold
        related = rule.probabilities_any(judged.features) >= rule.threshold_any
        labels = np.where(core, 2, related)
        known = labels if known is None else known
        f1 = measures(members, judged.labels == CORE)["f1"]
        found[name] = f"{f1:.3f}", f"{int((labels != known).sum())} of {len(labels)}"
    return found


if __name__ == "__main__":
    main()
