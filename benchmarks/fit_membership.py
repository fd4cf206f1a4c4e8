"""Fits membership rule v1 to judged pairs and prints the table for littriage/membership.py.

    python benchmarks/fit_membership.py GOLD.csv --papers PAPERS.parquet [--queries FOLDER] [--model minilm]

With it: precision, recall and F1 for core papers under cross-validation over directions, for the lexical rule and for
each set of features, so that it shows what each feature adds. Takes about half a minute per 500 pairs with MiniLM.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np

from littriage.directions import load_catalogue
from littriage.embed import FAST, MINILM, load_fast, load_transformer
from littriage.evaluation import CORE, JudgedHits, cross_validated, fit_rule, judged_hits, load_judgements, measures
from littriage.membership import FEATURES, MEMBERSHIP_RULE
from littriage.model import Paper
from littriage.ports import Embedder
from littriage.resources import folder

FEATURE_SETS = (
    ("similarity",),
    ("in_title", "title_groups"),
    ("similarity", "in_title"),
    ("similarity", "title_groups"),
    FEATURES,
)


def read_papers(path: Path) -> list[Paper]:
    rows = duckdb.execute(
        "select id, title, abstract, categories, published from read_parquet(?) order by id", [str(path)]
    ).fetchall()
    return [
        Paper(id_, title, abstract, (), tuple((categories or "").split()), published)
        for id_, title, abstract, categories, published in rows
    ]


def load(model: str, cache: Path) -> Embedder:
    return load_fast(cache) if model == FAST else load_transformer(model)


def only(judged: JudgedHits, features: tuple[str, ...]) -> JudgedHits:
    return replace(judged, features=judged.features[:, [FEATURES.index(feature) for feature in features]])


def line(label: str, members: np.ndarray, judged: JudgedHits) -> str:
    core, any_ = measures(members, judged.labels == CORE), measures(members, judged.labels > 0)
    return (
        f"  {label:38s} core P {core['precision']:.3f} R {core['recall']:.3f} F1 {core['f1']:.3f}"
        f"   core or related F1 {any_['f1']:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--queries", type=Path, default=None)
    parser.add_argument("--model", action="append", help=f"{MINILM}, {FAST}, or a model's folder; may be repeated")
    parser.add_argument("--cache", type=Path, default=Path("models"))
    options = parser.parse_args()

    directions = load_catalogue(options.queries or folder("queries")).directions
    judgements = load_judgements(options.gold)
    papers = read_papers(options.papers)
    table = []
    for model in options.model or (FAST, MINILM):
        embedder = load(model, options.cache)
        judged = judged_hits(judgements, papers, directions, embedder)
        core = judged.labels == CORE
        print(f"{embedder.model}: {len(core)} pairs, {judged.hit.sum()} hits, {(core & judged.hit).sum()} of them core")
        for reason, pairs in judged.skipped.items():
            print(f"  skipped, {reason}: {', '.join(pairs)}")
        print(line("lexical rule", judged.hit, judged))
        print(line("lexical rule within its categories", judged.hit & judged.in_field, judged))
        for features in FEATURE_SETS:
            chosen = only(judged, features)
            folds = cross_validated(chosen)
            if folds is None:
                raise SystemExit("too few judgements: a rule cannot be fitted without each direction")
            members = judged.hit.copy()
            members[judged.hit] = folds[1]
            brier = ((folds[0] - core[judged.hit]) ** 2).mean()
            print(f"{line(' + '.join(features), members, judged)}   Brier {brier:.4f}")
        name = embedder.model.partition("@")[0]
        rule = fit_rule(f"{MEMBERSHIP_RULE}/{name}", judged.features, core[judged.hit], int((core & ~judged.hit).sum()))
        if rule is not None:
            weights = ", ".join(f"{weight:.3f}" for weight in rule.weights)
            table.append(f'    "{name}": Rule("{rule.name}", {rule.intercept:.3f}, ({weights}), {rule.threshold:.3f}),')
    print("\nRULES: Mapping[str, Rule] = {", *table, "}", sep="\n")


if __name__ == "__main__":
    main()
