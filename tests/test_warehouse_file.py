"""The working file: opened by one process, migrated in order, all or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from littriage import resources
from littriage.errors import DiskFull, LittriageError, NoWarehouse, SchemaTooNew, WarehouseBusy
from littriage.resources import WORKING
from littriage.warehouse import Warehouse
from littriage.warehouse.file import translated

PAPER = {"id": ["2104.00001"], "title": ["T"], "authors": [["A"]], "categories": [["cs.CL"]]}
FACTS: dict[str, Any] = {
    "published": date(2021, 4, 5),
    "date_kind": "submitted",
    "month": date(2021, 4, 1),
    "text_hash": "h",
    "source": "s",
    "in_field": True,
}


def run_beside(folder: Path, then: str) -> subprocess.Popen[str]:
    """Another process that opens the warehouse, begins to write, says so, and does what `then` says."""
    program = f"""
import os, signal, sys, threading
from pathlib import Path
from littriage.warehouse import Warehouse
with Warehouse.open(Path({str(folder)!r})) as warehouse:
    with warehouse.transaction():
        warehouse.connection.execute("insert into theme values ('half', 'a', 'b')")
        print("writing", flush=True)
        {then}
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "writing\n"
    return process


# --- opening ----------------------------------------------------------------------------------------------------


def test_migrations_are_applied_once_and_in_order(tmp_path: Path) -> None:
    """A new file gets all of them, from 1 on without a gap; a file that has them gets none again."""
    numbers = [number for number, _, _ in resources.migrations()]
    assert numbers == list(range(1, len(numbers) + 1))

    found = []
    for _ in range(2):
        with Warehouse.open(tmp_path) as warehouse:
            found.append(warehouse.connection.execute("select * from migration order by applied_at, number").fetchall())

    assert found[0] == found[1]
    assert [(number, name) for number, name, _ in found[0]] == [
        (number, name) for number, name, _ in resources.migrations()
    ]


def test_an_older_file_gets_only_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows stay."""
    with Warehouse.open(tmp_path) as warehouse:
        warehouse.insert("theme", {"slug": ["a"]}, name="A", name_zh="甲")
    newer = (*resources.migrations(), (99, "more", "alter table theme add column colour text"))
    monkeypatch.setattr(resources, "migrations", lambda: newer)

    with Warehouse.open(tmp_path) as warehouse:
        assert warehouse.connection.execute("select * from theme").fetchall() == [("a", "A", "甲", None)]
        assert warehouse.connection.execute("select max(number) from migration").fetchone() == (99,)


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All the missing ones are applied, or none."""
    Warehouse.open(tmp_path).connection.close()
    broken = (*resources.migrations(), (98, "good", "create table extra (a text)"), (99, "bad", "create nonsense"))
    with monkeypatch.context() as patched:
        patched.setattr(resources, "migrations", lambda: broken)
        with pytest.raises(duckdb.Error):
            Warehouse.open(tmp_path)

    with Warehouse.open(tmp_path) as warehouse:
        assert (
            warehouse.connection.execute(
                "select * from information_schema.tables where table_name = 'extra'"
            ).fetchall()
            == []
        )


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """Down to the last byte, with both versions in the message."""
    with Warehouse.open(tmp_path) as warehouse:
        warehouse.connection.execute("insert into migration values (99, 'future', now()::timestamp)")
    before = (tmp_path / WORKING).read_bytes()

    with pytest.raises(SchemaTooNew, match=r"has schema 99, this littriage knows up to \d+: update littriage"):
        Warehouse.open(tmp_path)
    assert (tmp_path / WORKING).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [WORKING]


@pytest.mark.parametrize("content", [b"this is no database, but a text of some length. " * 200, b"short", bytes(5000)])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    """And not written over."""
    (tmp_path / WORKING).write_bytes(content)

    with pytest.raises(LittriageError, match=r"littriage\.duckdb is not a warehouse that DuckDB can read"):
        Warehouse.open(tmp_path)
    assert (tmp_path / WORKING).read_bytes() == content


@pytest.mark.parametrize(
    "message",
    [
        "IO Error: Trying to read a database file with storage version number 70, but we can only read storage "
        "versions between 64 and 69.\nThe database file was created with a newer version of DuckDB.",
        'Error opening "w": file was written with a storage version greater than the latest version supported by this '
        "DuckDB instance. Try opening the file with a newer version of DuckDB.",
    ],
)
def test_a_file_of_a_newer_duckdb_is_no_broken_file(tmp_path: Path, message: str) -> None:
    """DuckDB's own words about the storage version become the next step."""
    told = r"littriage\.duckdb was written by a newer DuckDB than .*: update littriage"
    with pytest.raises(SchemaTooNew, match=told), translated(tmp_path / WORKING):
        raise duckdb.IOException(message)


def test_nothing_there_is_an_error_where_nothing_is_to_be_made(tmp_path: Path) -> None:
    """The message says what to run first; no folder is made."""
    with pytest.raises(NoWarehouse, match=r'no warehouse at .*run "littriage import FILE\.\.\."'):
        Warehouse.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_second_writer_is_told_who_is_first(tmp_path: Path) -> None:
    """The process id is that of the process that writes; when it has ended, the next one may."""
    writer = run_beside(tmp_path, "sys.stdin.read()")
    try:
        with pytest.raises(WarehouseBusy, match=f"is being written by process {writer.pid}: wait") as busy:
            Warehouse.open(tmp_path)
        assert busy.value.parts["pid"] == writer.pid
    finally:
        writer.communicate("")

    with Warehouse.open(tmp_path) as warehouse:
        assert warehouse.connection.execute("select slug from theme").fetchall() == [("half",)]


@pytest.mark.parametrize("end", ["os._exit(1)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_kill_inside_a_transaction_leaves_the_old_state(tmp_path: Path, end: str) -> None:
    """The next open works and finds what was committed before, and nothing of the rest."""
    with Warehouse.open(tmp_path) as warehouse:
        warehouse.insert("theme", {"slug": ["whole"]}, name="A", name_zh="甲")
    killed = run_beside(tmp_path, end)

    assert killed.wait() in (1, -signal.SIGKILL)
    killed.communicate()
    with Warehouse.open(tmp_path) as warehouse:
        assert warehouse.connection.execute("select slug from theme").fetchall() == [("whole",)]


# --- transactions -----------------------------------------------------------------------------------------------


def test_a_transaction_that_fails_leaves_nothing(warehouse: Warehouse) -> None:
    """Whatever was raised, it comes out as it was, and the next transaction works."""
    with pytest.raises(KeyboardInterrupt), warehouse.transaction():  # noqa: PT012
        warehouse.insert("theme", {"slug": ["a"]}, name="A", name_zh="甲")
        raise KeyboardInterrupt
    with warehouse.transaction():
        warehouse.insert("theme", {"slug": ["b"]}, name="B", name_zh="乙")

    assert warehouse.connection.execute("select slug from theme").fetchall() == [("b",)]


class FullDisk:
    """A connection whose writes find no room."""

    def __init__(self, message: str) -> None:
        self.message = message
        self.executed: list[str] = []

    def execute(self, statement: str, parameters: object = None) -> None:
        self.executed.append(statement)
        if statement not in ("begin", "rollback"):
            raise duckdb.IOException(self.message)


@pytest.mark.parametrize(
    "message",
    [
        'IO Error: Could not write file "w/littriage.duckdb.wal": No space left on device',
        "IO Error: Could not write all bytes to file: write error",
        "Out of Memory Error: failed to offload data block of size 160.0 KiB (928.0 KiB/976.5 KiB used).\n"
        "This limit was set by the 'max_temp_directory_size' setting.",
    ],
)
def test_a_full_disk_is_named(warehouse: Warehouse, message: str) -> None:
    """The message says that nothing is lost; the transaction is rolled back."""
    full = FullDisk(message)
    broken = Warehouse(warehouse.folder, full)  # type: ignore[arg-type]

    message = r"no room left on the disk of .*what was stored before is still there"
    with pytest.raises(DiskFull, match=message), broken.transaction():
        broken.empty("theme")
    assert full.executed == ["begin", "delete from theme", "rollback"]


def test_a_disk_that_is_really_full_loses_nothing(tmp_path: Path) -> None:
    """On a file system of 8 MB: what was committed stays, and the next open works."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        with Warehouse.open(small) as warehouse:
            warehouse.insert("theme", {"slug": ["whole"]}, name="A", name_zh="甲")
            with pytest.raises(DiskFull), warehouse.transaction():
                warehouse.connection.execute(
                    "insert into theme select 'x' || range, md5(range::text), md5(md5(range::text)) from range(400000)"
                )
        with Warehouse.open(small) as warehouse:
            assert warehouse.connection.execute("select slug from theme").fetchall() == [("whole",)]
    finally:
        subprocess.run(["umount", str(small)], check=True)


# --- rows in and out --------------------------------------------------------------------------------------------


def test_rows_come_back_as_they_went_in(warehouse: Warehouse) -> None:
    """Lists, empty lists, missing values, dates and other scripts."""
    warehouse.insert(
        "paper",
        {
            "id": ["1", "2", "3"],
            "title": ["图神经网络", "a 'quoted' \"title\"", "🎓"],
            "abstract": [None, "", "x\ny"],
            "authors": [["Çelik, D.", "E; F"], [], ["'"]],
            "categories": [["cs.CL"], [], ["cs.CL", "cs.LG"]],
            "updated": [datetime(2021, 4, 5, 6, 7, 8, 9), None, None],
        },
        **FACTS,
    )
    april, second = date(2021, 4, 1), datetime(2021, 4, 5, 6, 7, 8, 9)

    assert warehouse.connection.execute(
        "select id, title, abstract, authors, categories, updated, month, in_field, version from paper order by id"
    ).fetchall() == [
        ("1", "图神经网络", None, ["Çelik, D.", "E; F"], ["cs.CL"], second, april, True, None),
        ("2", "a 'quoted' \"title\"", "", [], [], None, april, True, None),
        ("3", "🎓", "x\ny", ["'"], ["cs.CL", "cs.LG"], None, april, True, None),
    ]  # fmt: skip


def test_a_row_with_the_same_key_is_replaced(warehouse: Warehouse) -> None:
    """The later one stays."""
    for title in ("Old", "New"):
        warehouse.insert("paper", {**PAPER, "title": [title]}, **FACTS)

    assert warehouse.connection.execute("select title from paper").fetchall() == [("New",)]


def test_no_rows_are_no_work(warehouse: Warehouse) -> None:
    """Columns without a value insert nothing."""
    warehouse.insert("paper", {"id": [], "authors": []}, **FACTS)

    assert warehouse.rows("read/paper_counts", matched_with="x") == [(0, 0, 0)]


def test_columns_come_back_by_name(warehouse: Warehouse) -> None:
    """As arrays, in the order of the statement; none of them missing when there are no rows."""
    asked = {"directions": ["demo"], "model": "m", "last": date(2021, 12, 1)}
    columns = warehouse.columns("read/crowding_vectors", **asked)
    assert {name: len(values) for name, values in columns.items()} == {"direction": 0, "id": 0, "month": 0, "place": 0}

    warehouse.insert("vector", {"paper_id": ["2104.00001"], "place": [3]}, model="m", text_hash="h")
    warehouse.insert("paper", PAPER, **{**FACTS, "abstract": "A."})
    warehouse.insert(
        "membership", {"paper_id": ["2104.00001"]}, direction="demo", similarity=0.5, probability=0.9, member=True,
        rule="v2/m",
    )  # fmt: skip
    columns = warehouse.columns("read/crowding_vectors", **asked)
    assert columns["id"].tolist() == ["2104.00001"]
    assert columns["place"].tolist() == [3]


def test_batches_show_the_rows_of_the_moment_of_the_call(warehouse: Warehouse) -> None:
    """Rows that are changed while they are read come all the same, each once, in lists of the size asked for."""
    ids = [f"2104.{number:05}" for number in range(5)]
    warehouse.insert("paper", {"id": ids}, title="T", authors=["A"], categories=["cs.CL"], **FACTS)

    sizes, seen = [], []
    for rows in warehouse.batches("read/papers_to_match", 2, matched_with="now"):
        sizes.append(len(rows))
        seen += [id_ for id_, *_ in rows]
        with warehouse.transaction():
            warehouse.run("write/papers_matched", ids=ids, matched_with="now")

    assert (sizes, seen) == ([2, 2, 1], ids)
    assert list(warehouse.batches("read/papers_to_match", 2, matched_with="now")) == []
