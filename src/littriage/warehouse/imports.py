"""Taking in files of papers, each whole or not at all, with every row accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from littriage.errors import ImportRefused
from littriage.model import Drop, Paper
from littriage.warehouse.file import Warehouse, translated
from littriage.warehouse.papers import merge

NEEDED = ("id", "title", "published")
_PARQUET_COLUMNS = {
    "id": "text",
    "title": "text",
    "abstract": "text",
    "authors": "text",
    "categories": "text",
    "primary_category": "text",
    "published": "date",
    "date_kind": "text",
    "popularity_sample": "boolean",
    "version": "integer",
    "updated": "timestamp",
    "comments": "text",
    "venue": "text",
    "year": "integer",
    "status": "text",
    "keywords": "text",
}
_SEPARATORS = {"authors": "; ", "categories": " ", "keywords": "; "}
"""Columns that may come as lists of texts, and what stands between two of them where they come as one text."""
_EXPECTED_TYPES = {"id": "VARCHAR", "title": "VARCHAR", "published": "VARCHAR|DATE|TIMESTAMP.*"}
_PLAIN_TYPE = r"(?!STRUCT|MAP|UNION|VARIANT|BLOB).*[^\]]"
"""A type that does not change its meaning as text: not nested, no bytes."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file's rows: rows = stored + unchanged + the drops' rows."""

    source: str
    kind: str
    """`papers`, or `venue papers` for a file of conference papers."""
    rows: int
    stored: int
    """New papers, and papers that the file knows better than the warehouse did."""
    unchanged: int
    drops: tuple[Drop, ...]
    months: tuple[date, date] | None = None


def import_file(warehouse: Warehouse, path: Path, *, today: date, now: datetime) -> ImportReport:
    """Store the papers of one file, in one transaction, and say what became of each row.

    Takes arXiv's public snapshot (JSON lines with `id`, `title`, `abstract`, `categories`, `versions`, ...:
    https://www.kaggle.com/datasets/Cornell-University/arxiv) and Parquet with at least the columns id, title and
    published; a Parquet file with venue and year holds conference papers, kept apart.
    Raises ImportRefused for a file that holds no table of papers, or has a column of a type that cannot be read as it
    should; broken rows are counted drops, lines that are not UTF-8 or longer than 16 MiB among them. Raises DiskFull.
    """
    source = path.name
    with warehouse.transaction():
        kind = _stage(warehouse, path)
        if kind == "venue papers":
            warehouse.run("write/import_venue_judged", today=today)
            warehouse.run("write/import_venue_known")
            warehouse.run("write/import_venue_stored", source=source)
        else:
            warehouse.run("write/import_paper_judged", today=today)
            merge(warehouse, source=source, in_field=True, today=today)
        drops = tuple(
            Drop(reason, rows, tuple(examples)) for reason, rows, examples in warehouse.rows("read/import_drops")
        )
        rows, stored, unchanged, first, last = warehouse.one("read/import_outcome")
        report = ImportReport(source, kind, rows, stored, unchanged, drops, (first, last) if first else None)
        warehouse.insert(
            "import_file",
            {"source": [source], "rows": [rows], "stored": [stored], "unchanged": [unchanged]},
            replace=False,
            imported_at=now,
        )
        warehouse.insert(
            "import_drop",
            {
                "reason": [drop.reason for drop in drops],
                "rows": [drop.rows for drop in drops],
                "examples": [list(drop.examples) for drop in drops],
            },
            replace=False,
            source=source,
            imported_at=now,
        )
    return report


def _stage(warehouse: Warehouse, path: Path) -> str:
    """Put the file's rows into the temporary table `incoming`; the kind of file."""
    if not path.is_file():
        raise ImportRefused(f"no file at {path}: check the path", path=str(path))
    try:
        with translated(warehouse.path):
            warehouse.run("write/import_macro_one_line")
            warehouse.run("write/import_macro_is_withdrawn")
            return _stage_parquet(warehouse, path) if path.suffix == ".parquet" else _stage_json_lines(warehouse, path)
    except duckdb.Error as error:
        raise ImportRefused(
            f"{path} cannot be read as {'Parquet' if path.suffix == '.parquet' else 'JSON lines'}: {_reason(error)}",
            path=str(path),
        ) from error


def _reason(error: duckdb.Error) -> str:
    """What DuckDB says is wrong, without the line itself, which may be long, and without its advice on SQL."""
    lines = str(error).partition("Possible")[0].splitlines()
    return " ".join(line.strip() for line in lines if line.strip() and not line.startswith("Original Line"))


def _stage_parquet(warehouse: Warehouse, path: Path) -> str:
    described = warehouse.connection.execute("describe select * from read_parquet($path)", {"path": str(path)})
    found = {str(name): str(kind) for name, kind, *_ in described.fetchall()}
    if missing := [name for name in NEEDED if name not in found]:
        raise ImportRefused(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; it has "
            f"{', '.join(sorted(found))}. A file of papers needs at least {', '.join(NEEDED)}",
            path=str(path),
            missing=tuple(missing),
        )
    columns = [
        f"{_selected(path, name, kind, found[name])} as {name}" if name in found else f"null::{kind} as {name}"
        for name, kind in _PARQUET_COLUMNS.items()
    ]
    warehouse.connection.execute(
        f"create or replace temp table raw as select {', '.join(columns)}, file_row_number + 1 as row_number "
        "from read_parquet($path, file_row_number = true)",
        {"path": str(path)},
    )
    if {"venue", "year"} <= found.keys():
        warehouse.run("write/import_venue_staged")
        return "venue papers"
    warehouse.run("write/import_parquet_staged")
    return "papers"


def _selected(path: Path, name: str, kind: str, found: str) -> str:
    """The SQL that reads a Parquet column of type `found` as `kind`."""
    if found == "VARCHAR[]" and name in _SEPARATORS:
        return f"array_to_string({name}, '{_SEPARATORS[name]}')"
    if not re.fullmatch(_EXPECTED_TYPES.get(name, _PLAIN_TYPE), found):
        raise ImportRefused(
            f"{path} has the column {name} as {found}, which cannot be read as {kind}: "
            f"write it as {kind} and import again",
            path=str(path),
            column=name,
            type=found,
        )
    return f"try_cast({name} as {kind})"


def _stage_json_lines(warehouse: Warehouse, path: Path) -> str:
    warehouse.run("write/import_lines_raw", path=str(path))
    warehouse.run("write/import_lines_rejected")
    warehouse.empty("rejects")
    (rows, objects) = warehouse.one("read/import_lines_shape")
    if rows == 0:
        raise ImportRefused(f"{path} is empty", path=str(path))
    if objects == 0:
        raise ImportRefused(
            f"{path} is not JSON lines: none of its {rows} lines is a JSON object with an id. littriage imports "
            "arXiv's snapshot (one JSON object a line) and Parquet files",
            path=str(path),
        )
    warehouse.run("write/import_lines_staged")
    return "papers"


def import_coverage(warehouse: Warehouse, path: Path) -> int:
    """Months stated by a coverage file (CSV with the columns month, category, status, recall).

    Raises ImportRefused when the file is missing, lacks a column, or holds a status other than A, B, T, S, M.
    """
    if not path.is_file():
        raise ImportRefused(f"no file at {path}: check the path", path=str(path))
    with warehouse.transaction():
        try:
            warehouse.run("write/coverage_raw", path=str(path))
            warehouse.run("write/coverage_staged")
        except duckdb.Error as error:
            raise ImportRefused(
                f"{path} is no coverage file: {_reason(error)}. It needs the columns month (YYYY-MM), "
                "category, status (A, B, T, S or M) and recall",
                path=str(path),
            ) from error
        if bad := warehouse.rows("read/coverage_broken"):
            row, month, category, status = bad[0]
            raise ImportRefused(
                f"{path}, row {row}: month {month!r}, category {category!r}, status {status!r}; expected a month "
                f"YYYY-MM, a category such as cs.CL and a status among A, B, T, S and M ({len(bad)} such rows)",
                path=str(path),
                row=row,
            )
        warehouse.run("write/coverage_stored", source=path.name)
        (stored,) = warehouse.one("read/coverage_count")
    return int(stored)


def read_papers(path: Path) -> list[Paper]:
    """The papers of a Parquet file as values, without storing them; rows that are no papers are left out.

    Raises ImportRefused as `import_file` does.
    """
    with Warehouse.in_memory() as warehouse:
        if _stage(warehouse, path) != "papers":
            raise ImportRefused(f"{path} holds conference papers: a file of arXiv papers is needed", path=str(path))
        rows = warehouse.rows("read/import_papers")
    return [
        Paper(id_, title, abstract, tuple(authors), tuple(categories), published)
        for id_, title, abstract, authors, categories, published in rows
    ]
