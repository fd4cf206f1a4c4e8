"""Rules of the house that no other tool checks; the direction of imports is import-linter's."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = sorted((ROOT / "src").rglob("*.py"))
SQL = sorted((ROOT / "warehouse").rglob("*.sql"))
STATEMENT_START = re.compile(
    r"^(alter|begin|commit|copy|create|delete|drop|from|insert|merge|pivot|select|truncate|update|with)\b"
)


def module_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def sql_name(path: Path) -> str:
    """As code asks for it."""
    return path.relative_to(ROOT / "warehouse").with_suffix("").as_posix()


def public(tree: ast.Module) -> Iterator[ast.AST]:
    """The module and its public classes and functions."""
    yield tree
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node


# --- Python -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SOURCE, ids=module_name)
def test_the_library_knows_no_prefect(path: Path):
    """Not even inside a function: Prefect is in flows/ alone."""
    imported = {
        name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert not {name for name in imported if name.split(".")[0] == "prefect"}


@pytest.mark.parametrize("path", SOURCE, ids=module_name)
def test_what_is_public_is_described(path: Path):
    """Every module, and every public class and function; a command group's `register` says it by its name."""
    missing = [
        getattr(node, "name", "module")
        for node in public(ast.parse(path.read_text(encoding="utf-8")))
        if not ast.get_docstring(node)  # type: ignore[arg-type]
    ]

    assert set(missing) <= {"register"}


# --- SQL --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SQL, ids=sql_name)
def test_sql_says_what_it_is_for(path: Path):
    """The first line is a comment: the grain, or the purpose."""
    first = path.read_text(encoding="utf-8").splitlines()[0]

    assert re.match(r"-- \S.{10,}", first)
    assert len(first) <= 120


@pytest.mark.parametrize(
    "path", [path for path in SQL if path.parent.name != "schema" and path.stem != "published"], ids=sql_name
)
def test_one_statement_a_file(path: Path):
    """Schema files apart; the last line may end with a semicolon, no other does."""
    code = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    code = re.sub(r"'[^']*'", "''", code).strip().removesuffix(";")

    assert ";" not in code
    assert STATEMENT_START.match(code.lower())


def test_every_statement_is_used():
    """Each SQL file is named in the code, or is one of a folder that is read as a whole."""
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCE)
    whole = {"schema", "checks"}
    built = re.compile(r'f"([a-z_]+/[a-z_]*)\{[a-z_]+\}([a-z_]*)"')
    patterns = [re.compile(f"{re.escape(start)}[a-z_]+{re.escape(end)}") for start, end in built.findall(code)]

    unused = [
        name
        for name in map(sql_name, SQL)
        if name.split("/")[0] not in whole
        and f'"{name}"' not in code
        and not any(pattern.fullmatch(name) for pattern in patterns)
    ]

    assert unused == []


# --- files ------------------------------------------------------------------------------------------------------


def test_queries_hold_directions_only():
    """TOML files, one folder a theme, and a README for those who add some."""
    files = [path for path in (ROOT / "queries").rglob("*") if path.is_file()]

    assert {path.suffix for path in files if path.name != "README.md"} == {".toml"}
    assert {len(path.relative_to(ROOT / "queries").parts) for path in files if path.suffix == ".toml"} == {2}


def test_no_file_names_the_place_where_it_was_made():
    """No absolute path of some machine, and no address of a package index: both would be wrong elsewhere."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout")
    # Written in pieces, so that this file is not a finding.
    places = [a + b for a, b in (("/wo", "rk/"), ("/ro", "ot/"), ("pypi", ".org"), ("files.", "pythonhosted"))]

    found = [
        f"{name}: {place}"
        for name in listed.stdout.split("\0")
        if name and (ROOT / name).is_file()
        for place in places
        if place.encode() in (ROOT / name).read_bytes()
    ]

    assert found == []
