"""Taking papers in, from files and from harvests, and counting the field they make up."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from littriage.errors import ImportRefused
from littriage.model import Drop, Exposure, HarvestNote, MonthStatus, Paper, Window, parse_arxiv_id
from littriage.warehouse.file import Warehouse, translated

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
            _merge(warehouse, source=source, imported=True)
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


def text_hash(paper: Paper) -> str:
    """Notices a changed title or abstract; the same as in warehouse/write/import_*_staged.sql."""
    return hashlib.md5(f"{paper.title}\n{paper.abstract or ''}".encode(), usedforsecurity=False).hexdigest()


def store_harvested(
    warehouse: Warehouse, note: HarvestNote, papers: Sequence[Paper], *, query: str, now: datetime
) -> int:
    """Store the papers of one window and its checkpoint in one transaction; how many were new or better known."""
    with warehouse.transaction():
        stored = _store(warehouse, papers, source=note.source)
        warehouse.insert(
            "harvest_window",
            {"direction": [note.direction]},
            source=note.source,
            query=query,
            first_day=note.window.start,
            last_day=note.window.end,
            expected=note.expected,
            received=note.received,
            stored=stored,
            requests=note.requests,
            failure=note.failure,
            asked_at=now,
        )
        warehouse.run(
            "write/harvest_drops_forgotten",
            source=note.source,
            direction=note.direction,
            first_day=note.window.start,
            last_day=note.window.end,
        )
        warehouse.insert(
            "harvest_drop",
            {
                "reason": [drop.reason for drop in note.dropped],
                "rows": [drop.rows for drop in note.dropped],
                "examples": [list(drop.examples) for drop in note.dropped],
            },
            replace=False,
            source=note.source,
            direction=note.direction,
            first_day=note.window.start,
            last_day=note.window.end,
        )
    return stored


def _store(warehouse: Warehouse, papers: Sequence[Paper], *, source: str) -> int:
    identified = [(paper, found) for paper in papers if (found := parse_arxiv_id(paper.id))]
    warehouse.run("write/incoming_emptied")
    warehouse.insert(
        "incoming",
        {
            "row_number": range(len(identified)),
            "id": [found.base for _, found in identified],
            "version": [paper.version or found.version for paper, found in identified],
            "title": [paper.title for paper, _ in identified],
            "abstract": [paper.abstract for paper, _ in identified],
            "authors": [list(paper.authors) for paper, _ in identified],
            "categories": [list(paper.categories) for paper, _ in identified],
            "published": [paper.published for paper, _ in identified],
            "month": [found.month for _, found in identified],
            "updated": [paper.updated for paper, _ in identified],
            "comments": [paper.comments for paper, _ in identified],
            "not_counted": ["withdrawn" if paper.withdrawn else None for paper, _ in identified],
            "text_hash": [text_hash(paper) for paper, _ in identified],
        },
        replace=False,
        date_kind="submitted",
        drop_reason=None,
        better=False,
    )
    _merge(warehouse, source=source, imported=False)
    (stored,) = warehouse.one("read/incoming_better")
    return int(stored)


def _merge(warehouse: Warehouse, *, source: str, imported: bool) -> None:
    """Bring the usable rows of `incoming` together with what the warehouse holds of the same papers."""
    warehouse.run("write/import_paper_merged", source=source, imported=imported)
    warehouse.run("write/import_paper_known")
    warehouse.run("write/import_paper_stored")


def done_windows(warehouse: Warehouse, source: str, direction: str, query: str) -> list[tuple[Window, datetime]]:
    """Windows that were harvested whole, with when they were asked."""
    found = warehouse.rows("read/done_windows", source=source, direction=direction, query=query)
    return [(Window(first, last), asked_at) for first, last, asked_at in found]


def failed_windows(warehouse: Warehouse, source: str, direction: str, query: str) -> list[tuple[Window, str]]:
    """Windows whose last attempt failed, with the reason."""
    found = warehouse.rows("read/failed_windows", source=source, direction=direction, query=query)
    return [(Window(first, last), reason) for first, last, reason in found]


def store_exposures(warehouse: Warehouse, exposures: Iterable[Exposure]) -> None:
    """Keep the field's size; a later answer for the same month and source replaces it."""
    kept = list(exposures)
    with warehouse.transaction():
        warehouse.insert(
            "exposure",
            {
                "category_set": [one.category_set for one in kept],
                "month": [one.month for one in kept],
                "papers": [one.papers for one in kept],
                "status": [one.status.value for one in kept],
                "source": [one.source for one in kept],
                "reason": [one.reason for one in kept],
            },
        )


def exposures(warehouse: Warehouse, category_set: str, source: str) -> list[Exposure]:
    """The stored field of a set of categories from one source, by month."""
    found = warehouse.rows("read/exposures", category_set=category_set, source=source)
    return [
        Exposure(category_set, month, papers, MonthStatus(status), source, reason)
        for month, papers, status, reason in found
    ]


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
