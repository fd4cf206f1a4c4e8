"""The published file takes the place of the one before in one step, and holds no more than readers need."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from littriage import resources
from littriage.errors import DiskFull
from littriage.model import FieldMonth, MonthStatus
from littriage.published import Published
from littriage.resources import PUBLISHED
from littriage.warehouse import Warehouse, derived, vectors
from littriage.warehouse.derived import Text
from littriage.warehouse.publishing import publish

AS_OF = date(2021, 6, 1)
META = {"run": "r1", "as_of": "2021-06-01"}
APRIL = date(2021, 4, 1)


def rows_of(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def add_member(warehouse: Warehouse, number: int, **facts: Any) -> None:
    """One paper that is a member of `demo`."""
    id_ = f"2104.{number:05}"
    known = {
        "title": "T", "abstract": "Secret abstract", "authors": ["A"], "categories": ["cs.CL"], "published": APRIL,
        "date_kind": "submitted", "month": APRIL, "text_hash": "h", "source": "s", "in_field": True,
    }  # fmt: skip
    warehouse.insert("paper", {"id": [id_]}, **(known | facts))
    vectors.store(warehouse, [Text(id_, "", None, (), "h")], np.ones((1, 1), np.float32), "m")
    warehouse.insert(
        "membership",
        {"paper_id": [id_]},
        direction="demo",
        similarity=0.5,
        probability=0.75,
        member=True,
        rule="v1/fast",
    )


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """One theme, one direction, one member, one month."""
    warehouse.insert("theme", {"slug": ["t"]}, name="Theme", name_zh="主题")
    direction = {
        "theme": "t",
        "name": "Demo",
        "name_zh": "示例",
        "scope": "s",
        "category_set": "cs.CL",
        "field": "cs.CL",
        "query": "q",
    }
    warehouse.insert("direction", {"slug": ["demo"]}, **direction)
    point = {"papers": 0.75, "members": 1, "exposure": 10, "status": "complete", "reason": ""}
    warehouse.insert("trend_point", {"direction": ["demo"]}, month=APRIL, **point)
    add_member(warehouse, 1)
    return warehouse


def test_readers_get_the_tables_and_what_they_must_know(filled: Warehouse) -> None:
    """Members, months and the description of the file; papers that do not count are left out."""
    add_member(filled, 2, not_counted="withdrawn")
    path = publish(filled, META, AS_OF)

    assert path == filled.folder / PUBLISHED
    assert dict(rows_of(path, "from meta")) == {**META, "schema": "1"}
    assert rows_of(path, "select direction, paper_id, primary_category, cluster from paper") == [
        ("demo", "2104.00001", "cs.CL", None)
    ]
    assert rows_of(path, "select papers, exposure from trend_point") == [(0.75, 10)]
    assert rows_of(path, "from theme") == [("t", "Theme", "主题")]


def test_readers_get_what_each_month_of_a_field_is_worth(filled: Warehouse) -> None:
    """With nulls for what is not known."""
    months = [
        FieldMonth("cs.CL", APRIL, 90, None, 3, 1.04, 1.02, 1.07, 2.5, MonthStatus.OPEN, "why", "oai-pmh"),
        FieldMonth("", APRIL, 9, 10, None, None, None, None, 0.0, MonthStatus.COMPLETE, "", "arxiv-api"),
    ]
    derived.store_field_months(filled, months)
    publish(filled, {**META, "published_at": "", "last_month": ""}, AS_OF)

    with Published.open(filled.folder) as published:
        assert published.field_months() == {"": (months[1],), "cs.CL": (months[0],)}
        assert published.field_months("cs.CL") == {"cs.CL": (months[0],)}
        assert published.field_months("cs.RO") == {}


def test_readers_get_neither_abstracts_nor_vectors(filled: Warehouse) -> None:
    """No column of that name, no blob, and no trace of the text in the whole file."""
    path = publish(filled, META, AS_OF)
    columns = rows_of(path, "select column_name, data_type from duckdb_columns() where not internal")

    assert len(columns) > 50
    assert not [name for name, _ in columns if "abstract" in name or "vector" in name or name == "text_hash"]
    assert "BLOB" not in {kind for _, kind in columns}
    assert b"Secret abstract" not in path.read_bytes()


def test_a_reader_keeps_its_rows_while_a_new_file_is_put_in_place(filled: Warehouse) -> None:
    """Whoever opened the old file goes on in the old file; whoever opens it now has the new one."""
    path = publish(filled, META, AS_OF)
    with duckdb.connect(str(path), read_only=True) as reader:
        old = path.stat().st_ino
        add_member(filled, 2)
        publish(filled, {**META, "run": "r2"}, AS_OF)

        assert path.stat().st_ino != old
        assert reader.execute("select count(*) from paper").fetchone() == (1,)
        assert reader.execute("select value from meta where key = 'run'").fetchone() == ("r1",)
    assert rows_of(path, "select count(*) from paper") == [(2,)]


def test_what_a_kill_left_is_written_over(filled: Warehouse) -> None:
    """A half-built file and its log are taken away, and nothing is left beside the published file."""
    building = filled.folder / f"{PUBLISHED}.build"
    building.write_bytes(b"half")
    building.with_name(building.name + ".wal").write_bytes(b"a log")
    path = publish(filled, META, AS_OF)

    assert rows_of(path, "select count(*) from paper") == [(1,)]
    assert {one.name for one in filled.folder.iterdir()} - {"littriage.duckdb.wal"} == {
        "littriage.duckdb",
        "vectors",
        PUBLISHED,
    }


def test_a_folder_with_quotes_in_its_name_is_no_trouble(tmp_path: Path) -> None:
    """The path is data, not SQL."""
    with Warehouse.open(tmp_path / "it's 数据") as warehouse:
        assert publish(warehouse, META, AS_OF).is_file()


@pytest.mark.parametrize(
    ("broken", "expected", "message"),
    [
        ("select nonsense", duckdb.BinderException, "nonsense"),
        ("select error('IO Error: No space left on device')", DiskFull, "no room left on the disk"),
    ],
)
def test_a_publishing_that_fails_leaves_the_old_file(
    filled: Warehouse, monkeypatch: pytest.MonkeyPatch, broken: str, expected: type[Exception], message: str
) -> None:
    """The error says what was wrong; the warehouse can be used as before, and the next publishing works."""
    path = publish(filled, META, AS_OF)
    before = path.read_bytes()
    sql = resources.sql
    with monkeypatch.context() as patched:
        patched.setattr(resources, "sql", lambda name: broken if name == "export/published_paper" else sql(name))
        with pytest.raises(expected, match=message):
            publish(filled, {**META, "run": "r2"}, AS_OF)

    assert path.read_bytes() == before
    add_member(filled, 2)
    publish(filled, {**META, "run": "r3"}, AS_OF)
    assert rows_of(path, "select count(*) from paper") == [(2,)]
