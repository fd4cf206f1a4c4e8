from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import published_fixture as fixture
from littriage.warehouse import Warehouse

HEAVY = {
    "arxiv", "faiss", "fastapi", "httpx", "model2vec", "numpy", "pandas", "prefect", "pyarrow", "pydantic", "requests",
    "rich", "scipy", "sentence_transformers", "sklearn", "torch", "transformers",
}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file, and a working one that is empty."""
    folder = fixture.publish(tmp_path_factory.mktemp("warehouse"))
    Warehouse.open(folder).connection.close()
    return folder


def imported(warehouse: Path, *arguments: str) -> set[str]:
    """Top-level packages that a command imports in a new process."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from littriage.cli import main; main()", *arguments],
        env={**os.environ, "LITTRIAGE_WAREHOUSE": str(warehouse), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    lines = (line for line in ended.stderr.splitlines() if line.startswith("import time:"))
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize(
    "command",
    [
        "rising", "rising --lang zh --json", "saturated", "show chart-reading", "papers parsing", "trend parsing",
        "trend parsing --as-of 2024-01-15", "export verdicts", "directions list", "directions show denoising-diffusion",
        "brief", "brief chart-reading --lang zh --json", "export outlooks", "export forecasts",
        "harvest status --requests 5", "harvest status --direction denoising-diffusion --month 2025-01",
        "llm status", "unnamed", "unnamed --lang zh --json",
    ],
)  # fmt: skip
def test_asking_stays_light(warehouse: Path, command: str):
    """An answer from the published file, or from the ledger, imports nothing of what made it."""
    packages = imported(warehouse, *command.split())

    assert "typer" in packages
    assert not packages & HEAVY


@pytest.mark.parametrize("command", ["--help", "--version", "rising --help", "harvest --help", "harvest status --help"])
def test_help_opens_nothing(warehouse: Path, command: str):
    """Help does not even import the database."""
    assert not imported(warehouse, *command.split()) & {*HEAVY, "duckdb"}


def test_judging_again_may_be_heavier(warehouse: Path):
    """`--as-of` computes, with numpy: the list above would notice it."""
    assert "numpy" in imported(warehouse, "rising", "--as-of", "2024-01-15")
