"""The folders that belong to littriage."""

from __future__ import annotations

from pathlib import Path

import pytest

from littriage import resources
from littriage.errors import SettingsError


@pytest.mark.parametrize(
    ("name", "inside"), [("queries", "*/*.toml"), ("warehouse", "schema/*.sql"), ("flows", "*.py")]
)
def test_folders_are_found(name: str, inside: str) -> None:
    assert list(resources.folder(name).glob(inside))


def test_a_folder_inside_the_package_serves_where_there_is_no_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a wheel, where the SQL lies in `warehouse_sql`; a folder of that name beside another package does not."""
    package = tmp_path / "lib" / "littriage"
    (package / "warehouse_sql").mkdir(parents=True)
    (package / "queries").mkdir()
    (tmp_path / "queries").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    monkeypatch.setattr(resources, "_CHECKOUT", tmp_path)

    assert resources.folder("warehouse") == package / "warehouse_sql"
    assert resources.folder("queries") == package / "queries"
    (tmp_path / "pyproject.toml").touch()
    assert resources.folder("queries") == tmp_path / "queries"


def test_a_folder_that_lacks_is_named() -> None:
    with pytest.raises(SettingsError, match="has no nonsense/ folder: install it again"):
        resources.folder("nonsense")


def test_a_folder_to_write_in_is_made(tmp_path: Path) -> None:
    """With those above it; one that is there will do."""
    folder = tmp_path / "a" / "b"

    assert resources.writable_folder(folder, "x") == resources.writable_folder(folder, "x") == folder
    assert folder.is_dir()


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of that name, or no permission: the error says what to do instead."""
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="file cannot be used: File exists; take another"):
        resources.writable_folder(tmp_path / "file", "take another")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(SettingsError, match="cannot be used: no permission to write in it; take another"):
        resources.writable_folder(tmp_path, "take another")


def test_every_statement_says_first_what_it_is_about() -> None:
    """The grain or the table stands on the first line of each file."""
    files = sorted(resources.folder("warehouse").rglob("*.sql"))

    assert len(files) > 60
    assert [path.name for path in files if not path.read_text(encoding="utf-8").startswith("-- ")] == []


def test_statements_come_by_name() -> None:
    assert resources.sql("read/stamp").startswith("-- At most one row")
