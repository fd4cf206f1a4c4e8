"""`littriage claims` and `littriage export claims`, on a small published file."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

import published_fixture as fixture
from littriage.cli import main
from littriage.cli.tables import width
from littriage.model import Catalogue, Claim, Direction, Query, Stance, Theme
from littriage.published import Published
from littriage.warehouse import Warehouse, derived
from littriage.warehouse.publishing import publish
from test_light_commands import HEAVY, imported

Run = Callable[..., tuple[int, str, str]]

MORE_CLAIMS = [
    ("parsing", 1, "blog.md", "安宁", "2018-06", "2018-05", "2018-06", "saturated", "Parsing is done.", "line 1", True,
     None, 5, 9, "句法分析已经做完了。"),
    ("parsing", 2, "blog.md", "安宁", "2024-12", "2024-12", "2024-12", "rising", "Parsing is back.", "line 2", False,
     None, None, None, ""),
    ("parsing", 3, "blog.md", "安宁", "2018-06", "2018-05", "2018-06", "limited", "Trees are slow.", "line 3", False,
     None, None, None, ""),
    ("word-vectors", 1, "blog.md", "安宁", "2018-06", "2018-05", "2018-06", "promising", "Vectors will stay.", "line 4",
     False, None, None, None, ""),
    ("word-vectors", 2, "essay.txt", "A. Author", "2018", "2018-01", "2018-12", "declining", "Vectors will go.",
     "line 5", False, None, None, None, ""),
    ("word-vectors", 3, "essay.txt", "A. Author", "2019", "2019-01", "2019-12", "hot", "Everybody trains vectors.",
     "line 6", False, None, None, None, ""),
    ("tiny-topic", 1, "essay.txt", "A. Author", "2019", "2019-01", "2019-12", "rising", "It will grow.", "line 7",
     False, None, None, None, ""),
    ("untold", 1, "essay.txt", "A. Author", "2020", "2020-01", "2020-12", "hot", "Hot.", "line 8", False, None, None,
     None, ""),
    ("gone", 1, "essay.txt", "A. Author", "2020", "2020-01", "2020-12", "rising", "It will grow.", "line 9", False,
     None, None, None, ""),
    ("chart-reading", 3, "old.txt", "B. Bard", "2012", "2012-01", "2012-12", "rising", "Charts!", "line 1", False, None,
     None, None, ""),
]  # fmt: skip
IN, OUT = len(fixture.CLAIMS) + len(MORE_CLAIMS), len(fixture.CLAIMS) + len(MORE_CLAIMS) - 1


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = fixture.publish(tmp_path_factory.mktemp("warehouse"))
    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        connection.executemany(f"insert into claim values ({', '.join('?' * 15)})", MORE_CLAIMS)
    return folder


@pytest.fixture
def run(warehouse: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command on the small published file: exit code, stdout, stderr."""
    monkeypatch.setenv("LITTRIAGE_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        sys.stdout.flush()
        return ended.value.code or 0, *capfd.readouterr()  # type: ignore[return-value]

    return run


def answer(run: Run, *arguments: str) -> dict:
    code, out, err = run("claims", *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


NOTE = (
    "Share then: of the last 12 months known on the claim's date. After 24 months, and since up to the month named: "
    "the share of 12 months over that share, with its 80% interval. Rules: docs/claims.md."
)


def test_screen(run: Run):
    """The whole answer about the measurable claims: oldest first, the copy counted once, our reading marked."""
    code, out, err = run("claims")

    assert (code, err) == (0, "")
    head, *table = out.split("\n\n")[0].splitlines()
    assert head == (
        "Claims beside the record up to 2025-06 (rule v2). "
        "Claims: 12, documents: 4, copies that count with their original: 1."
    )
    assert [" ".join(line.split()) for line in table] == [
        "date author in docs stance direction stage then share then after 24 months (80%) since (80%) outcome",
        "2012 B. Bard 1 rising Chart reading too little data - - - not measurable: its record begins in 2015-01",
        "2018-06 安宁 1 saturated [our reading] Parsing plateau 2.00% 1.00x (0.94 to 1.06) "
        "1.00x (0.94 to 1.06) 2025-06 borne out",
        "2018-06 安宁 1 limited Parsing plateau 2.00% 1.00x (0.94 to 1.06) 1.00x (0.94 to 1.06) 2025-06 no prediction",
        "2018-06 安宁 1 promising Word vectors declining 1.48% 0.62x (0.57 to 0.67) 0.18x (0.16 to 0.21) 2025-06 "
        "not borne out",
        "2018 A. Author 1 declining Word vectors declining 1.33% 0.62x (0.57 to 0.67) 0.20x (0.18 to 0.23) 2025-06 "
        "borne out",
        "2019 A. Author 1 rising Tiny topic plateau 0.025% 1.00x (0.60 to 1.68) 1.00x (0.60 to 1.68) 2025-06 unclear",
        "2019 A. Author 1 hot Word vectors declining 1.04% 0.62x (0.56 to 0.68) 0.26x (0.23 to 0.29) 2025-06 "
        "not borne out",
        "2020 A. Author 2 rising [our reading] Chart reading rising 0.72% 1.61x (1.47 to 1.76) "
        "2.97x (2.74 to 3.22) 2025-06 borne out",
        "2024-12 安宁 1 rising Parsing plateau 2.00% yet to come yet to come too early",
        NOTE,
    ]


def test_what_the_record_says_nothing_of_is_counted(run: Run):
    """By reason; one by one on request; never dropped."""
    _, out, _ = run("claims")
    silent = out.split("\n\n")[1].splitlines()
    assert silent[0] == "Claims that the record says nothing of: 3 (--all lists them)"
    assert [line.rsplit(maxsplit=1) for line in silent[2:]] == [
        ["a theme as a whole has no series", "1"],
        ["no direction of that name is published", "1"],
        ["no month of the direction was measured", "1"],
    ]

    _, out, _ = run("claims", "--all")
    assert out.split("\n\n")[1].splitlines() == [
        "Claims that the record says nothing of: 3",
        "date  author     stance  direction  outcome",
        "2020  A. Author  rising  gone       not measurable: no direction of that name is published",
        "2020  A. Author  hot     Untold     not measurable: no month of it was measured",
        "2020  A. Author  hot     Vision     not measurable: a theme as a whole has no series",
    ]


def test_summary_by_author_document_and_base_rate(run: Run):
    """Counts of each outcome, no percentage of fewer than five, and what anybody would have got."""
    _, out, _ = run("claims")

    authors, documents, rates = (part.splitlines() for part in out.split("\n\n")[2:])
    assert [line.split()[-16:] for line in authors[2:4]] == [
        ["A.", "Author", "7", "2", "1", "1", "0", "3", "0", "too", "few", "to", "tell", "(4)", "25%"],
        ["安宁", "4", "1", "1", "0", "1", "0", "1", "too", "few", "to", "tell", "(2)", "38%"],
    ]
    assert [line.split()[:3] for line in documents[2:6]] == [
        ["essay.txt", "7", "0"], ["blog.md", "4", "0"], ["old.txt", "1", "0"], ["copy.txt", "0", "1"],
    ]  # fmt: skip
    assert rates[0] == "Base rates, over all measurable directions"
    assert "  no further rise, said on 2018-07-01: borne out for 2 of 4 (50%)" in rates
    assert "  hot already, said on 2020-01-01: borne out for 1 of 4 (25%)" in rates


def test_in_chinese(run: Run):
    """Headings, stances, stages, outcomes, words and reasons; columns line up although Chinese signs are wide."""
    _, out, _ = run("claims", "--lang", "zh")

    head, *rows = out.splitlines()[1:6]
    assert rows[0].endswith("无法衡量：其记录始于 2015-01")
    assert {width(row[: row.index("1.00 倍" if "1.00 倍" in row else "0.62 倍")]) for row in rows[1:4]} == {
        width(rows[1][: rows[1].index("1.00 倍")])
    }
    assert width(head[: head.index("结果")]) == width(rows[1][: rows[1].index("应验")])
    assert "主题整体没有自己的序列" in out
    assert "2018-07-01 预言“不再上升”：4 个方向中 2 个应验（50%）" in out

    _, out, _ = run("claims", "parsing", "--lang", "zh")
    assert "    句法分析已经做完了。\n    blog.md, line 1\n" in out
    assert "    Trees are slow.\n" in out  # nobody worded it in Chinese


def test_one_direction_tells_the_words_and_all_sources(run: Run):
    """A paraphrase and each document that holds it."""
    _, out, _ = run("claims", "chart reading")

    words = "    Charts will matter.\n    essay.txt, line 3\n    copy.txt, line 9\n"
    assert f"  2020, A. Author: rising [our reading]\n{words}" in out
    assert "Word vectors" not in out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), OUT),
        (("--author", "安宁"), 4),
        (("--author", "a. auth"), 7),
        (("--document", "copy.txt"), 1),  # where it stands as a copy
        (("--document", ".md"), 4),
        (("--stance", "rising"), 5),
        (("--theme", "vision"), 4),  # its directions' and its own
        (("--outcome", "borne-out"), 3),
        (("--outcome", "Not Measurable"), 4),
        (("word-vectors", "--author", "安宁", "--outcome", "borne-out"), 0),
        (("--limit", "1"), OUT),  # JSON is for programs: nothing is cut
    ],
)
def test_filters(run: Run, arguments: tuple[str, ...], found: int):
    """Each narrows the list, alone and together."""
    assert len(answer(run, *arguments)["claims"]) == found


def test_a_filter_by_outcome_changes_no_summary(run: Run):
    """Who asks for what came true must not read that everything did."""
    whole, right = answer(run), answer(run, "--outcome", "borne-out")

    assert (whole["authors"], whole["documents"]) == (right["authors"], right["documents"])


def test_every_claim_comes_out_once(run: Run):
    """As an entry or as the copy of one; the authors' and the documents' claims add up to all."""
    found = answer(run)

    assert (len(found["claims"]), found["copies"], len(found["claims"]) + found["copies"]) == (OUT, 1, IN)
    for tallies in ("authors", "documents"):
        assert sum(one["claims"] for one in found[tallies]) == OUT
    assert sum(found["outcomes"].values()) == OUT


def test_json(run: Run):
    """Figures and codes: the change with its interval, the reason where there is none."""
    found = answer(run, "--lang", "zh")

    assert (found["schema"], found["as_of"], found["record_end"]) == (1, "2025-07-15", "2025-06-01")
    by_subject = {(one["subject"], one["document"]): one for one in found["claims"]}
    charts = by_subject["chart-reading", "essay.txt"]
    assert (charts["outcome"], charts["predicts"], charts["as_of"]) == ("borne out", "rise", "2021-01-01")
    assert (charts["copies"], charts["span"]) == ([{"document": "copy.txt", "locator": "line 9"}], [10, 30])
    assert charts["then"]["last_month"] == "2020-11-01"
    assert charts["after_24_months"]["last_month"] == charts["horizon"] == "2022-11-01"
    assert charts["after_24_months"]["ratio"] == pytest.approx(1.02**24)
    assert charts["after_24_months"]["growth"] == pytest.approx(1.02**12 - 1)
    assert charts["base"] == 0.25
    theme = by_subject["vision", "essay.txt"]
    assert (theme["outcome"], theme["why_not_measurable"]["code"], theme["then"]) == ("not measurable", "theme", None)
    assert (theme["stage_then"], theme["base"]) == (None, None)


def test_limit_says_what_it_cut(run: Run):
    """Rows of the table alone."""
    _, out, _ = run("claims", "--limit", "2")

    assert "7 more: pass --limit 9." in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--author", "nobody"), 'no claim has the author "nobody": pass one of A. Author, B. Bard, 安宁'),
        (("--document", ""), 'no claim has the document ""'),
        (("--outcome", "right"), 'no outcome called "right": pass one of borne-out, not-borne-out'),
        (("--theme", "vison"), "did you mean vision?"),
        (("chart-raeding",), "did you mean chart-reading?"),
    ],
)
def test_refusals(run: Run, arguments: tuple[str, ...], message: str):
    """A usage error that says what there is."""
    code, out, err = run("claims", *arguments)

    assert (code, out) == (2, "")
    assert message in err


def test_no_claims(run: Run, tmp_path: Path):
    """Nothing to report, and what to do."""
    fixture.publish(tmp_path)
    with duckdb.connect(str(tmp_path / "published.duckdb")) as connection:
        connection.execute("delete from claim")

    code, out, err = run("claims", "--warehouse", str(tmp_path))

    assert (code, out) == (4, "")
    assert "holds no claims: add [[claims]] to direction files" in err


def test_a_file_without_the_newer_columns(run: Run, tmp_path: Path):
    """What an older littriage published is read: no Chinese words, no span, the same outcomes."""
    fixture.publish(tmp_path)
    with duckdb.connect(str(tmp_path / "published.duckdb")) as connection:
        for column in ("span_start", "span_end", "paraphrase_zh"):
            connection.execute(f"alter table claim drop column {column}")

    (charts,) = answer(run, "chart-reading", "--warehouse", str(tmp_path))["claims"]

    assert (charts["outcome"], charts["span"], charts["paraphrase_zh"]) == ("borne out", None, None)


def test_claims_survive_publishing(tmp_path: Path):
    """From the catalogue through the warehouse and the published file and back: spans and Chinese words included."""
    of = {"document": "d", "author": "安", "date": "2021", "window": ("2021-01", "2021-12"), "locator": "§ 1"}
    claims = (
        Claim("demo", stance=Stance.HOT, paraphrase="Hot.", span=(0, 7), paraphrase_zh="很热。", inferred=True, **of),
        Claim("demo", stance=Stance.LIMITED, paraphrase="Slow.", repost_of="c", **of),
    )
    direction = Direction("demo", "t", "Demo", "示例", "s", Query((("demo",),)), claims=claims)
    with Warehouse.open(tmp_path) as warehouse:
        catalogue = Catalogue((Theme("t", "Theme", "主题", "s"),), (direction,))
        derived.store_catalogue(warehouse, catalogue, {"demo": ("cs.CL", "q")}, {"demo": "cs.CL"})
        publish(warehouse, {"run": "r", "as_of": "2022-01-01", "published_at": "", "last_month": ""}, date(2022, 1, 1))

    with Published.open(tmp_path) as published:
        assert published.claims() == published.claims(published.entry("demo")) == claims


def test_asking_loads_numpy_and_nothing_heavier(warehouse: Path):
    """Judging again needs numpy and scipy, as with `--as-of`; help needs not even the database."""
    assert imported(warehouse, "claims") & HEAVY == {"numpy", "scipy"}
    assert not imported(warehouse, "claims", "--help") & {*HEAVY, "duckdb"}


def proceedings(folder: Path, totals: bool = True) -> str:
    """A published file with 200 accepted papers of one venue a year: three more on charts each year."""
    fixture.publish(folder)
    years = range(2008, 2021)
    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        connection.executemany(f"insert into claim values ({', '.join('?' * 15)})", MORE_CLAIMS)
        connection.execute("create table if not exists venue_title (direction text, venue text, year int, papers int)")
        connection.execute("create table if not exists venue_total (venue text, year int, papers int)")
        rows = [("chart-reading", "ACL", year, 3 * (year - 2007)) for year in years]
        connection.executemany("insert into venue_title values (?, ?, ?, ?)", [*rows, ("gone", "ACL", 2012, 9)])
        if totals:
            connection.executemany("insert into venue_total values (?, ?, ?)", [("ACL", year, 200) for year in years])
    return str(folder)


def test_conferences_speak_where_the_record_cannot(run: Run, tmp_path: Path):
    """Of a claim from before the record: what was out on its day, and 24 months later; the outcome stays as it was."""
    folder = proceedings(tmp_path)
    told = answer(run, "--warehouse", folder)
    (charts,) = [one for one in told["claims"] if (one["subject"], one["document"]) == ("chart-reading", "old.txt")]

    assert charts["outcome"] == "not measurable"
    assert [(one["last_year"], one["changes"][0]["papers"]) for one in charts["conferences"]] == [
        (2011, 12),
        (2013, 18),
    ]
    assert not [one for one in told["claims"] if one["conferences"] and one["outcome"] != "not measurable"]
    assert told["outcomes"] == answer(run)["outcomes"]

    _, out, _ = run("claims", "--warehouse", folder)
    lines = next(part for part in out.split("\n\n") if part.startswith("What the titles")).splitlines()
    assert lines[1] == "  2012, B. Bard: rising (Chart reading)"
    assert lines[2].startswith("    Titles of accepted conference papers: ")
    assert "from 2011 to 2013" in lines[3]
    _, out, _ = run("claims", "--lang", "zh", "--warehouse", folder)
    assert "这是另一种按年的依据" in out
    assert "    会议录用论文题目：" in out


def test_without_proceedings_nothing_is_said_of_conferences(run: Run, tmp_path: Path):
    """Neither where none were imported nor where the file is older than the tables."""
    folder = proceedings(tmp_path, totals=False)

    for arguments in ((), ("--warehouse", folder)):
        assert not any(one["conferences"] for one in answer(run, *arguments)["claims"])
        assert "titles of conference papers" not in run("claims", *arguments)[1]


def test_show_says_the_same(run: Run):
    """`show --record` gives the outcome in the same words."""
    _, out, _ = run("show", "word-vectors", "--record")

    assert "    24 months later: 0.62x (0.57 to 0.67); outcome: borne out\n" in out


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_export(run: Run, tmp_path: Path, form: str):
    """One row for each claim, the same bytes twice; unknown is empty."""
    files = [tmp_path / f"{number}.{form}" for number in (1, 2)]
    for file in files:
        assert run("export", "claims", "--format", form, "--out", str(file))[0] == 0

    assert files[0].read_bytes() == files[1].read_bytes()
    rows = duckdb.execute(f"select document, outcome, ratio_24m from '{files[0]}' where subject = 'chart-reading'")
    assert rows.fetchall() == [
        ("old.txt", "not measurable", None), ("essay.txt", "borne out", pytest.approx(1.02**24, rel=1e-5)),
    ]  # fmt: skip
    assert duckdb.execute(f"select count(*) from '{files[0]}'").fetchall() == [(OUT,)]


def test_export_holds_what_the_screen_holds(run: Run):
    """Columns by name; copies joined; the reason in words."""
    rows = {(row["subject"], row["document"]): row for row in csv.DictReader(io.StringIO(run("export", "claims")[1]))}

    assert rows["chart-reading", "essay.txt"]["copies"] == "copy.txt"
    assert rows["vision", "essay.txt"]["why_not_measurable"] == "a theme as a whole has no series"
    assert (rows["parsing", "blog.md"]["outcome"], rows["gone", "essay.txt"]["base"]) == ("too early", "")
