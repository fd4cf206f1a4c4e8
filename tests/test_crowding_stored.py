"""Signs in the warehouse: made from what is stored, kept while nothing changes, published and shown."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import published_fixture
from littriage.cli import app
from littriage.crowding import Lack, Sign, SignKind
from littriage.crowding.kinds import (
    APPLICATION_TITLE,
    FIRST_APPLICATION,
    NOT_REVIEW,
    REVIEW_ABSTRACT,
    REVIEW_TITLE,
    is_first_application,
    is_review,
)
from littriage.crowding.papers import hash_order
from littriage.gauging import gauge
from littriage.model import Catalogue, MonthStatus, TrendPoint
from littriage.progress import Quiet
from littriage.published import Published
from littriage.run import Run
from littriage.trends import month_span
from littriage.warehouse import Warehouse, crowding, vectors
from littriage.warehouse.derived import Text
from littriage.warehouse.publishing import publish

AS_OF = date(2021, 1, 20)
MONTHS = month_span(date(2018, 1, 1), date(2020, 12, 1))
META = {"run": "r1", "as_of": "2021-01-20", "published_at": "2021-01-20T06:00:00Z", "last_month": "2020-12-01"}


def add(warehouse: Warehouse, months: Sequence[date], numbers: range, direction: str = "", **facts: Any) -> None:
    """Papers of each month, with vectors of the model m; members of a direction, if one is named."""
    places = [(month, number) for month in months for number in numbers]
    ids = [f"{month:%y%m}.{number:05}" for month, number in places]
    random = np.random.default_rng([len(months), numbers.start])
    rows = random.normal(size=(len(ids), 8)) + (2.0 if direction else 0.0)
    known = {
        "title": "A title", "abstract": "We do things.", "categories": ["cs.CL"], "date_kind": "submitted",
        "text_hash": "h", "source": "test", "in_field": True,
    }  # fmt: skip
    own_months = [month for month, _ in places]
    authors = facts.pop("authors", None)
    columns = {
        "id": ids,
        "published": own_months,
        "month": own_months,
        "authors": [authors or [f"Ada {number * 7 % 50}", f"Bo {month.month}"] for month, number in places],
    }
    warehouse.insert("paper", columns, **{**known, **facts})
    unit = np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
    vectors.store(warehouse, [Text(id_, "", None, (), "h") for id_ in ids], unit, "m")
    if direction:
        warehouse.insert(
            "membership", {"paper_id": ids}, direction=direction, similarity=0.5, probability=0.9, member=True,
            rule="v2/fast",
        )  # fmt: skip


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Three years of a field of 60 papers a month, of which 6 are on charts and 1 on maps."""
    add(warehouse, MONTHS, range(53))
    add(warehouse, MONTHS, range(100, 106), "charts")
    add(warehouse, MONTHS, range(200, 201), "maps", title="A survey of maps")
    return warehouse


def run_of(warehouse: Warehouse, *, as_of: date = AS_OF, status: MonthStatus = MonthStatus.COMPLETE) -> Run:
    run = Run(warehouse, Catalogue((), ()), as_of, lambda: datetime(2021, 1, 20), Quiet())
    run.as_of = as_of
    run.fields = {"charts": "cs.CL", "maps": "cs.CL", "none": "cs.CL"}
    run.points = {slug: [TrendPoint(slug, month, 5.0, 5, 60, status) for month in MONTHS] for slug in run.fields}
    return run


def signs(warehouse: Warehouse) -> dict[str, dict[SignKind, Sign]]:
    return {slug: {one.kind: one for one in own} for slug, own in crowding.stored_signs(warehouse).items()}


def test_every_direction_gets_every_sign_or_a_reason(filled: Warehouse) -> None:
    """What can be told of 72 papers a year is; of a direction without papers it is said why not."""
    counts = gauge(run_of(filled), "m")
    found = signs(filled)

    assert counts == {"directions": 3, "gauged anew": 3, "signs": counts["signs"], "model": "m"}
    assert {slug: set(own) for slug, own in found.items()} == {key: set(SignKind) for key in ("charts", "maps", "none")}
    charts = found["charts"]
    assert charts[SignKind.REDUNDANCY].low is not None
    assert charts[SignKind.REDUNDANCY].low > 0
    assert (charts[SignKind.REDUNDANCY].made_with, charts[SignKind.REDUNDANCY].n) == ("m", 72)
    assert charts[SignKind.NEWCOMERS].coverage == 1.0
    assert (charts[SignKind.REVIEWS].measured, charts[SignKind.REVIEWS].base) == (0.0, pytest.approx(1 / 60))
    assert {one.lack for one in found["none"].values()} == {Lack.FEW_PAPERS}
    assert found["maps"][SignKind.REVIEWS].lack is Lack.FEW_PAPERS


class Far:
    """Workers to whom everything travels as bytes, as to another machine."""

    name, count = "far", 2

    def map(self, work: Any, shards: Iterable[Any]) -> Iterator[Any]:
        for shard in shards:
            work_there, shard_there = pickle.loads(pickle.dumps((work, shard)))
            yield pickle.loads(pickle.dumps(work_there(shard_there)))


def test_signs_are_the_same_wherever_they_are_made(filled: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """One direction at a time by far workers, or all at once here."""
    gauge(run_of(filled), "m")
    here = signs(filled)
    filled.connection.execute("delete from derived")
    monkeypatch.setattr(crowding, "DIRECTIONS_AT_ONCE", 1)
    run = run_of(filled)
    run.workers = Far()

    counts = gauge(run, "m")

    assert counts["gauged anew"] == 3
    assert signs(filled) == here


def test_papers_and_authors_come_in_hash_order(filled: Warehouse) -> None:
    """Random samples of a field are its first papers in that order; authors must be those of the same papers."""
    papers = crowding._papers(filled, MONTHS[-1])
    ids = papers.ids.tolist()

    assert len(ids) == 60 * len(MONTHS)
    assert hash_order(ids).tolist() == list(range(len(ids)))
    names = dict(filled.connection.execute("select id, len(list_distinct(authors)) from paper").fetchall())
    assert papers.authors.teams.tolist() == [names[id_] for id_ in ids]
    both = papers.authors_by_id(np.arange(len(ids)))
    people = dict(filled.connection.execute("select id, authors from paper").fetchall())
    number = {name: one for id_ in ids[:1] for name, one in zip(sorted(people[id_]), sorted(both[id_]), strict=True)}
    assert len(number) == 2
    assert all(bool(both[one] & both[ids[0]]) == bool({*people[one]} & {*people[ids[0]]}) for one in ids)


def test_nothing_is_made_again_while_nothing_changes(filled: Warehouse) -> None:
    """A second run does nothing; a changed member makes its own direction anew, and the field's all of them."""
    run = run_of(filled)

    def anew() -> Any:
        return gauge(run, "m")["gauged anew"]

    assert [anew(), anew()] == [3, 0]
    filled.connection.execute("update membership set member = false where paper_id = '2005.00105'")
    assert [anew(), anew()] == [1, 0]
    filled.connection.execute("update paper set text_hash = 'other' where id = '1805.00007'")
    assert [anew(), anew()] == [3, 0]
    assert gauge(run, "another")["gauged anew"] == 3


def test_months_after_the_day_change_nothing(filled: Warehouse) -> None:
    """Papers of the open month and of later ones, by all sorts of authors, are not read: no bit changes."""
    gauge(run_of(filled), "m")
    before = filled.connection.execute("from sign order by direction, kind").fetchall()
    later = (date(2021, 1, 1), date(2022, 5, 1))
    add(filled, later, range(300, 340), "charts", title="A survey", authors=["Zoe"])
    assert gauge(run_of(filled), "m")["gauged anew"] == 0
    filled.connection.execute("delete from derived")
    filled.empty("sign")
    gauge(run_of(filled), "m")

    assert filled.connection.execute("from sign order by direction, kind").fetchall() == before


def test_months_that_lack_papers_give_a_reason(filled: Warehouse) -> None:
    gauge(run_of(filled, status=MonthStatus.PARTIAL), "m")
    assert {one.lack for one in signs(filled)["charts"].values()} == {Lack.FEW_MONTHS}


def test_rows_without_authors_are_not_papers_without_newcomers(filled: Warehouse) -> None:
    """With the authors of the last year gone there is no share, and its coverage says why."""
    filled.connection.execute("update paper set authors = [] where month >= '2020-01-01'")
    gauge(run_of(filled), "m")
    sign = signs(filled)["charts"][SignKind.NEWCOMERS]

    assert (sign.value, sign.lack, sign.coverage) == (None, Lack.NO_AUTHORS, 0.0)


def test_a_direction_that_is_gone_leaves_nothing(filled: Warehouse) -> None:
    run = run_of(filled)
    gauge(run, "m")
    run.fields = {"charts": "cs.CL"}
    assert gauge(run, "m")["gauged anew"] == 0
    assert set(signs(filled)) == {"charts"}
    assert filled.connection.execute("select subject from derived where stage = 'gauge'").fetchall() == [("charts",)]


def test_without_a_copy_of_the_field_there_is_nothing_to_compare_with(filled: Warehouse) -> None:
    """A warehouse that only harvested directions."""
    filled.connection.execute("update paper set in_field = false")
    gauge(run_of(filled), "m")
    found = signs(filled)["charts"]

    assert {found[kind].lack for kind in (SignKind.REDUNDANCY, SignKind.NEWCOMERS, SignKind.REVIEWS)} == {Lack.NO_FIELD}


TEXTS = [
    ("A Survey on Graphs", "", True, False),
    ("Mining product reviews", "This survey is wide.", False, False),
    ("Maps: review", "We are the FIRST to apply nets to maps.", True, True),
    ("Überblick\u00a0survey", "For the first time, é nets are used.", True, True),
    ("Nets", "In this critical review.\nApplied for the first time", True, True),
    ("resurvey", "surveying firsts", False, False),
]


@pytest.mark.parametrize(("title", "abstract", "review", "first"), TEXTS)
def test_sql_and_python_read_the_same_cues(
    warehouse: Warehouse, title: str, abstract: str, review: bool, first: bool
) -> None:
    add(warehouse, [AS_OF.replace(day=1)], range(1), title=title, abstract=abstract)
    ((*_, told, of_sql, first_of_sql),) = warehouse.rows(
        "read/crowding_papers", last=AS_OF, since=AS_OF.replace(day=1), review_title=REVIEW_TITLE,
        review_abstract=REVIEW_ABSTRACT, not_review=NOT_REVIEW, first=FIRST_APPLICATION, first_title=APPLICATION_TITLE,
    )  # fmt: skip

    assert told
    assert (of_sql, first_of_sql) == (is_review(title, abstract), is_first_application(title, abstract))
    assert (of_sql, first_of_sql) == (review, first)


# --- published and shown ----------------------------------------------------------------------------------------


def test_readers_get_the_signs(filled: Warehouse) -> None:
    """As they were made, in the order of their kinds."""
    gauge(run_of(filled), "m")
    publish(filled, META, AS_OF)
    with Published.open(filled.folder) as published:
        shown = published.signs("charts")
        assert published.signs("unknown") == ()

    assert [one.kind for one in shown] == list(SignKind)
    made = signs(filled)["charts"]
    assert [(one.measured, one.low, one.n, one.lack) for one in shown] == [
        (made[one.kind].measured, made[one.kind].low, made[one.kind].n, made[one.kind].lack) for one in shown
    ]


SIGNS = [
    ("redundancy", 0.12, 0.1, 0.14, 0.37, 0.25, 300, 1.0, None, "fast@1"),
    ("near-duplicates", 0.01, 0.004, 0.02, 0.01, None, 290, 0.97, None, "fast@1"),
    ("reviews", -0.012, -0.02, 0.001, 0.018, 0.03, 300, 1.0, None, "cues/v1"),
    ("newcomers", None, None, None, None, None, 300, 0.11, "authors unknown", "names/v1"),
    ("team", None, None, None, None, None, 300, 0.11, "authors unknown", "names/v1"),
]


@pytest.fixture
def shown_folder(tmp_path: Path) -> Path:
    """The published fixture with signs of one direction."""
    import duckdb

    folder = published_fixture.publish(tmp_path / "warehouse")
    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        for kind, *figures in SIGNS:
            values = ["chart-reading", kind, date(2025, 6, 1), *figures]
            connection.execute(f"insert into sign values ({', '.join('?' * len(values))})", values)
    return folder


@pytest.mark.parametrize(
    ("lang", "lines"),
    [
        (
            "en",
            [
                "redundancy, beside the field's papers   0.37    0.25   +0.12 (+0.10 to +0.14)  300",
                "near-duplicates by others               1.0%       -             0.4% to 2.0%  290",
                "reviews, beside the field               1.8%    3.0%  -1.2% (-2.0% to +0.1%)  300",
                "newcomers, beside as many papers of the field; authors of a paper, beside the field's: not given, "
                "the authors of only 11% of the papers are known",
            ],
        ),
        ("zh", ["冗余度（对照领域论文）", "无法给出，只有 11% 的论文作者已知"]),
    ],
)
def test_show_prints_them(shown_folder: Path, lang: str, lines: list[str]) -> None:
    """Figures with what they stand beside, and the reason of those that cannot be given."""
    result = CliRunner().invoke(app, ["show", "chart-reading", "--lang", lang, "--warehouse", str(shown_folder)])

    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    for line in lines:
        assert " ".join(line.split()) in text


def test_programs_get_them_too(shown_folder: Path) -> None:
    """Null for what is not known; a direction without signs has an empty list."""

    def shown(slug: str) -> list[dict[str, Any]]:
        result = CliRunner().invoke(app, ["show", slug, "--json", "--warehouse", str(shown_folder)])
        return json.loads(result.output)["signs"]  # type: ignore[no-any-return]

    redundancy, newcomers = (next(one for one in shown("chart-reading") if one["kind"] == kind)
                             for kind in ("redundancy", "newcomers"))  # fmt: skip
    assert redundancy == {
        "kind": "redundancy", "value": 0.12, "low": 0.1, "high": 0.14, "measured": 0.37, "base": 0.25, "n": 300,
        "coverage": 1.0, "lack": None, "made_with": "fast@1",
    }  # fmt: skip
    assert (newcomers["value"], newcomers["lack"], newcomers["coverage"]) == (None, "authors unknown", 0.11)
    assert shown("parsing") == []
