from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

import published_fixture as fixture
from littriage.errors import NoWarehouse, SchemaTooNew, SettingsError, UnknownDirection
from littriage.model import MonthStatus, Reason, Stage, Stance
from littriage.published import Gap, Published
from littriage.trends import twelve_month_shares


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixture.publish(
        tmp_path_factory.mktemp("published"), notice=fixture.NOTICE, failures=[("harvest", "parsing", "HTTP 503")]
    )


@pytest.fixture(scope="module")
def published(folder: Path):
    with Published.open(folder) as opened:
        yield opened


# --- opening ----------------------------------------------------------------------------------------------------


def test_nothing_published(tmp_path: Path):
    """A folder without the file says which command makes it."""
    with pytest.raises(NoWarehouse, match=r'no published tables at .*published\.duckdb: run "littriage run" first'):
        Published.open(tmp_path)


def test_newer_file(tmp_path: Path):
    """A file of a later littriage is not read with half an understanding."""
    with pytest.raises(SchemaTooNew, match="has schema 2, this littriage reads up to 1") as caught:
        Published.open(fixture.publish(tmp_path, schema=2))

    assert caught.value.parts == {"found": 2, "known": 1}


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 1000], ids=["empty", "text"])
def test_file_of_another_kind(tmp_path: Path, content: bytes):
    """A file that DuckDB cannot open is an error with its path, not a traceback."""
    (tmp_path / "published.duckdb").write_bytes(content)

    with pytest.raises(NoWarehouse, match=r"published\.duckdb is not a published file that can be read"):
        Published.open(tmp_path)


def test_truncated_file(tmp_path: Path):
    """Half a file is noticed."""
    path = fixture.publish(tmp_path) / "published.duckdb"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(NoWarehouse, match='run "littriage run" to publish it again'), Published.open(tmp_path) as half:
        half.entries()


def test_other_tables(tmp_path: Path):
    """A DuckDB file without our tables is no published file."""
    with duckdb.connect(str(tmp_path / "published.duckdb")) as connection:
        connection.execute("create table t (a integer)")

    with pytest.raises(NoWarehouse, match="is not a published file"):
        Published.open(tmp_path)


def test_a_file_without_months_of_fields(tmp_path: Path):
    """One that was published before they were kept can be read, but for them: the error says what to do."""
    path = fixture.publish(tmp_path) / "published.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("drop table field_month")

    with Published.open(tmp_path) as opened:
        assert opened.entries()
        with pytest.raises(NoWarehouse, match=r'field_month.*run "littriage run" to publish it again'):
            opened.field_months()


def test_reading_changes_nothing(folder: Path):
    """Readers cannot write, not even by accident."""
    with Published.open(folder) as opened, pytest.raises(duckdb.Error, match="read-only"):
        opened.connection.execute("delete from meta")


# --- reading ----------------------------------------------------------------------------------------------------


def test_about(published: Published):
    """What the file says of itself, with all other keys as stamps."""
    about = published.about

    assert (about.as_of, about.last_month) == (fixture.AS_OF, fixture.LAST)
    assert (about.notice, about.failures) == (fixture.NOTICE, 1)
    assert about.stamps == (("model", "minilm@1"), ("rule", "v1"), ("tier", "fast"))


def test_no_usable_month(tmp_path: Path):
    """A run without a single usable month is published, and says so with an empty last month."""
    fixture.publish(tmp_path)
    with duckdb.connect(str(tmp_path / "published.duckdb")) as connection:
        connection.execute("update meta set value = '' where key = 'last_month'")

    with Published.open(tmp_path) as opened:
        assert opened.about.last_month is None


def test_entries_with_and_without_a_verdict(published: Published):
    """Every direction is there; one that was not judged has no verdict, one without growth has a verdict."""
    entries = {entry.slug: entry for entry in published.entries()}

    assert list(entries) == ["chart-reading", "parsing", "tiny-topic", "untold", "word-vectors"]
    assert entries["untold"].verdict is None
    assert entries["untold"].membership_rule is None
    tiny, charts = entries["tiny-topic"].verdict, entries["chart-reading"].verdict
    assert tiny is not None
    assert (tiny.stage, tiny.growth, tiny.papers_12m) == (Stage.TOO_LITTLE_DATA, None, 3.0)
    assert charts is not None
    assert charts.growth is not None
    assert (charts.growth.mean, charts.growth.low, charts.growth.high, charts.growth.months) == (0.3, 0.1, 0.5, 48)
    assert charts.reasons == (Reason("p_up", (("p", "97%"),)), Reason("year", (("ratio", "1.36"),)))


@pytest.mark.parametrize("name", ["chart-reading", "Chart-Reading", "chart READING", "图表阅读", " parsing "])
def test_direction_by_slug_or_name(published: Published, name: str):
    """A slug, or a name in either language and any case, finds its direction."""
    assert published.entry(name).slug in ("chart-reading", "parsing")


def test_mistyped_direction(published: Published):
    """A near miss gets suggestions, as slugs."""
    with pytest.raises(UnknownDirection, match="did you mean chart-reading") as caught:
        published.entry("chart-raeding")
    assert caught.value.parts["suggestions"] == ("chart-reading",)

    with pytest.raises(UnknownDirection) as caught:
        published.entry("zzzz")
    assert caught.value.parts["suggestions"] == ()


def test_unknown_theme(published: Published):
    """A theme that is not there is a usage error that names those that are."""
    assert published.theme("vision").name_zh == "视觉"
    with pytest.raises(SettingsError, match="did you mean language, vision"):
        published.theme("zzzz")


def test_shares_are_those_of_trends(published: Published):
    """The statement for all directions at once gives what `twelve_month_shares` gives for each."""
    by_month = published.shares(fixture.LAST, 1)

    for slug in ("chart-reading", "parsing", "word-vectors"):
        expected = {m: s for m, s in twelve_month_shares(published.trend(slug)).items() if s is not None}
        assert by_month[slug] == pytest.approx(expected)


def test_shares_every_half_year(published: Published):
    """Steps go back from the last month asked for."""
    months = list(published.shares(date(2025, 5, 1), 6)["parsing"])

    assert months[-3:] == [date(2024, 5, 1), date(2024, 11, 1), date(2025, 5, 1)]
    assert date(2017, 5, 1) not in months


def test_trends_have_every_direction(published: Published):
    """A direction without a month has an empty series; the others are as when asked for alone."""
    trends = published.trends()

    assert trends["untold"] == ()
    assert trends["parsing"] == published.trend("parsing")
    assert len(trends["parsing"]) == 127
    assert trends["parsing"][27].status is MonthStatus.PARTIAL


def test_papers_link_to_arxiv_unless_they_may_be_simulated(published: Published, tmp_path: Path):
    """The id of a simulated paper leads to somebody else's paper: a file with a notice has no links."""
    with Published.open(fixture.publish(tmp_path)) as real:
        assert real.papers("chart-reading", 1).papers[0].link == "https://arxiv.org/abs/2506.00001"
    assert published.papers("chart-reading", 1).papers[0].link is None


def test_papers(published: Published):
    """Newest first, filtered by day and sub-topic, with the total before the limit."""
    newest = published.papers("chart-reading", limit=2)
    assert ([paper.id for paper in newest.papers], newest.total) == (["2506.00001", "2505.00002"], 3)

    recent = published.papers("chart-reading", limit=9, since=date(2025, 6, 1))
    assert ([paper.id for paper in recent.papers], recent.total) == (["2506.00001"], 1)
    assert [paper.id for paper in published.papers("chart-reading", 9, cluster=2).papers] == ["hep-th/9901001"]
    assert published.papers("untold", limit=9).total == 0


def test_top_papers(published: Published):
    """The surest first."""
    assert [paper.id for paper in published.top_papers("chart-reading", 2).papers] == ["2505.00002", "2506.00001"]


def test_claims_of_direction_and_theme(published: Published):
    """Claims about the direction and about its theme, oldest first, with reposts marked."""
    claims = published.claims(published.entry("chart-reading"))

    assert [(claim.direction, claim.stance, claim.repost_of) for claim in claims] == [
        ("chart-reading", Stance.RISING, None),
        ("vision", Stance.HOT, None),
        ("chart-reading", Stance.RISING, "essay.txt"),
    ]


def test_gaps_are_runs_of_months(published: Published):
    """Neighbouring months with one reason are one gap."""
    assert published.gaps("chart-reading") == (
        Gap(date(2017, 4, 1), date(2017, 6, 1), MonthStatus.PARTIAL, "cs.CV: a biased sample"),
        Gap(date(2025, 7, 1), date(2025, 7, 1), MonthStatus.OPEN, "not settled on 2025-07-15"),
    )
    assert published.gaps("untold") == ()
