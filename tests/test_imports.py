"""Importing files: every row is accounted for, and the order of imports does not matter."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from littriage.errors import DiskFull, ImportRefused
from littriage.harvest import Window
from littriage.identity import author_names, canonical_categories, clean_text, is_withdrawn
from littriage.model import Drop, HarvestNote, Paper
from littriage.warehouse import Warehouse, derived, imports, vectors
from littriage.warehouse.checks import broken_rules
from littriage.warehouse.derived import Text
from littriage.warehouse.imports import ImportReport, import_coverage, import_file, read_papers
from littriage.warehouse.papers import store_harvested, text_hash
from paper_files import NOW, PAPER_TYPES, TODAY, VENUE_TYPES, json_lines, parquet, row, snapshot_row


def take_in(warehouse: Warehouse, path: Path) -> ImportReport:
    return import_file(warehouse, path, today=TODAY, now=NOW)


def stored(warehouse: Warehouse, columns: str = "id, version, title, abstract") -> list[tuple[Any, ...]]:
    return warehouse.connection.execute(f"select {columns} from paper order by id").fetchall()


def import_rows(warehouse: Warehouse, folder: Path, *files: Sequence[Mapping[str, Any]]) -> list[ImportReport]:
    """Import each list of rows as a Parquet file of its own, in order."""
    return [take_in(warehouse, parquet(folder / f"{n}.parquet", rows)) for n, rows in enumerate(files)]


def harvest(warehouse: Warehouse, *papers: Paper) -> int:
    """Store the papers as those of a harvested window."""
    window = Window(date(2021, 1, 1), date(2021, 12, 31))
    note = HarvestNote("arxiv-api", "demo", window, len(papers), len(papers), (), 1, None)
    return store_harvested(warehouse, note, papers, query="q", now=NOW)


# --- rows and drops ---------------------------------------------------------------------------------------------


def test_every_row_of_a_parquet_file_is_accounted_for(warehouse: Warehouse, tmp_path: Path) -> None:
    """Rows are stored or dropped, each drop with its reason and up to three examples."""
    rows = [
        row("2104.00001"),
        row("2104.00002v3"),
        row(None),
        row("  "),
        row("not an id"),
        row("2113.00001"),
        row("2104.00003", title=None),
        row("2104.00004", title="  \n "),
        row("2104.00005", published=None),
        row("2104.00006", published=date(2024, 7, 1)),
        row("2104.00007", published=date(1970, 1, 1)),
        row("9912.00008", published=date(1999, 12, 1)),
        row("2104.00001"),
    ]
    (report,) = import_rows(warehouse, tmp_path, rows)

    assert report == ImportReport(
        source="0.parquet",
        kind="papers",
        rows=13,
        stored=2,
        unchanged=0,
        drops=(
            Drop("date in the future", 2, ("2104.00006", "9912.00008")),
            Drop("no id", 2, ("row 3", "row 4")),
            Drop("no title", 2, ("2104.00003", "2104.00004")),
            Drop("not an arXiv id", 2, ("not an id", "2113.00001")),
            Drop("date before arXiv", 1, ("2104.00007",)),
            Drop("no date", 1, ("2104.00005",)),
            Drop("the same paper again in this file", 1, ("2104.00001",)),
        ),
        months=(date(2021, 4, 1), date(2021, 4, 1)),
        newest_change=date(2021, 4, 5),
    )
    assert report.rows == report.stored + report.unchanged + sum(drop.rows for drop in report.drops)
    assert stored(warehouse, "id, version") == [("2104.00001", None), ("2104.00002", 3)]
    assert broken_rules(warehouse) == []


def test_a_drop_shows_three_examples(warehouse: Warehouse, tmp_path: Path) -> None:
    """However many rows there are, the first three tell what they look like."""
    (report,) = import_rows(warehouse, tmp_path, [row(f"x{n}") for n in range(5)])

    assert report.drops == (Drop("not an arXiv id", 5, ("x0", "x1", "x2")),)


def test_every_line_of_a_snapshot_is_accounted_for(warehouse: Warehouse, tmp_path: Path) -> None:
    """Broken lines are counted too; blank lines are not rows."""
    path = json_lines(
        tmp_path / "arxiv.json",
        [
            snapshot_row("0704.0001"),
            '{"id": "0704.0002", "title": "cut o',
            "",
            "[1, 2]",
            "7",
            json.dumps({"title": "no id"}),
            snapshot_row("0704.0003", versions=[]),
            snapshot_row("0704.0004", versions=[{"version": "v1", "created": "yesterday"}]),
            snapshot_row("0704.0005", title=None),
            snapshot_row("0704.0001"),
        ],
    )
    report = take_in(warehouse, path)

    assert (report.rows, report.stored, report.unchanged) == (9, 1, 0)
    assert {drop.reason: drop.rows for drop in report.drops} == {
        "broken line": 3,
        "no date": 2,
        "no id": 1,
        "no title": 1,
        "the same paper again in this file": 1,
    }


def test_a_line_that_is_not_utf8_or_far_too_long_is_a_broken_line(warehouse: Warehouse, tmp_path: Path) -> None:
    """Text in an unknown encoding is not guessed at; all other lines are taken, whatever file came before."""
    lines = [
        json.dumps(snapshot_row("0704.0001")).encode(),
        b'{"id": "0704.0002", "title": "caf\xe9 \xff"}',
        json.dumps(snapshot_row("0704.0003", title="Ünïcode"), ensure_ascii=False).encode(),
        b'{"id": "0704.0004", "title": "' + b"x" * (17 << 20) + b'"}',
        b"\xff",
        json.dumps(snapshot_row("0704.0005")).encode(),
    ]
    path = _text(tmp_path / "a.json", b"\n".join(lines))
    with pytest.raises(ImportRefused):
        take_in(warehouse, _text(tmp_path / "noise.bin", b"\xff\n\xfe\n"))
    report, again = take_in(warehouse, path), import_file(warehouse, path, today=TODAY, now=NOW + timedelta(minutes=1))
    whole = take_in(warehouse, json_lines(tmp_path / "whole.json", [snapshot_row("0704.0006")]))

    assert (report.rows, report.stored) == (6, 3)
    assert report.drops == again.drops == (Drop("broken line", 3, ("line 2", "line 4", "line 5")),)
    assert (again.rows, again.unchanged) == (6, 3)
    assert (whole.rows, whole.drops) == (1, ())
    assert [id_ for (id_,) in stored(warehouse, "id")] == ["0704.0001", "0704.0003", "0704.0005", "0704.0006"]


def test_a_snapshot_line_becomes_a_paper(warehouse: Warehouse, tmp_path: Path) -> None:
    """White space is joined, the first version dates the paper, the last one numbers it."""
    versions = [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ]
    take_in(warehouse, json_lines(tmp_path / "a.json", [snapshot_row("0704.0001", versions=versions)]))

    assert stored(
        warehouse, "version, title, abstract, authors, categories, published, month, updated, comments, not_counted"
    ) == [
        (
            2,
            "A title over two lines",
            "An abstract.",
            ["Ada Lovelace", "Charles Babbage", "Bob"],
            ["cs.CL", "cs.LG"],
            date(2007, 4, 2),
            date(2007, 4, 1),
            datetime(2007, 7, 24, 20, 10, 27),
            "12 pages",
            None,
        )
    ]


def test_old_ids_lose_their_subject_class_and_keep_their_century(warehouse: Warehouse, tmp_path: Path) -> None:
    """math.GT/0309136 and math/0309136 are one paper; hep-th/9901001 is of 1999."""
    rows = [
        row("hep-th/9901001", published=date(1999, 1, 4)),
        row("math.GT/0309136v2", published=date(2003, 9, 8)),
        row("math/0309136v1", published=date(2003, 9, 8)),
    ]
    (report,) = import_rows(warehouse, tmp_path, rows)

    assert stored(warehouse, "id, version, month") == [
        ("hep-th/9901001", None, date(1999, 1, 1)),
        ("math/0309136", 2, date(2003, 9, 1)),
    ]
    assert report.drops == (Drop("the same paper again in this file", 1, ("math/0309136v1",)),)


@pytest.mark.parametrize(
    "title",
    [
        "Über Gödel’s $\\mathcal{O}(n\\log n)$ — 图神经网络 🎓",
        'a \\\'{e} "quoted"; with, commas',
        "\\x01 \\n 100% \\\\",
    ],
)
def test_titles_come_through_unchanged(warehouse: Warehouse, tmp_path: Path, title: str) -> None:
    """LaTeX, other scripts and quotes are content, from either kind of file."""
    take_in(warehouse, parquet(tmp_path / "a.parquet", [row("2104.00001", title=title, abstract=title)]))
    take_in(warehouse, json_lines(tmp_path / "a.json", [snapshot_row("0704.0001", title=title, abstract=title)]))

    assert stored(warehouse, "title, abstract") == [(title, title)] * 2


def test_the_text_hash_is_the_same_in_python_and_in_sql(warehouse: Warehouse, tmp_path: Path) -> None:
    """A harvested paper and an imported one with the same text share their vectors."""
    import_rows(warehouse, tmp_path, [row("2104.00001", title="Ünïcode"), row("2104.00002", abstract=None)])

    for title, abstract, found in stored(warehouse, "title, abstract, text_hash"):
        assert found == text_hash(Paper("2104.00001", title, abstract, (), (), date(2021, 4, 5)))


def test_a_file_without_rows_stores_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    """A Parquet file with the right columns and no rows is no error."""
    (report,) = import_rows(warehouse, tmp_path, [])

    assert report == ImportReport("0.parquet", "papers", 0, 0, 0, ())


def test_other_types_are_cast_and_what_cannot_be_is_missing(warehouse: Warehouse, tmp_path: Path) -> None:
    """A date as text is a date; a date that is none is a drop with a reason."""
    types = {"id": "text", "title": "text", "published": "text"}
    rows = [{"id": "2104.00001", "title": "T", "published": "2021-04-05"}, {"id": "2104.00002", "title": "T"}]
    rows[1]["published"] = "last spring"
    report = take_in(warehouse, parquet(tmp_path / "a.parquet", rows, types))

    assert report.drops == (Drop("no date", 1, ("2104.00002",)),)
    assert stored(warehouse, "published, abstract, authors, categories") == [(date(2021, 4, 5), None, [], [])]


def test_lists_of_texts_are_lists(warehouse: Warehouse, tmp_path: Path) -> None:
    """Authors and categories as lists give the same paper as one text with separators."""
    types = PAPER_TYPES | {"authors": "text[]", "categories": "text[]"}
    rows = [
        row("2104.00001", authors=["Lovelace, Ada", "Bob"], categories=["cs.CL", "cs.LG"]),
        row("2104.00002", authors=[], categories=None),
    ]
    take_in(warehouse, parquet(tmp_path / "a.parquet", rows, types))

    assert stored(warehouse, "authors, categories") == [(["Ada Lovelace", "Bob"], ["cs.CL", "cs.LG"]), ([], [])]


@pytest.mark.parametrize(
    ("column", "kind", "value", "needed"),
    [
        ("id", "DOUBLE", 2104.1, "text"),
        ("title", "VARCHAR[]", ["A title"], "text"),
        ("published", "BIGINT", 20210405, "date"),
        ("abstract", "BLOB", b"caf\xc3\xa9", "text"),
        ("authors", 'STRUCT("name" VARCHAR)[]', [{"name": "Ada"}], "text"),
        ("categories", "MAP(VARCHAR, VARCHAR)", {"primary": "cs.CL"}, "text"),
    ],
)
def test_a_column_of_a_type_that_would_change_its_meaning_is_refused(
    warehouse: Warehouse, tmp_path: Path, column: str, kind: str, value: object, needed: str
) -> None:
    """With its name and its type, and nothing stored."""
    rows = [row("2104.00001") | {column: value}]
    path = parquet(tmp_path / "a.parquet", rows, PAPER_TYPES | {column: kind})

    with pytest.raises(ImportRefused, match=f"has the column {column} as .* read as {needed}") as refused:
        take_in(warehouse, path)
    assert (refused.value.parts["column"], refused.value.parts["type"]) == (column, kind)
    assert stored(warehouse) == []


# --- one paper, several rows ------------------------------------------------------------------------------------


V1 = row("2104.00001v1", title="First", published=date(2021, 4, 5))
V2 = row("2104.00001v2", title="Second", published=date(2021, 6, 7))
TITLE_ONLY_V3 = row("2104.00001v3", title="Third", abstract=None, published=date(2021, 4, 30))


@pytest.mark.parametrize("order", list(permutations([V1, V2, TITLE_ONLY_V3])))
@pytest.mark.parametrize("together", [True, False])
def test_of_several_versions_the_newest_with_an_abstract_stays(
    warehouse: Warehouse, tmp_path: Path, order: tuple[Mapping[str, Any], ...], together: bool
) -> None:
    """In one file or in three, in any order; the day of the first version stays the oldest one given."""
    reports = import_rows(warehouse, tmp_path, *([order] if together else [[one] for one in order]))

    assert stored(warehouse, "id, version, title, abstract, published") == [
        ("2104.00001", 2, "Second", "An abstract.", date(2021, 4, 5))
    ]
    assert sum(report.rows for report in reports) == 3


def test_an_abstract_that_arrives_later_is_taken_and_never_lost(warehouse: Warehouse, tmp_path: Path) -> None:
    """A title-only row neither replaces nor hides a paper with its abstract."""
    bare, full = row("2104.00001", abstract=None), row("2104.00001")
    reports = import_rows(warehouse, tmp_path, [bare], [full], [bare])

    assert [(report.stored, report.unchanged) for report in reports] == [(1, 0), (1, 0), (0, 1)]
    assert stored(warehouse, "abstract") == [("An abstract.",)]


def test_a_row_that_cannot_be_stored_does_not_push_out_one_that_can(warehouse: Warehouse, tmp_path: Path) -> None:
    """The newer version is dated in 1970: the older version of the same paper is stored."""
    broken = row("2104.00001v2", published=date(1970, 1, 1))
    (report,) = import_rows(warehouse, tmp_path, [broken, row("2104.00001v1")])

    assert (report.stored, report.drops) == (1, (Drop("date before arXiv", 1, ("2104.00001v2",)),))


def test_a_corrected_text_of_the_same_version_is_taken(warehouse: Warehouse, tmp_path: Path) -> None:
    """The later import has the last word."""
    import_rows(warehouse, tmp_path, [row("2104.00001")], [row("2104.00001", title="Corrected")])

    assert stored(warehouse, "title") == [("Corrected",)]


def test_categories_and_authors_are_not_lost_to_a_row_without_them(warehouse: Warehouse, tmp_path: Path) -> None:
    """What one file does not tell, another one may have told."""
    bare = row("2104.00001v2", title="New", categories=None, authors=None)
    for order in ([row("2104.00001v1"), bare], [bare, row("2104.00001v1")]):
        warehouse.empty("paper")
        import_rows(warehouse, tmp_path, *([one] for one in order))

        assert stored(warehouse, "title, categories, authors") == [("New", ["cs.CL", "cs.LG"], ["Ada Lovelace", "Bob"])]


def test_importing_again_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    """The second time every row is unchanged, and the table is the same."""
    rows = [V2, row("2104.00002", abstract=None), row("2104.00003", popularity_sample=True)]
    snapshot = json_lines(
        tmp_path / "a.json",
        [snapshot_row("0704.0001"), snapshot_row("0704.0002", comments="This paper has been withdrawn")],
    )
    import_rows(warehouse, tmp_path, rows)
    take_in(warehouse, snapshot)
    before = stored(warehouse, "*")
    (again,) = import_rows(warehouse, tmp_path, rows)
    snapshot_again = take_in(warehouse, snapshot)

    assert (again.rows, again.stored, again.unchanged, again.drops) == (3, 0, 3, ())
    assert (snapshot_again.stored, snapshot_again.unchanged) == (0, 2)
    assert stored(warehouse, "*") == before


ROWS = st.builds(
    lambda number, version, abstract, day, sample, categories: row(
        f"2104.0000{number}v{version}",
        title=f"Title {number} v{version}",
        abstract=f"Abstract {number} v{version}." if abstract else None,
        published=date(2021, 4, day),
        popularity_sample=sample,
        categories=categories,
    ),
    st.integers(1, 2),
    st.integers(1, 3),
    st.booleans(),
    st.integers(1, 28),
    st.booleans(),
    st.sampled_from([None, "cs.CL cs.LG"]),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(ROWS, min_size=1, max_size=3), min_size=1, max_size=2), seed=st.integers(0, 9))
def test_any_order_of_files_and_rows_gives_the_same_papers(
    warehouse: Warehouse, tmp_path: Path, files: list[list[dict[str, Any]]], seed: int
) -> None:
    """Shuffling, splitting and joining files changes nothing; every row is accounted for each time."""
    shuffled = [one for rows in files for one in rows]
    random.Random(seed).shuffle(shuffled)
    found = []
    for layout in (files, [shuffled], [[one] for one in reversed(shuffled)]):
        warehouse.empty("paper")
        for report in import_rows(warehouse, tmp_path, *layout):
            assert report.rows == report.stored + report.unchanged + sum(drop.rows for drop in report.drops)
        found.append(stored(warehouse, "id, version, title, abstract, categories, published, not_counted, text_hash"))

    assert found[0] == found[1] == found[2]


# --- papers that do not count -----------------------------------------------------------------------------------


def counted(warehouse: Warehouse) -> list[derived.HeldMonth]:
    """The imported field of cs.CL, as the trends see it."""
    return derived.held_months(warehouse, {"cs.CL": ["cs.CL"]})["cs.CL"]


def test_samples_and_withdrawn_papers_are_stored_and_not_counted(warehouse: Warehouse, tmp_path: Path) -> None:
    """A row that is there because it was popular says nothing of its month; a withdrawn paper is none."""
    import_rows(warehouse, tmp_path, [row("2104.00001"), row("2104.00002", popularity_sample=True)])
    snapshot = [
        snapshot_row("0704.0001"),
        snapshot_row("0704.0002", comments="This paper has been WITHDRAWN by the author"),
        snapshot_row("0704.0003", abstract="This submission has been withdrawn by arXiv."),
    ]
    take_in(warehouse, json_lines(tmp_path / "a.json", snapshot))

    assert stored(warehouse, "id, not_counted") == [
        ("0704.0001", None),
        ("0704.0002", "withdrawn"),
        ("0704.0003", "withdrawn"),
        ("2104.00001", None),
        ("2104.00002", "popularity sample"),
    ]
    assert [(month, papers) for month, papers, _, _ in counted(warehouse)] == [
        (date(2007, 4, 1), 1),
        (date(2021, 4, 1), 1),
    ]


WITHDRAWALS = [
    ("This paper has been withdrawn by the author due to a crucial error in equation 1.", ""),
    ("This submission has been withdrawn by arXiv administrators.", ""),
    ("Withdrawn by the authors.", ""),
    ("  (Withdrawn)", ""),
    ("We study attention.", "This paper has\n been  WITHDRAWN."),
    ("We study attention.", "withdrawn due to an error"),
    ("We study attention.", "12 pages, withdrawn by\u00a0the authors"),
    ("We study attention.", "Withdrawn_by"),
    ("We study attention.", "图 withdrawn"),
    ("We study attention.", "— withdrawn"),
    ("We study attention.", "This paper is long. It was withdrawn"),
    ("We study attention.", "cash withdrawn from machines"),
    ("We study how cash is withdrawn from machines.", "12 pages"),
    ("Results withdrawn by the author of a study are common.", ""),
    ("Accepted papers. " * 10 + "We ask why a paper is withdrawn by its authors.", ""),
    ("word\n  " * 20 + "The paper is withdrawn.", ""),
    ("", ""),
    (None, None),
]


def test_both_kinds_of_file_and_a_harvest_agree_on_what_is_withdrawn(warehouse: Warehouse, tmp_path: Path) -> None:
    """The rule in SQL is the rule in Python, of which the table holds both outcomes."""
    flat = [[" ".join((text or "").split()) for text in texts] for texts in WITHDRAWALS]
    expected = ["withdrawn" if is_withdrawn(*texts) else None for texts in flat]
    assert {*expected} == {"withdrawn", None}

    numbered = [(f"2104.{n:05}", {"abstract": a, "comments": c}) for n, (a, c) in enumerate(WITHDRAWALS)]
    types = PAPER_TYPES | {"comments": "text"}
    files = [
        parquet(tmp_path / "a.parquet", [row(id_, **texts) for id_, texts in numbered], types),
        json_lines(tmp_path / "a.json", [snapshot_row(id_, **texts) for id_, texts in numbered]),
    ]
    for path in files:
        warehouse.empty("paper")
        take_in(warehouse, path)
        found = [reason for (reason,) in stored(warehouse, "not_counted")]
        assert list(zip(WITHDRAWALS, found, strict=True)) == list(zip(WITHDRAWALS, expected, strict=True)), path.name


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("sample_first", [True, False])
def test_a_paper_that_is_also_listed_in_full_is_counted(
    warehouse: Warehouse, tmp_path: Path, together: bool, sample_first: bool
) -> None:
    """Being popular as well is no reason not to be counted, whichever file comes first."""
    rows = [row("2104.00001"), row("2104.00001v2", popularity_sample=True)]
    ordered = rows[::-1] if sample_first else rows
    import_rows(warehouse, tmp_path, *([ordered] if together else [[one] for one in ordered]))

    assert stored(warehouse, "id, version, not_counted") == [("2104.00001", 2, None)]


def test_a_withdrawal_stands_until_a_newer_version(warehouse: Warehouse, tmp_path: Path) -> None:
    """A file that does not know of the withdrawal cannot undo it; a newer version can."""
    withdrawn = Paper("2104.00001", "A title", "An abstract.", ("A",), ("cs.CL",), date(2021, 4, 5), 2, withdrawn=True)
    harvest(warehouse, withdrawn)
    for known, expected in ((1, "withdrawn"), (2, "withdrawn"), (None, "withdrawn"), (3, None)):
        import_rows(warehouse, tmp_path, [row("2104.00001", version=known)])
        assert stored(warehouse, "not_counted") == [(expected,)], known


def test_papers_of_unknown_category_are_in_no_field(warehouse: Warehouse, tmp_path: Path) -> None:
    """They are stored, and counted nowhere."""
    import_rows(warehouse, tmp_path, [row("2104.00001", categories=None), row("2104.00002", categories="cs.CL")])

    assert counted(warehouse) == [(date(2021, 4, 1), 1, 1, date(2021, 4, 5))]
    assert derived.held_months(warehouse, {"": []})[""] == counted(warehouse)
    assert derived.held_months(warehouse, {"cs.CV": ["cs.CV"]})["cs.CV"] == []


# --- harvested papers -------------------------------------------------------------------------------------------


def test_a_harvested_paper_joins_the_imported_field_when_a_file_holds_it(warehouse: Warehouse, tmp_path: Path) -> None:
    """Its newer text stays; from then on it is part of the field that files make up."""
    harvest(warehouse, Paper("2104.00001", "Newer", "Text.", ("A",), ("cs.CL",), date(2021, 4, 5), 2))
    assert counted(warehouse) == []

    (report,) = import_rows(warehouse, tmp_path, [row("2104.00001", version=1)])

    assert (report.stored, report.unchanged) == (1, 0)
    assert stored(warehouse, "version, title, in_field, source") == [(2, "Newer", True, "arxiv-api")]
    assert [papers for _, papers, _, _ in counted(warehouse)] == [1]


def test_harvesting_again_stores_what_is_new(warehouse: Warehouse) -> None:
    """Known papers are not stored again; a newer version is."""
    first = [Paper(f"2104.0000{n}", "T", "Text.", ("A",), ("cs.CL",), date(2021, 4, 5), 1) for n in range(3)]
    newer = Paper("2104.00001", "T2", "Text.", ("A",), ("cs.CL",), date(2021, 4, 5), 2)

    assert harvest(warehouse, *first) == 3
    assert harvest(warehouse, *first) == 0
    assert harvest(warehouse, first[0], newer) == 1
    assert stored(warehouse, "version, title") == [(1, "T"), (2, "T2"), (1, "T")]


def test_an_empty_window_is_a_checkpoint_too(warehouse: Warehouse) -> None:
    """Nothing found is an answer: the window is not asked again."""
    assert harvest(warehouse) == 0
    assert len(warehouse.rows("read/done_windows", source="arxiv-api", direction="demo", query="q")) == 1


# --- refused files ----------------------------------------------------------------------------------------------


def test_missing_columns_are_named_with_what_is_needed(warehouse: Warehouse, tmp_path: Path) -> None:
    """The message says what lacks, what is there and what is needed."""
    path = parquet(tmp_path / "a.parquet", [], {"id": "text", "name": "text"})

    with pytest.raises(ImportRefused) as refused:
        take_in(warehouse, path)

    assert str(refused.value) == (
        f"{path} lacks the columns title, published; it has id, name. "
        "A file of papers needs at least id, title, published"
    )
    assert refused.value.parts["missing"] == ("title", "published")


def _truncated(path: Path) -> Path:
    whole = parquet(path, [row("2104.00001")]).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def _text(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.json", "no file at"),
        ("folder", "no file at"),
        ("empty.json", "is empty"),
        ("blank.json", "is empty"),
        ("empty.parquet", "cannot be read as Parquet"),
        ("half.parquet", "cannot be read as Parquet"),
        ("notes.txt", "is not JSON lines: none of its 2 lines is a JSON object with an id"),
        ("noise.bin", "JSON lines"),
    ],
)
def test_a_file_that_is_no_table_of_papers_is_refused(
    warehouse: Warehouse, tmp_path: Path, name: str, message: str
) -> None:
    """With the reason and the path, and nothing stored."""
    (tmp_path / "folder").mkdir()
    _text(tmp_path / "empty.json", "")
    _text(tmp_path / "blank.json", "\n\n  \n")
    _text(tmp_path / "empty.parquet", "")
    _text(tmp_path / "notes.txt", "Dear diary,\ntoday I read a paper.\n")
    _text(tmp_path / "noise.bin", bytes(range(256)) * 40)
    _truncated(tmp_path / "half.parquet")

    with pytest.raises(ImportRefused, match=message) as refused:
        take_in(warehouse, tmp_path / name)

    assert str(tmp_path / name) in str(refused.value)
    assert stored(warehouse) == []
    assert warehouse.connection.execute("select count(*) from import_file").fetchone() == (0,)


def test_a_refused_import_leaves_what_was_stored(warehouse: Warehouse, tmp_path: Path) -> None:
    """And the next good file goes in."""
    import_rows(warehouse, tmp_path, [row("2104.00001")])
    with pytest.raises(ImportRefused):
        take_in(warehouse, _truncated(tmp_path / "half.parquet"))
    import_rows(warehouse, tmp_path, [row("2104.00002")])

    assert [id_ for (id_,) in stored(warehouse, "id")] == ["2104.00001", "2104.00002"]


def test_an_import_that_fails_on_its_way_leaves_nothing(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Papers, drops and the import's own record are one transaction."""
    path = parquet(tmp_path / "a.parquet", [row("2104.00001")])

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(warehouse, "insert", fail)
        with pytest.raises(KeyboardInterrupt):
            take_in(warehouse, path)

    assert stored(warehouse) == []
    assert take_in(warehouse, path).stored == 1


def test_a_full_disk_is_not_the_fault_of_the_file(warehouse: Warehouse, tmp_path: Path) -> None:
    """What is staged finds no room beside the warehouse: that is said, and not that the file cannot be read."""
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select '2104.' || range as id, 'T' as title, date '2021-04-05' as published, "
            "repeat(md5(range::text), 60) as abstract from range(40000)) "
            "to $path (format parquet, row_group_size 2048)",
            {"path": str(path)},
        )
    for setting in ("memory_limit = '30MB'", "max_temp_directory_size = '1MB'", "threads = 1"):
        warehouse.connection.execute(f"set {setting}")

    with pytest.raises(DiskFull, match="no room left on the disk"):
        take_in(warehouse, path)


def test_a_huge_line_is_read(warehouse: Warehouse, tmp_path: Path) -> None:
    """A line of 4 MB is a paper like any other."""
    long = "word " * 800_000
    report = take_in(warehouse, json_lines(tmp_path / "a.json", [snapshot_row("0704.0001", abstract=long)]))

    assert report.stored == 1
    assert stored(warehouse, "length(abstract)") == [(len(long) - 1,)]


def test_line_ends_and_byte_order_marks_of_other_systems_are_read(warehouse: Warehouse, tmp_path: Path) -> None:
    """CR LF and a leading byte-order mark do not break the first or the last line."""
    lines = [json.dumps(snapshot_row(f"0704.000{n}")) for n in (1, 2)]
    path = _text(tmp_path / "a.json", b"\xef\xbb\xbf" + "\r\n".join(lines).encode())

    assert take_in(warehouse, path).stored == 2


def test_names_with_pattern_characters_are_names(warehouse: Warehouse, tmp_path: Path) -> None:
    """A file called data[1].parquet is that file, not a pattern."""
    assert take_in(warehouse, parquet(tmp_path / "data[1].parquet", [row("2104.00001")])).stored == 1
    assert take_in(warehouse, json_lines(tmp_path / "it's*.json", [snapshot_row("0704.0001")])).stored == 1


# --- conference papers ------------------------------------------------------------------------------------------


def venue_row(id_: str | None, **facts: Any) -> dict[str, Any]:
    return {"id": id_, "title": "A title", "authors": "Ada; Bob", "venue": "ICML", "year": 2020} | facts


def test_conference_papers_are_kept_apart(warehouse: Warehouse, tmp_path: Path) -> None:
    """They are counted by year and venue, never in a month of arXiv."""
    rows = [
        venue_row("icml/1", published=date(2020, 1, 1), status="Poster"),
        venue_row("icml/1"),
        venue_row("icml/2", title=None),
        venue_row("icml/3", venue=None),
        venue_row("icml/4", year=None),
        venue_row("icml/5", year=2025),
        venue_row(None),
    ]
    path = parquet(tmp_path / "conferences.parquet", rows, VENUE_TYPES)
    report = take_in(warehouse, path)

    assert (report.kind, report.rows, report.stored, report.unchanged) == ("venue papers", 7, 1, 0)
    assert {drop.reason: drop.rows for drop in report.drops} == {
        "date in the future": 1,
        "no id": 1,
        "no title": 1,
        "no venue": 1,
        "no year": 1,
        "the same paper again in this file": 1,
    }
    assert stored(warehouse) == []
    assert warehouse.connection.execute("select id, venue, year, status, authors from venue_paper").fetchall() == [
        ("icml/1", "ICML", 2020, "Poster", ["Ada", "Bob"])
    ]
    again = import_file(warehouse, path, today=TODAY, now=NOW + timedelta(minutes=1))
    assert (again.stored, again.unchanged) == (0, 1)
    assert broken_rules(warehouse) == []


def test_an_abstract_of_a_conference_paper_is_added(warehouse: Warehouse, tmp_path: Path) -> None:
    """A file that knows more of a conference paper adds it; one that knows less takes nothing away."""
    for number, abstract in enumerate((None, "An abstract.", None)):
        path = parquet(tmp_path / f"{number}.parquet", [venue_row("icml/1", abstract=abstract)], VENUE_TYPES)
        take_in(warehouse, path)

    assert warehouse.connection.execute("select abstract from venue_paper").fetchall() == [("An abstract.",)]


# --- coverage ---------------------------------------------------------------------------------------------------


def test_a_coverage_file_speaks_of_months(warehouse: Warehouse, tmp_path: Path) -> None:
    """Letters in either case; the last word on a month of a category counts; other columns do not matter."""
    path = _text(
        tmp_path / "coverage.csv",
        "month,category,rows,status,recall\n2021-04,cs.CL,10,a,1.00\n2021-05,cs.CL,9,M,\n2021-05,cs.CL,9,B,0.8\n",
    )

    assert import_coverage(warehouse, path) == 2
    assert warehouse.rows("read/coverage") == [("cs.CL", date(2021, 4, 1), "A"), ("cs.CL", date(2021, 5, 1), "B")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("month,category,status,recall\n2021-04,cs.CL,A,1\n2021-05,cs.CL,X,1\n", "row 2: month '2021-05'.*status 'X'"),
        ("month,category,status,recall\n2021-13,cs.CL,A,1\n", "row 1: month '2021-13'"),
        ("month,category,status,recall\n2021-04,,A,1\n", "row 1: .*category None"),
        ("month,category,recall\n2021-04,cs.CL,1\n", "is no coverage file: .*status"),
        ("", "is no coverage file|is empty"),
    ],
)
def test_a_bad_coverage_file_is_refused_whole(warehouse: Warehouse, tmp_path: Path, content: str, message: str) -> None:
    """With the row or the column, and what is expected; earlier statements stay."""
    good = _text(tmp_path / "good.csv", "month,category,status,recall\n2020-01,cs.CL,A,1\n")
    import_coverage(warehouse, good)

    with pytest.raises(ImportRefused, match=message):
        import_coverage(warehouse, _text(tmp_path / "bad.csv", content))
    assert warehouse.rows("read/coverage") == [("cs.CL", date(2020, 1, 1), "A")]


def test_a_missing_coverage_file_is_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"no file at .*nowhere\.csv"):
        import_coverage(warehouse, tmp_path / "nowhere.csv")


# --- reading without storing ------------------------------------------------------------------------------------


def test_papers_can_be_read_as_values(tmp_path: Path) -> None:
    """In order of id, each once, rows that are no papers left out."""
    rows = [
        row("2104.00002", abstract=None),
        row("2104.00001"),
        row("2104.00001"),
        row("x"),
        row("2104.00003", title=""),
    ]
    found = read_papers(parquet(tmp_path / "a.parquet", rows))

    assert found == [
        Paper("2104.00001", "A title", "An abstract.", ("Ada Lovelace", "Bob"), ("cs.CL", "cs.LG"), date(2021, 4, 5)),
        Paper("2104.00002", "A title", None, ("Ada Lovelace", "Bob"), ("cs.CL", "cs.LG"), date(2021, 4, 5)),
    ]


def test_conference_papers_are_not_read_as_arxiv_papers(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="holds conference papers"):
        read_papers(parquet(tmp_path / "a.parquet", [venue_row("icml/1")], VENUE_TYPES))


# --- lines of the snapshot --------------------------------------------------------------------------------------


def rejected(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.connection.execute("select place, reason, content from import_rejected order by all").fetchall()


def test_lines_that_cannot_be_read_are_kept_aside_with_their_place(warehouse: Warehouse, tmp_path: Path) -> None:
    """By their number in the file, blank lines counted, and the reason; the last line may have been cut."""
    good = [json.dumps(snapshot_row(f"0704.000{n}")).encode() for n in (1, 2)]
    lines = [good[0], b"", b"{'id': 1}", b"[1, 2]", b"  ", b'"caf\xe9"', good[1], b"{}", b'{"id": "0704.0003", "ti']
    report = take_in(warehouse, _text(tmp_path / "a.json", b"\n".join(lines)))

    assert (report.rows, report.stored) == (7, 2)
    assert report.drops == (
        Drop("broken line", 4, ("line 3", "line 4", "line 6")),
        Drop("no id", 1, ("line 8",)),
    )
    assert rejected(warehouse) == [
        ("line 3", "not JSON", "{'id': 1}"),
        ("line 4", "not a JSON object", "[1, 2]"),
        ("line 6", "not UTF-8", '"caf\ufffd"'),
        ("line 9", "cut at the end of the file", '{"id": "0704.0003", "ti'),
    ]
    assert broken_rules(warehouse) == []


def test_of_many_broken_lines_a_thousand_are_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    """The count is exact, and of a long line the beginning is kept."""
    lines = [json.dumps(snapshot_row("0704.0001")), *["x" * 600] * 1_200]
    report = take_in(warehouse, json_lines(tmp_path / "a.json", lines))

    assert report.drops == (Drop("broken line", 1_200, ("line 2", "line 3", "line 4")),)
    assert {content for _, _, content in rejected(warehouse)} == {"x" * 500}
    assert len(rejected(warehouse)) == 1_000


def test_a_line_of_20_megabytes_is_too_long(warehouse: Warehouse, tmp_path: Path) -> None:
    """It is counted; the lines around it keep their numbers."""
    long = json.dumps(snapshot_row("0704.0002", abstract="x" * (20 << 20)))
    lines = [json.dumps(snapshot_row("0704.0001")), long, "?", json.dumps(snapshot_row("0704.0003"))]
    report = take_in(warehouse, json_lines(tmp_path / "a.json", lines))

    assert (report.rows, report.stored) == (4, 2)
    assert [(place, reason) for place, reason, _ in rejected(warehouse)] == [
        ("line 2", "longer than 16 MiB"),
        ("line 3", "not JSON"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("array.json", b'[\n{"id": "0704.0001"}\n]', "is one JSON array"),
        ("archive.zip", b"PK\x03\x04rest", "is a zip archive.*unzip it"),
        ("cut.json.gz", gzip.compress(b'{"id": "0704.0001"}\n' * 99, mtime=0)[:40], "is a damaged gzip file"),
        ("empty.json.gz", gzip.compress(b"", mtime=0), "is empty"),
    ],
)
def test_files_of_other_kinds_are_called_by_their_name(
    warehouse: Warehouse, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """With what to do about it, and nothing stored."""
    with pytest.raises(ImportRefused, match=message):
        take_in(warehouse, _text(tmp_path / name, content))
    assert stored(warehouse) == []


def test_a_folder_is_no_file(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"no file at .*: it is a folder"):
        take_in(warehouse, tmp_path)


def test_gzipped_lines_are_read(warehouse: Warehouse, tmp_path: Path) -> None:
    """Whatever the file is called; unpacked it is the same content, and so unchanged."""
    lines = "".join(f"{json.dumps(snapshot_row(f'0704.000{n}'))}\n" for n in range(1, 4)).encode() + b"broken"
    report = take_in(warehouse, _text(tmp_path / "a.json.gz", gzip.compress(lines)))
    again = import_file(warehouse, _text(tmp_path / "a.json", lines), today=TODAY, now=NOW + timedelta(1))

    assert (report.stored, report.drops) == (3, (Drop("broken line", 1, ("line 4",)),))
    assert (again.rows, again.stored, again.unchanged, again.drops) == (4, 0, 3, report.drops)


def test_fields_of_other_types_are_read_or_missing(warehouse: Warehouse, tmp_path: Path) -> None:
    """Lists of authors and categories are taken; versions that are no list leave a paper without its date."""
    lists = {"authors": ["Ada Lovelace", "Bal\\'azs, Jr."], "categories": ["cs.NA", "cs.LG"]}
    rows = [
        snapshot_row("0704.0001", versions="v1"),
        snapshot_row("0704.0002", versions=None),
        snapshot_row("0704.0003", **lists),
        snapshot_row("0704.0004", title=1984),
        snapshot_row("0704.0005", versions=[{"version": "v1", "created": "Mon, 1 Jan 1990 00:00:00 GMT"}]),
        snapshot_row("0704.0006", versions=[{"version": "v1", "created": "Mon, 1 Jan 2035 00:00:00 GMT"}]),
        snapshot_row("0704.0007", abstract=None, authors=None, categories=None),
        snapshot_row(704.0008),  # type: ignore[arg-type]
    ]
    report = take_in(warehouse, json_lines(tmp_path / "a.json", rows))

    assert {drop.reason: drop.examples for drop in report.drops} == {
        "no date": ("0704.0001", "0704.0002"),
        "date before arXiv": ("0704.0005",),
        "date in the future": ("0704.0006",),
        "not an arXiv id": ("704.0008",),
    }
    assert stored(warehouse, "id, title, authors, categories") == [
        ("0704.0003", "A title over two lines", ["Ada Lovelace", "Balázs Jr."], ["math.NA", "cs.LG"]),
        ("0704.0004", "1984", ["Ada Lovelace", "Charles Babbage", "Bob"], ["cs.CL", "cs.LG"]),
        ("0704.0007", "A title over two lines", [], []),
    ]


def test_versions_are_known_by_their_numbers(warehouse: Warehouse, tmp_path: Path) -> None:
    """Not by their place or how many there are: the lowest dates the paper, the highest says when it was changed."""
    made = {1: "Mon, 2 Apr 2007 19:18:42 GMT", 2: "Tue, 24 Jul 2007 20:10:27 GMT", 4: "Wed, 1 Aug 2007 09:00:00 GMT"}
    versions = [{"version": f"v{n}", "created": made[n]} for n in (4, 1, 2)]
    rows = [
        snapshot_row("0704.0001", versions=versions),
        snapshot_row("0704.0002", versions=versions[::2]),
        snapshot_row("0704.0003", versions=[{"version": "v1", "created": made[1]}, {"version": "v2", "created": "?"}]),
    ]
    report = take_in(warehouse, json_lines(tmp_path / "a.json", rows))

    assert stored(warehouse, "version, published, updated") == [
        (4, date(2007, 4, 2), datetime(2007, 8, 1, 9)),
        (4, date(2007, 7, 24), datetime(2007, 8, 1, 9)),
        (2, date(2007, 4, 2), datetime(2008, 11, 26)),
    ]
    assert report.newest_change == date(2008, 11, 26)


def test_a_paper_is_the_same_from_a_line_and_from_the_network(warehouse: Warehouse, tmp_path: Path) -> None:
    """Field by field, where both are read by the rules of identity.py."""
    line = snapshot_row(
        "0704.0001",
        title="On\u00a0 Gr\x00aphs\n  again",
        authors="Bal\\'azs Nagy (1), Ada, Jr. and the CMS Collaboration ((1) CERN (Geneva))",
        categories="cs.NA math.NA cs.IT",
        comments=" 3\tpages ",
    )
    networked = Paper(
        "0704.0001", clean_text(line["title"]), clean_text(line["abstract"]), author_names(line["authors"]),
        canonical_categories(line["categories"].split()), date(2007, 4, 2), 1, datetime(2007, 4, 2, 19, 18, 42),
        clean_text(line["comments"]),
    )  # fmt: skip
    columns = (
        "id, version, title, abstract, authors, categories, published, date_kind, month, updated, comments, "
        "not_counted, text_hash, first_seen, matched_with"
    )
    harvest(warehouse, networked)
    found = stored(warehouse, columns)
    warehouse.empty("paper")
    take_in(warehouse, json_lines(tmp_path / "a.json", [line]))

    assert stored(warehouse, columns) == found
    assert found[0][4:6] == (["Balázs Nagy", "Ada Jr.", "CMS Collaboration"], ["math.NA", "cs.IT"])


def test_an_unchanged_snapshot_is_not_read_again(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Papers that were bettered since stay; a byte that differs is a new file; so is one whose papers are gone."""
    path = json_lines(tmp_path / "a.json", [snapshot_row("0704.0001"), snapshot_row("0704.0002"), "broken"])
    first = take_in(warehouse, path)
    harvest(warehouse, Paper("0704.0001", "Newer", "Text.", ("A",), ("cs.CL",), date(2007, 4, 2), 2))

    with monkeypatch.context() as patched:
        patched.setattr(imports, "_import_lines", None)
        again = import_file(warehouse, path, today=TODAY, now=NOW + timedelta(1))
    assert again == replace(first, stored=0, unchanged=2)
    assert stored(warehouse, "version, title")[0] == (2, "Newer")
    assert broken_rules(warehouse) == []

    path.write_bytes(path.read_bytes().replace(b"12 pages", b"13 pages", 1))
    changed = import_file(warehouse, path, today=TODAY, now=NOW + timedelta(2))
    assert (changed.stored, changed.unchanged) == (0, 2)

    warehouse.empty("paper")
    assert import_file(warehouse, path, today=TODAY, now=NOW + timedelta(3)).stored == 2


def test_a_date_that_has_come_is_read_again(warehouse: Warehouse, tmp_path: Path) -> None:
    """What was dropped for a date in the future is stored once that day has passed."""
    line = snapshot_row("2407.00001", versions=[{"version": "v1", "created": "Mon, 1 Jul 2024 08:00:00 GMT"}])
    path = json_lines(tmp_path / "a.json", [snapshot_row("0704.0001"), line])

    assert take_in(warehouse, path).stored == 1
    assert import_file(warehouse, path, today=date(2024, 7, 2), now=NOW + timedelta(2)).stored == 1


def test_only_a_new_text_is_matched_and_embedded_again(warehouse: Warehouse, tmp_path: Path) -> None:
    """A new version with the same words keeps its matches and its vector; one with other words does not."""
    versions = [{"version": f"v{n}", "created": f"Mon, {n} Apr 2007 19:18:42 GMT"} for n in (2, 3)]
    take_in(warehouse, json_lines(tmp_path / "1.json", [snapshot_row("0704.0001")]))
    warehouse.connection.execute("update paper set matched_with = 'rule'")
    (text_hash_,) = stored(warehouse, "text_hash")[0]
    vectors.store(warehouse, [Text("0704.0001", "", None, (), text_hash_)], np.ones((1, 1), np.float32), "m")

    take_in(warehouse, json_lines(tmp_path / "2.json", [snapshot_row("0704.0001", versions=versions[:1])]))
    assert stored(warehouse, "version, matched_with, text_hash") == [(2, "rule", text_hash_)]
    assert warehouse.rows("read/papers_to_embed", model="m") == []

    changed = snapshot_row("0704.0001", versions=versions, abstract="Other words.")
    take_in(warehouse, json_lines(tmp_path / "3.json", [changed]))
    assert stored(warehouse, "version, matched_with") == [(3, None)]
    assert len(warehouse.rows("read/papers_to_embed", model="m")) == 1


def test_progress_is_told_in_bytes(warehouse: Warehouse, tmp_path: Path) -> None:
    """In the end all of them, whether the file was read or known."""
    path = json_lines(tmp_path / "a.json", [snapshot_row("0704.0001")])
    for day in (0, 1):
        told: list[int] = []
        import_file(warehouse, path, today=TODAY, now=NOW + timedelta(day), progress=told.append)
        assert sum(told) == path.stat().st_size
        assert min(told) > 0
