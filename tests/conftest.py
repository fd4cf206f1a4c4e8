"""Fixtures that several modules of tests need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from littriage.warehouse import Warehouse


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No settings file, no language model and no key of whoever runs the tests."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-settings"))
    for name in [*os.environ]:
        if name.startswith("LITTRIAGE_LLM_") or name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
            monkeypatch.delenv(name)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """A new working file in a folder of its own."""
    with Warehouse.open(tmp_path / "warehouse") as opened:
        yield opened
