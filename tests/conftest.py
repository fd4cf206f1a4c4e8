"""Fixtures that several modules of tests need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from littriage.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """A new working file in a folder of its own."""
    with Warehouse.open(tmp_path / "warehouse") as opened:
        yield opened
