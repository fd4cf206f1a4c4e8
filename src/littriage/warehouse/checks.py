"""Rules that the stored tables must keep: each query in `warehouse/checks/` must return no rows."""

from __future__ import annotations

from littriage import resources
from littriage.warehouse.file import Warehouse


def broken_rules(warehouse: Warehouse) -> list[str]:
    """What is wrong, one sentence for each broken rule; none where all is well."""
    broken = []
    for path in sorted((resources.folder("warehouse") / "checks").glob("*.sql")):
        rows = warehouse.rows(f"checks/{path.stem}")
        if rows:
            rule = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ").rstrip(".")
            broken.append(f"{len(rows)} rows break the rule «{rule}», the first: {rows[0]}")
    return broken
