"""One open working file: lock, migrations, transactions, and SQL by name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from littriage import resources
from littriage.errors import DiskFull, LittriageError, NoWarehouse, SchemaTooNew, WarehouseBusy

Row = tuple[Any, ...]


class Warehouse:
    """The working file of a folder, open for writing by this process alone.

    A context manager. Rows come back as tuples in the order of the statement's columns.
    """

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.folder = folder
        self.path = folder / resources.WORKING
        self.connection = connection

    @classmethod
    def open(cls, folder: Path, *, create: bool = True) -> Warehouse:
        """The warehouse in `folder`, brought up to the newest schema.

        Raises NoWarehouse (nothing there and not `create`), WarehouseBusy (another process writes), SchemaTooNew
        (a newer littriage made it), DiskFull, SettingsError (nothing can be written in that folder), and LittriageError
        for a file that is no DuckDB file.
        """
        path = folder / resources.WORKING
        if create or folder.is_dir():
            resources.writable_folder(folder, "pass another one with --warehouse")
        if not create and not path.exists():
            raise _no_warehouse(path)
        with translated(path):
            connection = _connected(str(path))
        try:
            connection.execute("set preserve_insertion_order = false")
            connection.execute("set timezone = 'UTC'")
            warehouse = cls(folder, connection)
            warehouse._migrate()
            from littriage.warehouse.vectors import take_over_blobs

            take_over_blobs(warehouse)
        except BaseException:
            connection.close()
            raise
        return warehouse

    @classmethod
    def read_only(cls, folder: Path) -> Warehouse:
        """The warehouse in `folder` as it stands: nothing is made, migrated or written.

        Raises NoWarehouse (nothing there that can be read), WarehouseBusy, SchemaTooNew, and LittriageError for a file
        of an older littriage and for one that is no DuckDB file.
        """
        path = folder / resources.WORKING
        if not os.access(path, os.R_OK):
            raise _no_warehouse(path)
        with translated(path):
            connection = _connected(str(path), read_only=True)
        try:
            warehouse = cls(folder, connection)
            with translated(path):
                done = warehouse._applied()
            if missing := {number for number, _, _ in resources.migrations()} - done:
                raise LittriageError(
                    f"{path} has schema {min(missing) - 1}, this littriage reads {max(missing)}: "
                    'any command that writes to it brings it up to date, such as "littriage run"',
                    path=str(path),
                )
        except BaseException:
            connection.close()
            raise
        return warehouse

    @classmethod
    def in_memory(cls) -> Warehouse:
        """A warehouse that is gone when it is closed: for reading files with the same code that imports them."""
        warehouse = cls(Path(), _connected(":memory:"))
        warehouse._migrate()
        return warehouse

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def _applied(self) -> set[int]:
        """The numbers of the migrations that the file has."""
        if not self.connection.execute("select 1 from duckdb_tables where table_name = 'migration'").fetchall():
            return set()
        done = {number for (number,) in self.connection.execute("select number from migration").fetchall()}
        known = {number for number, _, _ in resources.migrations()}
        if newer := done - known:
            raise SchemaTooNew(
                f"{self.path} has schema {max(newer)}, this littriage knows up to {max(known)}: "
                "update littriage; the file was left as it is",
                found=max(newer),
                known=max(known),
            )
        return done

    def _migrate(self) -> None:
        with self.transaction():
            self.connection.execute(
                "create table if not exists migration (number integer primary key, name text, applied_at timestamp)"
            )
            done = self._applied()
            for number, name, text in resources.migrations():
                if number not in done:
                    self.connection.execute(text)
                    self.connection.execute("insert into migration values (?, ?, ?)", [number, name, _now()])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: a failure, or a kill, inside leaves the file as it was before."""
        with translated(self.path):
            self.connection.execute("begin")
            try:
                yield
            except BaseException:
                self._roll_back()
                raise
            self.connection.execute("commit")

    def _roll_back(self) -> None:
        try:
            self.connection.execute("rollback")
        except duckdb.Error:  # DuckDB has already ended the transaction by itself, after a full disk for instance
            return

    def run(self, name: str, **parameters: Any) -> None:
        """Execute `warehouse/<name>.sql`."""
        with translated(self.path):
            self.connection.execute(resources.sql(name), parameters)

    def empty(self, *tables: str) -> None:
        """Delete every row of these tables."""
        with translated(self.path):
            for table in tables:
                self.connection.execute(f"delete from {table}")

    def rows(self, name: str, **parameters: Any) -> list[Row]:
        """All rows of `warehouse/<name>.sql`."""
        with translated(self.path):
            return self.connection.execute(resources.sql(name), parameters).fetchall()

    def one(self, name: str, **parameters: Any) -> Row:
        """The only row of `warehouse/<name>.sql`."""
        (row,) = self.rows(name, **parameters)
        return row

    def batches(self, name: str, size: int, **parameters: Any) -> Iterator[list[Row]]:
        """The rows of `warehouse/<name>.sql` in lists of `size`, read as they were when the call was made."""
        with translated(self.path):
            cursor = self.connection.cursor().execute(resources.sql(name), parameters)
        while rows := cursor.fetchmany(size):
            yield rows

    def columns(self, name: str, **parameters: Any) -> dict[str, Any]:
        """The columns of `warehouse/<name>.sql` as numpy arrays, by name."""
        with translated(self.path):
            result: dict[str, Any] = self.connection.execute(resources.sql(name), parameters).fetchnumpy()
        return result

    def insert(self, table: str, columns: Mapping[str, Sequence[Any]], *, replace: bool = True, **same: Any) -> None:
        """Put rows into `table`, column by column; `same` are columns with one value in all rows.

        Rows with the same key are replaced; a table without a key needs `replace=False`. Many times faster than a
        statement per row.
        """
        lengths = {len(values) for values in columns.values()}
        if lengths == {0}:
            return
        types: dict[str, str] = dict(self._column_types(table))
        selected = [f"unnest(${name}::{types[name]}[]) as {name}" for name in columns]
        selected += [f"${name}::{types[name]} as {name}" for name in same]
        with translated(self.path):
            self.connection.execute(
                f"insert {'or replace ' if replace else ''}into {table} by name select {', '.join(selected)}",
                {**{name: list(values) for name, values in columns.items()}, **same},
            )

    def _column_types(self, table: str) -> list[Row]:
        return self.connection.execute("select name, type from pragma_table_info($table)", {"table": table}).fetchall()


def _no_warehouse(path: Path) -> NoWarehouse:
    return NoWarehouse(
        f'no warehouse at {path}: run "littriage import FILE..." or "littriage run" first, or pass --warehouse',
        path=str(path),
    )


def _connected(path: str, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(path, read_only=read_only, config={"autoinstall_known_extensions": "false"})
    connection.execute("set enable_progress_bar = false")  # DuckDB would draw it into the answer
    return connection


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


_HOLDER = re.compile(r"lock is held in (?P<program>.*?) ?\(PID (?P<pid>\d+)\)")
_DISK_FULL = re.compile(
    "no space left|write error|disk is full|failed to offload|max_temp_directory_size", re.IGNORECASE
)


def disk_full(path: Path) -> DiskFull:
    """The error of a warehouse whose disk has no room left."""
    return DiskFull(
        f"no room left on the disk of {path}: free some space and run the same command again; "
        "what was stored before is still there",
        path=str(path),
    )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """DuckDB's errors as ours, where a user can do something about them; and Ctrl-C as what it is.

    DuckDB makes a RuntimeError of an interrupt that comes while a statement runs.
    """
    try:
        yield
    except LittriageError:
        raise
    except RuntimeError as error:
        if not isinstance(error, duckdb.Error) and "interrupted" in str(error):
            raise KeyboardInterrupt from error
        raise
    except duckdb.Error as error:
        text = str(error)
        if "Could not set lock" in text:
            holder = _HOLDER.search(text)
            who = f"process {holder['pid']}" if holder else "another process"
            raise WarehouseBusy(
                f"{path} is being written by {who}: wait until it has ended, then try again",
                path=str(path),
                pid=int(holder["pid"]) if holder else None,
            ) from error
        if _DISK_FULL.search(text):
            raise disk_full(path) from error
        if "newer version of DuckDB" in text:
            raise SchemaTooNew(
                f"{path} was written by a newer DuckDB than the {duckdb.__version__} of this littriage: "
                "update littriage; the file was left as it is",
                path=str(path),
            ) from error
        if "not a valid DuckDB database file" in text or "Corrupt database" in text:
            raise LittriageError(
                f"{path} is not a warehouse that DuckDB can read: move it aside and import or harvest again",
                path=str(path),
            ) from error
        raise
