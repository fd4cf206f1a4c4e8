"""Fits membership rule v2 to judged pairs and prints the table for littriage/membership.py.

    python benchmarks/fit_membership.py GOLD.csv --papers PAPERS.parquet [--further-papers PARQUET ...] [--model minilm]

With it, for each model: precision, recall and F1 for core papers with each direction judged by a rule that has not
seen it, for the lexical rule and for each set of features; the same with five folds and with three and five directions
left out, drawn again and again; trained on the one set of judgements and tried on the other; and each direction beside
the lexical rule alone. --further-papers holds the texts of the judged hits that come with littriage: their features are
made anew and written to src/littriage/evaluation/judged_hits.csv. Takes about half a minute per 500 pairs with MiniLM.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np

from littriage import evaluation
from littriage.directions import load_catalogue
from littriage.embedding import FAST, MINILM, load_fast, load_transformer
from littriage.evaluation import (
    CORE,
    Folds,
    JudgedHits,
    Judgement,
    cross_validated,
    f1_intervals,
    further_hits,
    judged_hits,
    load_judgements,
    measures,
)
from littriage.membership import FEATURES, MEMBERSHIP_RULE, Curve, Rule, grey_band
from littriage.model import Direction, Paper
from littriage.ports import Embedder
from littriage.resources import folder

FURTHER = Path(evaluation.__file__).with_name("judged_hits.csv")
FEATURE_SETS = (
    ("similarity",),
    ("repeated", "reach"),
    ("similarity", "nearer"),
    ("similarity", "reach"),
    ("similarity", "repeated", "reach"),
    FEATURES,
)
DRAWS = 20


def read_papers(paths: Path | Sequence[Path]) -> list[Paper]:
    rows = duckdb.execute(
        "select id, title, abstract, categories, published from read_parquet(?, union_by_name = true) order by id",
        [[str(path) for path in ([paths] if isinstance(paths, Path) else paths)]],
    ).fetchall()
    return [
        Paper(id_, title, abstract, (), tuple((categories or "").split()), published)
        for id_, title, abstract, categories, published in rows
    ]


def load(model: str, cache: Path) -> Embedder:
    return load_fast(cache) if model == FAST else load_transformer(model, precision="float32")


# --- measures ---------------------------------------------------------------------------------------------------


def without(judged: JudgedHits, features: tuple[str, ...]) -> JudgedHits:
    """The same with every other feature constant, so that it has no weight."""
    kept = np.isin(FEATURES, features)
    return replace(judged, features=np.where(kept, judged.features, 0.0))


def on_pairs(judged: JudgedHits, decided: np.ndarray) -> np.ndarray:
    members = judged.hit.copy()
    members[judged.hit] = decided
    return members


def log_loss(judged: JudgedHits, probabilities: np.ndarray) -> float:
    core = judged.labels[judged.hit] == CORE
    return float(-np.log(np.where(core, probabilities, 1 - probabilities)).mean())


def line(label: str, judged: JudgedHits, folds: Folds | None) -> str:
    decided = np.ones(int(judged.hit.sum()), bool) if folds is None else folds.core
    core = measures(on_pairs(judged, decided), judged.labels == CORE)
    text = f"  {label:44s} P {core['precision']:.3f} R {core['recall']:.3f} F1 {core['f1']:.3f}"
    return text if folds is None else f"{text}   log loss {log_loss(judged, folds.probabilities):.4f}"


def need(folds: Folds | None) -> Folds:
    if folds is None:
        raise SystemExit("too few judgements: a rule cannot be fitted without some of the directions")
    return folds


def drawn_folds(slugs: Sequence[str], size: int | None, parts: int | None) -> Iterator[list[list[str]]]:
    """DRAWS divisions of the directions, at random: into so many parts, or into parts of so many."""
    random = np.random.default_rng(0)
    for _ in range(DRAWS):
        order = list(random.permutation(sorted(slugs)))
        count = parts or -(-len(order) // (size or 1))
        yield [order[place::count] for place in range(count)]


def shifted(judged: JudgedHits, further: JudgedHits | None) -> None:
    slugs = sorted(set(judged.directions.tolist()))
    for label, size, parts in (
        ("5 folds of directions", None, 5),
        ("3 directions left out", 3, None),
        ("5 directions left out", 5, None),
    ):
        f1s, losses = [], []
        for folds in drawn_folds(slugs, size, parts):
            found = need(cross_validated(judged, further, folds))
            f1s.append(measures(on_pairs(judged, found.core), judged.labels == CORE)["f1"])
            losses.append(log_loss(judged, found.probabilities))
        print(
            f"  {label:44s} F1 {np.mean(f1s):.3f} ({min(f1s):.3f} to {max(f1s):.3f} in {DRAWS} draws)"
            f"   log loss {np.mean(losses):.4f}"
        )


def beside_lexical(judged: JudgedHits, folds: Folds) -> None:
    members, core = on_pairs(judged, folds.core), judged.labels == CORE
    intervals = f1_intervals({"lexical": judged.hit, "rule": members}, core, judged.directions)
    print("  90% intervals over directions: " + ", ".join(f"{name} {ends}" for name, ends in intervals.items()))
    gains = {}
    for slug in sorted(set(judged.directions.tolist())):
        chosen = judged.directions == slug
        rule, lexical = (measures(one[chosen], core[chosen])["f1"] for one in (members, judged.hit))
        if rule is not None:
            gains[slug] = (rule - lexical, rule, lexical)
    lost = {slug: gain for slug, (gain, _, _) in gains.items() if gain < -1e-9}
    by = f", by {-np.mean(list(lost.values())):.3f} on average" if lost else ""
    print(f"  worse than phrases alone in {len(lost)} of {len(gains)} directions{by}")
    for slug, (gain, rule, lexical) in sorted(gains.items(), key=lambda one: one[1]):
        print(f"    {slug:36s} {gain:+.3f}   rule {rule:.3f}   phrases {lexical:.3f}")


def together(first: JudgedHits, second: JudgedHits) -> JudgedHits:
    return JudgedHits(
        directions=np.concatenate([first.directions, second.directions]),
        labels=np.concatenate([first.labels, second.labels]),
        hit=np.concatenate([first.hit, second.hit]),
        in_field=np.concatenate([first.in_field, second.in_field]),
        features=np.concatenate([first.features, second.features]),
        skipped={},
    )


def tried(trained: JudgedHits, on: JudgedHits) -> Folds:
    """The one judged by a rule fitted to the other."""
    rule = trained.fitted("")
    if rule is None:
        raise SystemExit("too few judgements: a rule cannot be fitted")
    core, either = rule.probabilities(on.features), rule.probabilities_any(on.features)
    return Folds(core, core >= rule.threshold, either, (core >= rule.threshold) | (either >= rule.threshold_any))


# --- the judged hits that come with littriage -------------------------------------------------------------------


def write_further(directions: Sequence[Direction], papers: Sequence[Paper], embedders: Mapping[str, Embedder]) -> None:
    """Features of the judged hits anew; the labels stay."""
    judgements = sorted(load_judgements(FURTHER), key=lambda one: (one.direction, one.paper_id))
    rows: list[dict[str, object]] = [
        {"direction": one.direction, "arxiv_id": one.paper_id, "label": one.label} for one in judgements
    ]
    for tier, embedder in embedders.items():
        judged = judged_hits(judgements, papers, directions, embedder)
        if judged.skipped or not judged.hit.all():
            raise SystemExit(f"judged hits without text or that are no hits any more: {judged.skipped}")
        for row, features in zip(rows, judged.features, strict=True):
            values = dict(zip(FEATURES, (round(float(value), 6) for value in features), strict=True))
            row |= {"repeated": int(values["repeated"]), "reach": values["reach"]}
            row |= {f"{name}_{tier}": values[name] for name in ("similarity", "nearer")}
    with FURTHER.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{FURTHER}: {len(rows)} judged hits of {len({one.direction for one in judgements})} directions")


# --- the table --------------------------------------------------------------------------------------------------


def shown(curve: Curve) -> str:
    return f"Curve({curve.intercept:.3f}, ({', '.join(f'{weight:.3f}' for weight in curve.weights)}))"


def fitted_rule(name: str, judged: JudgedHits, further: JudgedHits | None) -> Rule:
    """The rule fitted to everything, its grey band from rules that had not seen the direction."""
    everything = judged if further is None else together(judged, further)
    folds, rule = need(cross_validated(everything)), everything.fitted(name)
    if rule is None:
        raise SystemExit("too few judgements: a rule cannot be fitted")
    return replace(rule, grey=grey_band(folds.probabilities, everything.labels[everything.hit] == CORE))


def table_entry(tier: str, rule: Rule) -> str:
    return "\n".join(
        [
            f'    "{tier}": Rule(',
            f'        name="{rule.name}",',
            f"        core={shown(rule.core)},",
            f"        threshold={rule.threshold:.3f},",
            f"        any={shown(rule.any)},",
            f"        threshold_any={rule.threshold_any:.3f},",
            f"        grey=GreyBand({rule.grey.low:.3f}, {rule.grey.high:.3f}),",
            "    ),",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--further-papers", type=Path, nargs="+")
    parser.add_argument("--queries", type=Path, default=None)
    parser.add_argument("--model", action="append", help=f"{MINILM}, {FAST}, or a model's folder; may be repeated")
    parser.add_argument("--cache", type=Path, default=Path("models"))
    options = parser.parse_args()

    directions = load_catalogue(options.queries or folder("queries")).directions
    judgements: Sequence[Judgement] = load_judgements(options.gold)
    papers = read_papers(options.papers)
    embedders = {
        embedder.model.partition("@")[0]: embedder
        for embedder in (load(model, options.cache) for model in options.model or (FAST, MINILM))
    }
    if options.further_papers:
        wanted = {one.paper_id for one in load_judgements(FURTHER)}
        texts = [paper for paper in read_papers(options.further_papers) if paper.id in wanted]
        write_further(directions, texts, embedders)
    table = []
    for tier, embedder in embedders.items():
        judged = judged_hits(judgements, papers, directions, embedder)
        further = further_hits(embedder.model)
        core = judged.labels == CORE
        print(f"{embedder.model}: {len(core)} pairs, {judged.hit.sum()} hits, {(core & judged.hit).sum()} of them core")
        for reason, pairs in judged.skipped.items():
            print(f"  skipped, {reason}: {', '.join(pairs)}")
        print(line("lexical rule", judged, None))
        for features in FEATURE_SETS:
            print(line(" + ".join(features), judged, need(cross_validated(without(judged, features)))))
        shifted(judged, None)
        beside_lexical(judged, need(cross_validated(judged)))
        if further is not None:
            print(" with the judged hits that come with littriage")
            print(line("fitted on both, on the file", judged, need(cross_validated(judged, further))))
            print(line("lexical rule, on the further hits", further, None))
            print(line("fitted on the file, on the further hits", further, tried(judged, further)))
            print(line("fitted on the further hits, on the file", judged, tried(further, judged)))
            both = together(judged, further)
            print(line("both, each direction unseen", both, need(cross_validated(both))))
            shifted(both, None)
            beside_lexical(both, need(cross_validated(both)))
        table.append(table_entry(tier, fitted_rule(f"{MEMBERSHIP_RULE}/{tier}", judged, further)))
    print("\nRULES: Mapping[str, Rule] = {", *table, "}", sep="\n")


if __name__ == "__main__":
    main()
