"""How good the outlook is: past topics, forecast with what was known then, beside what became of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

_LONGEST_NAME = 100


def kept_at(warehouse: Path, categories: str) -> Path:
    """Where the last backtest of a field is kept, beside the tables; `categories` as the result names its field."""
    name = "-".join(["backtest", *categories.split()])
    if len(name) > _LONGEST_NAME:  # file systems take 255 bytes
        name = f"{name[:_LONGEST_NAME]}-{hashlib.sha256(categories.encode()).hexdigest()[:8]}"
    return warehouse / f"{name.replace('/', '_')}.json"
