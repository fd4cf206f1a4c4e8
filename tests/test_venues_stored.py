"""Conference papers in the warehouse: counted by title, turned into opinions, published and shown."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

import published_fixture
from littriage.cli import app
from littriage.model import Direction, Query
from littriage.published import Published
from littriage.venues import Sign
from littriage.warehouse import Warehouse
from littriage.warehouse.publishing import publish
from littriage.warehouse.venues import consult, count_titles, venue_counts, venue_totals

AS_OF = date(2024, 6, 30)
META = {"run": "r1", "as_of": "2024-06-30", "published_at": "2024-06-30T06:00:00Z", "last_month": "2024-05-01"}


def direction(slug: str, *groups: tuple[str, ...], none_of: tuple[str, ...] = ()) -> Direction:
    return Direction(slug, "t", slug, slug, "Scope.", Query(groups, none_of, ("cs.CV",)))


CHARTS = direction("charts", ("chart", "plot"), ("question answering", "reading"), none_of=("astrology",))


def add_papers(warehouse: Warehouse, year: int, title: str, papers: int, *, venue: str = "ICML", **facts: str) -> None:
    ids = [f"{venue}/{year}/{title}/{facts}/{number}" for number in range(papers)]
    known = {"title": title, "authors": ["Ada"], "venue": venue, "year": year, "status": "Poster", "source": "test"}
    warehouse.insert("venue_paper", {"id": ids}, **{**known, **facts})


def test_a_title_must_hold_a_phrase_of_every_group(warehouse: Warehouse) -> None:
    """One group alone is context; words of the abstract and the keywords are not read, nor are excluded phrases."""
    add_papers(warehouse, 2023, "Chart question-answering", 2)
    add_papers(warehouse, 2023, "READING PLOTS: 图表", 1, venue="大会")
    add_papers(warehouse, 2023, "Reading charts in astrology", 1)
    add_papers(warehouse, 2023, "Charts", 1, abstract="Reading of charts.", keywords="reading")

    assert count_titles(warehouse, [CHARTS]) == 5
    assert venue_counts(warehouse, ["charts", "none"]) == {
        "charts": {("ICML", 2023): 2, ("大会", 2023): 1}, "none": {}
    }  # fmt: skip


@pytest.mark.parametrize("status", ["Reject", "Desk Reject", "Withdraw", "Active"])
def test_papers_that_were_not_accepted_do_not_count(warehouse: Warehouse, status: str) -> None:
    """Neither above nor below the line; a paper without a status is taken as accepted."""
    add_papers(warehouse, 2023, "Chart reading", 3, status=status)
    add_papers(warehouse, 2023, "Chart reading", 1)
    warehouse.connection.execute("update venue_paper set status = null where status = 'Poster'")
    count_titles(warehouse, [CHARTS])

    assert venue_totals(warehouse) == {("ICML", 2023): 1}
    assert venue_counts(warehouse, ["charts"]) == {"charts": {("ICML", 2023): 1}}


def test_titles_are_read_again_only_when_something_changed(warehouse: Warehouse) -> None:
    """A new paper, and a changed query, change the counts; the same again reads nothing."""
    add_papers(warehouse, 2023, "Chart reading", 2)
    assert [count_titles(warehouse, [CHARTS]) for _ in range(2)] == [2, 0]
    add_papers(warehouse, 2022, "Chart reading", 1)
    assert count_titles(warehouse, [CHARTS]) == 3
    assert count_titles(warehouse, [direction("charts", ("chart",))]) == 3
    assert venue_counts(warehouse, ["charts"]) == {"charts": {("ICML", 2022): 1, ("ICML", 2023): 2}}


@pytest.fixture
def told(warehouse: Warehouse) -> Warehouse:
    """Five years of one conference in which chart reading triples from 2021 to 2023."""
    for year, papers in zip(range(2019, 2024), (20, 20, 30, 60, 90), strict=True):
        add_papers(warehouse, year, "Chart reading", papers)
        add_papers(warehouse, year, "Something else", 1000)
    return warehouse


def test_opinions_come_back_as_they_were_formed(told: Warehouse) -> None:
    """Through the warehouse and the published file, with both changes and all years."""
    counts = consult(told, [CHARTS, direction("silent", ("nothing of the kind",))], AS_OF)
    publish(told, META, AS_OF)

    assert counts == {"titles read": 5220, "opinions": 1, "up": 1}
    with Published.open(told.folder) as published:
        opinion, silent = published.venue_opinion("charts"), published.venue_opinion("silent")
        assert published.venue_opinion("no such") is None
    assert opinion is not None
    assert silent is not None
    assert (opinion.sign, opinion.last_year, opinion.reason) == (Sign.UP, 2023, "")
    assert [(one.first_year, one.papers_before, one.papers, one.total) for one in opinion.changes] == [
        (2021, 30, 90, 1090), (2019, 20, 90, 1090)
    ]  # fmt: skip
    assert [(one.year, one.papers, one.total) for one in opinion.years][-2:] == [(2022, 60, 1060), (2023, 90, 1090)]
    assert (silent.sign, silent.reason, silent.changes) == (Sign.UNSURE, "few_papers", ())


def test_an_opinion_as_of_a_day_knows_nothing_later(told: Warehouse) -> None:
    """In June 2022 the proceedings of 2021 are the last: what came later may be anything."""
    consult(told, [CHARTS], date(2022, 6, 30))
    before = told.connection.execute("from venue_change").fetchall()
    add_papers(told, 2022, "Chart reading", 900)
    told.connection.execute("delete from venue_paper where year = 2023 and title = 'Something else'")
    consult(told, [CHARTS], date(2022, 6, 30))

    assert told.connection.execute("from venue_change").fetchall() == before
    assert [row[2] for row in before] == [2021]


def test_without_conference_papers_nobody_is_told_of_them(warehouse: Warehouse) -> None:
    """No rows and no line; opinions of before are forgotten."""
    add_papers(warehouse, 2023, "Chart reading", 20)
    consult(warehouse, [CHARTS], AS_OF)
    warehouse.empty("venue_paper")
    assert consult(warehouse, [CHARTS], AS_OF) == {"titles read": 0, "opinions": 0}
    assert warehouse.connection.execute("from venue_opinion").fetchall() == []


def test_show_tells_what_the_conferences_say(tmp_path: Path) -> None:
    """One line in each language, and plain values for programs; none where there is no opinion."""
    folder = published_fixture.publish(tmp_path / "warehouse")
    import duckdb

    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        connection.execute(
            "insert into venue_opinion values ('parsing', '2025-07-15', 2023, 'down', '', 0, 'venues-1')"
        )
        connection.execute(
            "insert into venue_change values "
            "('parsing', 2021, 2023, 7, 90, 4000, 45, 4000, -0.69, -0.92, -0.46, 0.001, 0.01)"
        )
        connection.execute("insert into venue_year values ('parsing', 2023, 45, 4000)")

    def shown(*arguments: str) -> str:
        ended = CliRunner().invoke(app, ["show", *arguments, "--warehouse", str(folder)])
        assert ended.exit_code == 0, ended.output
        return ended.output

    line = "Titles of accepted conference papers: down; share -50% from 2021 to 2023"
    assert line in " ".join(shown("parsing").split())
    assert "会议录用论文题目：下降" in shown("parsing", "--lang", "zh")
    assert "conference papers" not in shown("word-vectors")
    conferences = json.loads(shown("parsing", "--json"))["conferences"]
    assert (conferences["sign"], conferences["changes"][0]["papers"]) == ("down", 45)
    assert json.loads(shown("word-vectors", "--json"))["conferences"] is None
