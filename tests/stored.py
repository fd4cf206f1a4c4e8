"""What a stage leaves in a warehouse, put there without the stage."""

from __future__ import annotations

from collections.abc import Iterable

from littriage.model import Membership
from littriage.warehouse import Warehouse, learned


def store_memberships(warehouse: Warehouse, memberships: Iterable[Membership]) -> None:
    """Replace all memberships, and what was learned of them, as if all hits had been decided anew."""
    kept = list(memberships)
    with warehouse.transaction():
        learned.forget_within(warehouse, sorted(learned.learned_directions(warehouse)))
        warehouse.empty("membership")
        warehouse.insert(
            "membership",
            {
                "paper_id": [one.paper_id for one in kept],
                "direction": [one.direction for one in kept],
                "similarity": [one.similarity for one in kept],
                "probability": [one.probability for one in kept],
                "member": [one.member for one in kept],
                "rule": [one.rule for one in kept],
                "probability_any": [one.probability_any for one in kept],
                "label": [one.label.value for one in kept],
                "rule_probability": [one.probability for one in kept],
                "rule_probability_any": [one.probability_any for one in kept],
            },
            decided_by="rule",
        )
