"""What judged hits teach about the others, on a warehouse of real papers, with stand-ins for a reader's labels.

    littriage run --no-harvest --warehouse DIR
    python benchmarks/learning_from_judgements.py DIR [--judged 40 100 200] [--directions 30]

Takes the directions with the most hits between the thresholds of their rule. No direction has hundreds of hits that
readers have judged, so the labels are stand-ins: facts about real papers that the rule does not see, easier or harder
to tell from a text than what a reader says. They show whether the measure opens the gate when it should, not how much
better memberships will be.

category  the paper's first category is the most common one among the direction's hits
phrases   the query of another direction matches too: the one that shares most hits with this direction
none      drawn with the rule's own probability: the rule is right, and there is nothing to learn

Of the hits between the thresholds so many are judged, drawn at random; the others are what is told. Columns: directions
in which each way came to speak; log loss and F1 (from the rule's threshold on) over the hits that nobody judged, of the
rule and of the way that speaks; its core papers expected over those there are; and directions in which it is worse than
the rule by more than 0.01. A minute on two cores.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from littriage.learning import Way, learned
from littriage.membership import Rule, rule_named
from littriage.warehouse import Warehouse, vectors

SEED = 20210601
WORSE = 0.01

_DIRECTIONS = """
select direction, any_value(rule) as rule, count(*) as hits
from membership
where rule_probability >= 0.1 and rule_probability < 0.75
group by direction
order by hits desc, direction
limit ?
"""
_MODEL = """
select vector.model
from vector
join membership using (paper_id)
where membership.direction = ? and starts_with(vector.model, split_part(?, '/', 2) || '@')
group by vector.model
order by count(*) desc
limit 1
"""
_HITS = """
select membership.rule_probability as probability, vector.place,
    coalesce(paper.categories[1], '') as category,
    list_sort(list(hit.direction)) as directions
from membership
join paper on paper.id = membership.paper_id
join vector on vector.paper_id = paper.id and vector.model = ?
left join hit on hit.paper_id = paper.id and hit.direction <> membership.direction
where membership.direction = ? and paper.not_counted is null
group by paper.id, membership.rule_probability, vector.place, paper.categories
order by paper.id
"""


@dataclass(frozen=True, slots=True)
class Hits:
    """All hits of one direction."""

    rule: Rule
    probabilities: NDArray[np.float64]
    vectors: NDArray[np.float32]
    categories: NDArray[np.str_]
    others: list[frozenset[str]]
    """The other directions whose queries match the paper."""


def read(warehouse: Path, count: int) -> Iterator[Hits]:
    """The directions with the most hits that the rule leaves undecided."""
    with Warehouse.read_only(warehouse) as opened:
        connection = opened.connection
        for slug, rule, _ in connection.execute(_DIRECTIONS, [count]).fetchall():
            (model,) = connection.execute(_MODEL, [slug, rule]).fetchone() or ("",)
            columns = connection.execute(_HITS, [model, slug]).fetchnumpy()
            yield Hits(
                rule=rule_named(rule),
                probabilities=np.asarray(columns["probability"], np.float64),
                vectors=vectors.taken(opened, model, columns["place"]),
                categories=columns["category"].astype(str),
                others=[frozenset(one for one in some if one) for some in columns["directions"]],
            )


def stand_in(kind: str, hits: Hits, random: np.random.Generator) -> NDArray[np.bool_]:
    """The labels of one kind, one for each hit."""
    if kind == "category":
        ((most, _),) = Counter(one for one in hits.categories.tolist() if one).most_common(1)
        return np.asarray(hits.categories == most)
    if kind == "phrases":
        counts = Counter(slug for some in hits.others for slug in some)
        (most, _) = min(counts.items(), key=lambda one: (-one[1], one[0]), default=("", 0))
        return np.array([most in some for some in hits.others])
    return random.random(len(hits.probabilities)) < hits.probabilities


def log_loss(probabilities: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    return float(-np.log(np.clip(np.where(truth, probabilities, 1 - probabilities), 1e-3, None)).mean())


def f1(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float(2 * (said & truth).sum() / max(1, said.sum() + truth.sum()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--judged", type=int, nargs="+", default=[40, 100, 200])
    parser.add_argument("--directions", type=int, default=30)
    arguments = parser.parse_args()

    directions = list(read(arguments.warehouse, arguments.directions))
    print(f"{len(directions)} directions, {sum(len(hits.probabilities) for hits in directions):,} hits")
    ways = "".join(f"{way.value:>14}" for way in Way)
    print(f"{'labels':<10}{'judged':>7}{ways}{'loss':>8}{'->':>8}{'F1':>8}{'->':>8}{'ratio':>8}{'worse':>7}{'ms':>7}")
    for kind in ("category", "phrases", "none"):
        for judged in arguments.judged:
            row(kind, judged, directions)


def row(kind: str, judged: int, directions: list[Hits]) -> None:
    """One line of the table."""
    found: Counter[Way] = Counter()
    figures: list[tuple[float, float, float, float, float]] = []
    expected, observed = 0.0, 0
    for number, hits in enumerate(directions):
        random = np.random.default_rng([SEED, number, judged])
        truth = stand_in(kind, hits, random)
        grey = random.permutation(np.flatnonzero(hits.rule.grey.grey(hits.probabilities)))
        chosen, rest = grey[:judged], grey[judged:]
        start = time.perf_counter()
        told = learned(hits.probabilities, hits.vectors, chosen, truth[chosen], SEED)
        seconds = time.perf_counter() - start
        if told is None or not len(rest):
            continue
        found[told.way] += 1
        by_rule, now, true = hits.probabilities[rest], told.probabilities[rest], truth[rest]
        cut = hits.rule.threshold
        figures.append(
            (log_loss(by_rule, true), log_loss(now, true), f1(by_rule >= cut, true), f1(now >= cut, true), seconds)
        )
        expected, observed = expected + now.sum(), observed + int(true.sum())
    if not figures:
        print(f"{kind:<10}{judged:>7}  too few judged hits of either kind")
        return
    mean = np.mean(figures, axis=0)
    worse = sum(now > rule + WORSE for rule, now, *_ in figures)
    ways = "".join(f"{found[way]:>14}" for way in Way)
    print(
        f"{kind:<10}{judged:>7}{ways}{mean[0]:>8.3f}{mean[1]:>8.3f}{mean[2]:>8.3f}{mean[3]:>8.3f}"
        f"{expected / max(1, observed):>8.2f}{worse:>7}{1000 * mean[4]:>7.0f}"
    )


if __name__ == "__main__":
    main()
