"""Tables and JSON on stdout: aligned text for pipes and files, rich's tables where a person watches.

Titles come from the outside: control characters, which could steer a terminal, are taken out of every cell.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import typer

JSON_SCHEMA = 1
"""Raised whenever a key of the JSON output changes its name or its meaning."""

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and whether the cells under it are figures."""

    heading: str
    figures: bool = False


def clean(text: str) -> str:
    """The text on one line, without control and direction-changing characters."""
    kept = ("" if unicodedata.category(sign) in ("Cc", "Cf", "Cs") else sign for sign in " ".join(text.split()))
    return "".join(kept)


def width(text: str) -> int:
    """Columns that the text takes in a terminal: two for a Chinese sign, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1
        for sign in text
    )


def aligned(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """The table as text, each column as wide as its widest cell, figures to the right, no space at line ends."""
    lines = [[column.heading for column in columns], *([clean(cell) for cell in row] for row in rows)]
    widths = [max(width(line[place]) for line in lines) for place in range(len(columns))]

    def padded(cell: str, place: int) -> str:
        space = " " * (widths[place] - width(cell))
        return space + cell if columns[place].figures else cell + space

    return "\n".join(_GAP.join(padded(cell, place) for place, cell in enumerate(line)).rstrip() for line in lines)


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """The table on stdout."""
    if not sys.stdout.isatty():
        typer.echo(aligned(columns, rows))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.heading, justify="right" if column.figures else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))  # Text: a title may hold what looks like rich's markup
    Console(highlight=False).print(table)


def print_line(text: str = "", indent: int = 0) -> None:
    """One line on stdout."""
    typer.echo(" " * indent + clean(text))


def print_note(text: str, indent: int = 0) -> None:
    """One line on stdout that is not the answer itself, dimmed where a person watches."""
    typer.secho(" " * indent + clean(text), dim=True)


def print_warning(text: str) -> None:
    """One line on stdout that nobody should overlook."""
    typer.secho(f"! {clean(text)}", fg="yellow", bold=True)


def print_json(payload: Mapping[str, Any]) -> None:
    """An object on stdout: dates in ISO form, null for what is not known."""
    text = json.dumps({"schema": JSON_SCHEMA, **payload}, ensure_ascii=False, indent=2, allow_nan=False, default=_plain)
    typer.echo(text)


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")
