"""How long rule v2 takes to score papers against the whole catalogue, given their vectors.

    python benchmarks/semantic_scoring.py [--papers 100000] [--hits 0.5] [--model minilm] [--repeat 3]

Vectors are random unit rows, prototypes those of the catalogue. Hits are drawn at the rate given, by which a paper of
machine learning hits about half a direction; some papers are exemplars. Prints seconds, the best of the repeats, for
features and probabilities, for memberships as the pipeline makes them, and for the bare product of papers and
prototypes, with the ratio to it: the ratio is what can be compared between machines.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from littriage.directions import load_catalogue
from littriage.embedding import FAST, MINILM, load_fast, load_transformer
from littriage.membership import hit_features, memberships, prototypes, rule_for
from littriage.model import LexicalHit
from littriage.resources import folder

EXEMPLARS_SHARE = 0.005


def best(repeat: int, work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--hits", type=float, default=0.5, help="directions that a paper hits, on average")
    parser.add_argument("--model", choices=(FAST, MINILM), default=MINILM)
    parser.add_argument("--cache", type=Path, default=Path("models"))
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()

    directions = load_catalogue(folder("queries")).directions
    embedder = (
        load_fast(options.cache) if options.model == FAST else load_transformer(device="cpu", precision="float32")
    )
    made = prototypes(directions, embedder)
    random = np.random.default_rng(0)
    vectors = random.standard_normal((options.papers, embedder.dim), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    ids = [f"{number:05d}.{number:05d}" for number in range(options.papers)]
    exemplars = list(made.rows_without)
    for number in random.choice(options.papers, int(options.papers * EXEMPLARS_SHARE), replace=False):
        ids[number] = exemplars[number % len(exemplars)]
    slugs = [direction.slug for direction in directions]
    hits = [
        tuple(
            LexicalHit(slugs[chosen], False, 0, 2, int(random.integers(1, 4)), float(random.uniform(0.05, 1)))
            for chosen in np.sort(random.choice(len(slugs), count, replace=False))
        )
        for count in random.poisson(options.hits, options.papers)
    ]
    rule = rule_for(embedder.model)

    def score() -> None:
        features = hit_features(made, ids, vectors, hits)
        rule.probabilities(features)
        rule.probabilities_any(features)

    rows = made.matrix[: len(directions)].T
    product = best(options.repeat, lambda: vectors @ rows)
    scored = best(options.repeat, score)
    whole = best(options.repeat, lambda: memberships(made, ids, vectors, hits))
    print(f"{options.papers:,} papers, {sum(map(len, hits)):,} hits, {len(directions)} directions, {embedder.model}")
    for what, seconds in (("bare product", product), ("features and probabilities", scored), ("memberships", whole)):
        print(f"  {what:28s} {seconds:7.3f} s   {seconds / product:6.1f} x the bare product")


if __name__ == "__main__":
    main()
