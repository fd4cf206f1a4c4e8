"""Small files of papers, as they come from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

TODAY = date(2024, 6, 30)
NOW = datetime(2024, 6, 30, 12)

PAPER_TYPES = {
    "id": "text",
    "title": "text",
    "abstract": "text",
    "authors": "text",
    "categories": "text",
    "published": "date",
    "popularity_sample": "boolean",
    "version": "integer",
}
VENUE_TYPES = {
    "id": "text",
    "title": "text",
    "abstract": "text",
    "authors": "text",
    "published": "date",
    "venue": "text",
    "year": "smallint",
    "status": "text",
    "keywords": "text",
}


def row(id_: str | None, **facts: Any) -> dict[str, Any]:
    """A paper of April 2021, as a row of a Parquet file; `facts` replace what it has."""
    return {
        "id": id_,
        "title": "A title",
        "abstract": "An abstract.",
        "authors": "Ada Lovelace; Bob",
        "categories": "cs.CL cs.LG",
        "published": date(2021, 4, 5),
        "popularity_sample": False,
        "version": None,
    } | facts


def parquet(path: Path, rows: Sequence[Mapping[str, Any]], types: Mapping[str, str] = PAPER_TYPES) -> Path:
    """The path, now a Parquet file of these rows."""
    columns = ", ".join(f"unnest(${name}::{kind}[]) as {name}" for name, kind in types.items())
    values = {name: [one.get(name) for one in rows] for name in types}
    with duckdb.connect() as connection:
        connection.execute(f"create table made as select {columns}", values)
        connection.execute("copy made to $path (format parquet)", {"path": str(path)})
    return path


def snapshot_row(id_: str, **facts: Any) -> dict[str, Any]:
    """A paper of April 2007, as arXiv's public snapshot has it; `facts` replace what it has."""
    return {
        "id": id_,
        "submitter": "Ada",
        "authors": "Ada Lovelace, Charles Babbage and Bob",
        "title": "A  title\n  over two lines",
        "comments": "12 pages",
        "categories": "cs.CL cs.LG",
        "abstract": "  An abstract.\n",
        "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
        "update_date": "2008-11-26",
    } | facts


def json_lines(path: Path, rows: Sequence[Mapping[str, Any] | str]) -> Path:
    """The path, now a file with one row a line; a text is a line as it stands."""
    lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
