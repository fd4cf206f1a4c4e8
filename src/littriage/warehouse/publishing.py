"""Writing the file that readers open, and putting it in place in one step."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from littriage import resources
from littriage.warehouse.file import Warehouse, translated

_TABLES = (
    "theme",
    "direction",
    "claim",
    "trend_point",
    "verdict",
    "cluster",
    "cluster_set",
    "cluster_event",
    "cluster_overlap",
    "field_cluster",
    "paper",
    "failure",
    "field_month",
    "brief",
    "brief_check",
    "sign",
    "outlook",
    "forecast",
    "venue_opinion",
    "venue_change",
    "venue_year",
    "venue_title",
    "venue_total",
)


def publish(warehouse: Warehouse, meta: Mapping[str, str], as_of: date) -> Path:
    """The published file, complete and verified, in place of the one before.

    Written beside it first and moved by `os.replace`: a reader has the old file or the new one, never half of one, and
    a kill leaves the old one. Papers from `as_of` on are left out. Raises DiskFull.
    """
    target = warehouse.folder / resources.PUBLISHED
    building = warehouse.folder / f"{resources.PUBLISHED}.build"
    for leftover in (building, building.with_name(building.name + ".wal")):
        leftover.unlink(missing_ok=True)
    connection = warehouse.connection
    with translated(building):
        connection.execute(f"attach '{str(building).replace(chr(39), chr(39) * 2)}' as published")
        try:
            connection.execute("use published")
            connection.execute(resources.sql("published"))
            connection.execute(f"use {_name(warehouse)}")
            with warehouse.transaction():
                for table in _TABLES:
                    statement = resources.sql(f"export/published_{table}")
                    connection.execute(statement, {"as_of": as_of} if "$as_of" in statement else {})
                for key, value in {**meta, "schema": str(resources.PUBLISHED_SCHEMA)}.items():
                    connection.execute("insert into published.meta values (?, ?)", [key, value])
            connection.execute("checkpoint published")
        finally:
            connection.execute(f"use {_name(warehouse)}")
            connection.execute("detach published")
    with building.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(building, target)
    return target


def _name(warehouse: Warehouse) -> str:
    return warehouse.path.stem
