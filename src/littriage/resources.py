"""Where `queries/`, `warehouse/` and `flows/` are: in a checkout, in an editable install and in an installed wheel.

In a wheel they lie inside the package; in a checkout, and in an editable install of one, beside `src/`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from littriage.errors import SettingsError

WORKING = "littriage.duckdb"
"""The file that the pipeline works in, inside a warehouse's folder."""
PUBLISHED = "published.duckdb"
"""The file that readers open, beside it."""
PUBLISHED_SCHEMA = 1
"""Version of `warehouse/published.sql`: raised whenever a column changes its name or its meaning."""

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]
_IN_WHEEL = {"warehouse": "warehouse_sql"}  # `littriage.warehouse` is a module: the folder needs another name there


def folder(name: str) -> Path:
    """The folder `queries`, `warehouse` (its SQL) or `flows`.

    Raises SettingsError when the installation lacks it.
    """
    for candidate in (_CHECKOUT / name, _PACKAGE / _IN_WHEEL.get(name, name)):
        if candidate.is_dir() and (candidate != _CHECKOUT / name or (_CHECKOUT / "pyproject.toml").is_file()):
            return candidate
    raise SettingsError(f"this installation of littriage has no {name}/ folder: install it again")


def writable_folder(path: Path, instead: str) -> Path:
    """The folder, made if it is not there.

    Raises SettingsError, which ends with what to do `instead`, where nothing can be written in it.
    """
    reason = "no permission to write in it"
    try:
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK | os.X_OK):
            return path
    except OSError as error:
        reason = error.strerror or str(error)
    raise SettingsError(f"the folder {path} cannot be used: {reason}; {instead}", path=str(path))


@cache
def sql(name: str) -> str:
    """The text of `warehouse/<name>.sql`."""
    return (folder("warehouse") / f"{name}.sql").read_text(encoding="utf-8")


def migrations() -> tuple[tuple[int, str, str], ...]:
    """(number, name, text) of each file in `warehouse/schema/`, in order."""
    found = []
    for path in sorted((folder("warehouse") / "schema").glob("[0-9]*.sql")):
        number, _, name = path.stem.partition("_")
        found.append((int(number), name, path.read_text(encoding="utf-8")))
    return tuple(found)
