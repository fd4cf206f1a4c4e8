"""What judged hits of a direction have taught: read for the lesson, kept, and forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from littriage.learning import Learned, Way
from littriage.warehouse import vectors
from littriage.warehouse.derived import stamp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from littriage.warehouse.file import Warehouse


@dataclass(frozen=True, slots=True)
class JudgedDirection:
    """A direction some of whose hits readers have judged."""

    slug: str
    rule: str
    """That weighed its hits."""
    judged: int
    core: int
    core_or_related: int
    stamp: str
    """Of its hits, of what the rule says of them, and of what readers say."""


def judged_directions(warehouse: Warehouse) -> tuple[JudgedDirection, ...]:
    """The directions with judged hits, as the last `apply_judgements` has seen them."""
    return tuple(
        JudgedDirection(slug, rule, judged, core, either, f"{stamp}")
        for slug, rule, judged, core, either, stamp in warehouse.rows("read/learning_stamps")
    )


@dataclass(frozen=True, slots=True)
class HitsToLearn:
    """The countable hits of a direction that have a vector, by paper id, and what readers say of some."""

    paper_ids: NDArray[np.object_]
    probabilities: NDArray[np.float64]
    """By the rule, that they are core; shape (hits,)."""
    probabilities_any: NDArray[np.float64]
    """By the rule, that they are core or related; shape (hits,)."""
    vectors: NDArray[np.float32]
    """Unit rows, shape (hits, dim)."""
    judged: NDArray[np.intp]
    """Places of the judged ones."""
    labels: NDArray[np.object_]
    """What the best reader says of each of `judged`: values of model.Label."""


def hits_to_learn(warehouse: Warehouse, direction: str, model: str) -> HitsToLearn:
    """The hits of a direction with their vectors of one model."""
    columns = warehouse.columns("read/learning_hits", direction=direction, model=model)
    judged = np.flatnonzero(columns["label"] != "")
    return HitsToLearn(
        paper_ids=columns["paper_id"],
        probabilities=columns["rule_probability"],
        probabilities_any=columns["rule_probability_any"],
        vectors=vectors.taken(warehouse, model, columns["place"]),
        judged=judged,
        labels=columns["label"][judged],
    )


def forget_learned(warehouse: Warehouse, directions: Sequence[str]) -> None:
    """Let the rule stand again in these directions."""
    with warehouse.transaction():
        forget_within(warehouse, directions)


def forget_within(warehouse: Warehouse, directions: Sequence[str]) -> None:
    """The same, as part of a transaction."""
    for what in ("learned", "learning", "learning_stamps"):
        warehouse.run(f"write/{what}_forgotten", directions=list(directions))


def learned_directions(warehouse: Warehouse) -> frozenset[str]:
    """The directions whose judged hits were enough to learn from, the last time."""
    return frozenset(slug for (slug,) in warehouse.rows("read/learning_subjects"))


def learned_ways(warehouse: Warehouse, target: str) -> dict[Way, int]:
    """How many directions' unjudged hits each way speaks for; the target is `core` or `any`."""
    return {Way(way): directions for way, directions in warehouse.rows("read/learning_ways", target=target)}


def store_learned(
    warehouse: Warehouse, direction: str, hits: HitsToLearn, found: Mapping[str, Learned | None], value: str
) -> None:
    """Keep what was learned of a direction's hits, by target, in place of what was; and what it was learned from.

    It counts from the next `apply_judgements` on.
    """
    known = {target: one for target, one in found.items() if one is not None}
    said = {
        target: [p if applies else None for p, applies in zip(one.probabilities.tolist(), one.applies, strict=True)]
        for target, one in known.items()
    }
    nothing = [None] * len(hits.paper_ids)
    with warehouse.transaction():
        forget_within(warehouse, [direction])
        warehouse.run(
            "write/learned_stored",
            direction=direction,
            papers=hits.paper_ids.tolist(),
            core=said.get("core", nothing),
            core_or_related=said.get("any", nothing),
        )
        figures = ("judged", "positive", "low", "high", "loss_rule", "loss_recalibrated", "loss_learned", "brier_rule")
        warehouse.insert(
            "learning",
            {
                "target": list(known),
                "way": [one.way.value for one in known.values()],
                **{name: [getattr(one, name) for one in known.values()] for name in (*figures, "brier", "expected")},
            },
            direction=direction,
        )
        stamp(warehouse, "learn", value, direction)
