"""`export`: the published tables as CSV or Parquet, the same bytes for the same tables."""

from __future__ import annotations

import csv
import errno
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from littriage.cli.claims import outcome_rows
from littriage.cli.options import DEFAULT_WAREHOUSE, Warehouse
from littriage.cli.tables import clean
from littriage.errors import DiskFull, SettingsError
from littriage.published import Published

STDOUT = "-"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SIGNIFICANT_DIGITS = 6
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_BETWEEN = "; "


class Table(StrEnum):
    """What can be exported."""

    TRENDS = "trends"
    VERDICTS = "verdicts"
    PAPERS = "papers"
    CLUSTERS = "clusters"
    LINEAGE = "lineage"
    CLAIMS = "claims"
    OUTLOOKS = "outlooks"
    FORECASTS = "forecasts"


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    app.command()(export)


def export(
    table: Annotated[Table, typer.Argument(metavar="TABLE", help=f"One of {', '.join(Table)}.")],
    form: Annotated[Format, typer.Option("--format", help="Parquet needs --out.")] = Format.CSV,
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to; - is standard output.")] = STDOUT,
    bom: Annotated[bool, typer.Option("--bom", help="Begin CSV with a byte-order mark, which Excel needs.")] = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Write a whole table as CSV or Parquet.

    The same tables give the same bytes. CSV is RFC 4180 in UTF-8, numbers to 6 significant digits, lists joined by
    "; "; text has no control characters, and where a spreadsheet would run it as a formula, a ' in front. Parquet holds
    the values as they are. An existing file is replaced in one step.
    """
    if form is Format.PARQUET and out == STDOUT:
        raise SettingsError("Parquet is not for a terminal: pass --out FILE")
    if form is Format.PARQUET and bom:
        raise SettingsError("--bom is for CSV: leave it out, or pass --format csv")
    with Published.open(warehouse) as published:
        if published.about.notice:
            typer.echo(f"! {published.about.notice}", err=True)
        if table is Table.CLAIMS:
            published.hold(table, outcome_rows(published))
        if form is Format.PARQUET:
            with replacing(Path(out)) as building:
                published.write_parquet(f"export/{table}", building)
            return
        columns, rows = published.table(f"export/{table}")
        text = csv_text(columns, rows).encode()
        payload = _BYTE_ORDER_MARK + text if bom else text
        if out == STDOUT:
            sys.stdout.flush()
            sys.stdout.buffer.write(payload)
            sys.stdout.buffer.flush()
        else:
            with replacing(Path(out)) as building:
                building.write_bytes(payload)


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The rows under their columns' names, as RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180) wants them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str | int:
    """The value as a CSV field; empty where it is not known."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return repr(float(f"{value:.{_SIGNIFICANT_DIGITS}g}"))
    if isinstance(value, date):
        return value.isoformat()
    text = clean(_BETWEEN.join(map(str, value)) if isinstance(value, list) else str(value))
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A file beside the target, which takes its place when the block has succeeded, and goes when it has not."""
    building = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield building
        building.replace(target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"no room left for {target}: free some space and run the same command again") from error
        raise SettingsError(f"cannot write {target}: {error.strerror or error}: pass another --out") from error
    finally:
        building.unlink(missing_ok=True)
