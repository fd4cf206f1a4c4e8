from __future__ import annotations

import json
import os
import re
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

import published_fixture as fixture
from littriage import __version__
from littriage.cli import main, tables
from littriage.cli.exporting import csv_text
from littriage.cli.messages import TEXTS, chance_text, growth_text, share_text
from littriage.cli.options import Lang
from littriage.cli.tables import Column, aligned, clean, width
from littriage.model import Growth

FIXTURES = Path(__file__).parent / "fixtures"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixture.publish(
        tmp_path_factory.mktemp("warehouse"), notice=fixture.NOTICE, failures=[("harvest", "parsing", "HTTP 503")]
    )


@pytest.fixture
def run(warehouse: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command on the small published file: exit code, stdout, stderr."""
    monkeypatch.setenv("LITTRIAGE_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("LITTRIAGE_QUERIES", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        sys.stdout.flush()
        return ended.value.code or 0, *capfd.readouterr()  # type: ignore[return-value]

    return run


# --- rising and saturated ---------------------------------------------------------------------------------------


def test_rising_screen(run: Run):
    """The whole answer without an outlook: notice, failures, months and rules, the key, the table, and the rest."""
    code, out, err = run("rising")

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "! Simulated papers: no figure here says anything about real research.",
        "! Failures in the last run: 1. The first: harvest parsing: HTTP 503",
        "Rising directions, as of 2025-07-15, from usable months up to 2025-06 (rule v1; membership v1/fast).",
        "Sorted by the lower end of growth's interval.",
        "P(up)    growth/yr (80%)  n12  share  peak  trend",
        "Chart reading: rising",
        "  97%  +35% (+11 to +65)  340  1.23%  100%  ▃▃▃▄▄▄▅▅▆▇██",
        "",
        "This file holds no outlook: the table only looks back.",
        "Growth of the share looks back. n12, share: the last 12 months; peak: that share against its highest.",
        "Trend: 12-month shares, a sign for every 6 months up to 2025-06; · is unknown.",
        "Without a verdict: 1 too little data, 1 without a verdict.",
        "Not listed: 1 saturated, 1 declining.",
    ]


def test_saturated_and_declining_are_apart(run: Run):
    """Declining directions have a table of their own, with the probability of going down."""
    _, out, _ = run("saturated")

    saturated, declining = out.split("Declining directions")
    assert "Parsing: saturated" in saturated
    assert "index  P(flat)  level  peak  growth/yr (80%)  n12  flips" in saturated
    assert "  81%      98%    83%   95%   +1% (-5 to +7)  240      -" in saturated
    assert "Word vectors: declining" in declining
    assert "P(down)" in declining
    assert "-33% (-45 to -18)" in declining


def test_rising_in_chinese(run: Run):
    """Headings, names and stages are Chinese, and columns line up although Chinese signs are wide."""
    _, out, _ = run("rising", "--lang", "zh")

    head, name, row = out.splitlines()[4:7]
    assert name == "图表阅读：上升"
    assert "没有结论：1 个数据不足，1 个没有结论。" in out
    assert "未列出：1 个饱和，1 个下降。" in out
    assert width(head[: head.index("走势")]) == width(row[: row.index("▃")])


def test_rising_json(run: Run):
    """JSON holds figures, not words: growth as a part a year, dates in ISO form, null for what is not known."""
    _, out, _ = run("rising", "--json", "--lang", "zh")

    answer = json.loads(out)
    assert (answer["schema"], answer["notice"], answer["failures"]) == (1, fixture.NOTICE, 1)
    assert (answer["judged_as_of"], answer["last_month"]) == ("2025-07-15", "2025-06-01")
    assert (answer["totals"], answer["sorted_by"]) == ({"rising": 1, "likely": 0}, "growth")
    assert answer["not_listed"] == {"saturated": 1, "too little data": 1, "no verdict": 1, "declining": 1}
    (direction,) = answer["rising"]
    assert direction["growth"] == pytest.approx(0.349859, abs=1e-6)
    assert (direction["slug"], direction["stage"], direction["name_zh"]) == ("chart-reading", "rising", "图表阅读")
    assert (direction["outlook"], direction["size_class"]) == (None, "60")
    assert direction["reasons"][1] == {
        "code": "year",
        "parts": {"ratio": "1.36"},
        "text": "share 1.36x the year before's",
    }


def test_theme_filters(run: Run):
    """Only the theme's directions are listed and counted; a theme that is not there is a usage error."""
    _, out, _ = run("rising", "--theme", "language")
    assert "No direction is." in out
    assert "Without a verdict: 1 too little data." in out
    assert "Not listed: 1 saturated, 1 declining." in out

    code, out, err = run("rising", "--theme", "langauge")
    assert (code, out) == (2, "")
    assert "did you mean language?" in err


def test_limit_says_what_it_cut(run: Run, tmp_path: Path):
    """What a limit hides is counted, with the option that shows it."""
    fixture.publish(tmp_path)
    with duckdb.connect(str(tmp_path / "published.duckdb")) as connection:
        connection.execute("update verdict set stage = 'rising' where direction in ('parsing', 'word-vectors')")

    _, out, _ = run("rising", "--limit", "1", "--warehouse", str(tmp_path))

    assert "Chart reading" in out
    assert "Parsing" not in out
    assert "2 more: pass --limit 3." in out


def test_rising_as_of_an_earlier_day(run: Run):
    """The record is judged again with what was known then: the last month is that of the day."""
    _, out, _ = run("rising", "--as-of", "2024-01-15")

    assert "as of 2024-01-15, from usable months up to 2023-12" in out
    assert json.loads(run("rising", "--as-of", "2024-01-15", "--json")[1])["rising"][0]["last_month"] == "2023-12-01"


def test_as_of_after_the_record(run: Run):
    """Nobody can be told what will be known later."""
    code, out, err = run("rising", "--as-of", "2030-01-01")

    assert (code, out) == (2, "")
    assert "--as-of 2030-01-01 is after 2025-07-15" in err


# --- one direction ----------------------------------------------------------------------------------------------


def test_show(run: Run):
    """Names, stage with reasons, growth, sub-topics, papers, claims beside the record, gaps and stamps."""
    _, out, _ = run("show", "chart-reading")

    lines = [line.strip() for line in out.splitlines()]
    for expected in (
        "Chart reading (图表阅读): chart-reading, theme Vision",
        "Stage: rising, as of 2025-07-15, from usable months 2015-01 to 2025-06",
        "- share 1.36x the year before's",
        "Growth: +35% (+11 to +65) a year (80%), P(growth > 0) 97%. About the past: no forecast",
        "At that pace the share doubles in 28 months (80%: 17 months to 7 years)",
        "Outlook: none is published",
        "Last 12 months: 340 papers, 1.23% of 27,642 in cs.CV; 100% of its peak (2025-06)",
        "1       2  bar charts",
        "Papers that most surely belong, 3 of 3",
        "2020, A. Author: rising [our reading]",
        "essay.txt, line 3",
        "record: share 0.72% in the 12 months up to 2020-11, 2.14% up to 2025-06 (3.0x)",
        "2021-02, A. Author: rising [repost of essay.txt]",
        "What the documents say of its theme, Vision",
        "2017-04 to 2017-06: not compared: partial (cs.CV: a biased sample)",
        "Made with: rule v1, membership v1/fast, run 2025-07-15-a, model minilm@1, tier fast",
    ):
        assert expected in lines


def test_show_record(run: Run):
    """On request a claim also gets the stages of its date and of now; a repost is not counted again."""
    answer = json.loads(run("show", "chart-reading", "--record", "--json")[1])

    first, theme, repost = answer["claims"]
    assert first["stage_then"] == "rising"
    assert first["stage_now"] is not None
    assert theme["stage_then"] is None
    assert repost["stage_then"] is None
    assert first["share_now"] / first["share_then"] == pytest.approx(1.02**55)  # 2% a month, 55 months apart
    assert (first["outcome"], theme["outcome"], repost["outcome"]) == ("borne out", "not measurable", None)


def test_show_without_a_verdict(run: Run):
    """A direction that was not judged says so, in JSON with null."""
    code, out, _ = run("show", "untold")
    assert (code, "no verdict" in out) == (0, True)

    answer = json.loads(run("show", "untold", "--json")[1])
    assert (answer["direction"]["stage"], answer["direction"]["growth"], answer["papers"]) == (None, None, [])


def test_mistyped_direction(run: Run):
    """A usage error with suggestions, on stderr."""
    code, out, err = run("show", "chart-raeding")

    assert (code, out) == (2, "")
    assert err == (
        'error: no direction called "chart-raeding": did you mean chart-reading? '
        '"littriage directions list" shows all of them\n'
    )


def test_papers(run: Run):
    """Newest first; nothing in a title can steer the terminal or break the line."""
    _, out, _ = run("papers", "图表阅读", "--limit", "2")

    assert out.splitlines()[2:] == [
        "Chart reading: newest papers, 2 of 3",
        "published   P(topic)  sub-topic  link        title",
        "2025-06-02       75%          1  2506.00001  =HYPERLINK(0): a title that a spreadsheet would run",
        "2025-05-03      >99%          1  2505.00002  [31mRed[0m flags in charts",
    ]


def test_papers_since_and_cluster(run: Run):
    """Filters narrow the list; a list may be empty."""
    recent = json.loads(run("papers", "chart-reading", "--since", "2025-06", "--json")[1])
    assert [paper["id"] for paper in recent["papers"]] == ["2506.00001"]

    assert "hep-th/9901001" in run("papers", "chart-reading", "--cluster", "2")[1]
    assert "Parsing: no papers" in run("papers", "parsing", "--cluster", "2")[1]


def test_trend(run: Run):
    """A row for every month, with the reason beside those that are not compared."""
    _, out, _ = run("trend", "chart-reading")

    rows = out.splitlines()
    assert rows[4] == "month    papers  members  field  share     share (80%)  share 12m  status"
    assert rows[5] == "2015-01     2.0        2  1,000  0.20%  0.11% to 0.29%          -  complete"
    assert len(rows) == 5 + 127
    assert rows[5 + 27].endswith("-  not compared: partial (cs.CV: a biased sample)")
    assert rows[-1].endswith("not compared: open (not settled on 2025-07-15)")


def test_trend_as_of(run: Run):
    """Later months are not there."""
    months = json.loads(run("trend", "parsing", "--as-of", "2017-02-05", "--json")[1])["months"]

    assert (months[-1]["month"], months[-1]["status"], months[-1]["comparable"]) == ("2017-01-01", "open", False)
    assert months[0]["share"] == 0.02


# --- export -----------------------------------------------------------------------------------------------------


def test_export_papers_csv(run: Run):
    """The whole file: CRLF, quotes, lists, six digits, empty for unknown, and no cell that runs as a formula."""
    code, out, err = run("export", "papers")

    assert code == 0
    assert err == f"! {fixture.NOTICE}\n"
    head = (
        "direction,paper_id,title,authors,published,primary_category,probability,similarity,rule,cluster,cluster_place"
    )
    formula = "'=HYPERLINK(0): a title that a spreadsheet would run,Ada B.; Çelik D.,2025-06-02,cs.CV"
    assert out.split("\r\n") == [
        head,
        "chart-reading,2505.00002,[31mRed[0m flags in charts,E. F.,2025-05-03,cs.CV,0.999,0.6,v1/fast,1,2",
        f"chart-reading,2506.00001,{formula},0.75,0.5,v1/fast,1,1",
        'chart-reading,hep-th/9901001,"Quoted ""title"", with comma",G. H.,2015-01-09,,0.123457,0.4,v1/fast,2,1',
        f"parsing,2506.00001,{formula},0.333333,0.3,v1/fast,,",
        "",
    ]


def test_numbers_stay_numbers():
    """Only text is made safe: a negative number is no formula."""
    rows = [(-0.5, -3, "-x", "＝1", "\t=1", None, True, date(2025, 6, 1), 1234567.0, ["+a", "b"])]

    assert csv_text("abcdefghij", rows).split("\r\n")[1] == "-0.5,-3,'-x,'＝1,'=1,,true,2025-06-01,1234570.0,'+a; b"


@pytest.mark.parametrize("table", ["trends", "verdicts", "papers", "clusters"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_export_twice_is_the_same(run: Run, tmp_path: Path, table: str, form: str):
    """The same tables give the same bytes, with as many rows as the table has, and nothing is left beside them."""
    files = [tmp_path / f"{number}.{form}" for number in (1, 2)]
    for file in files:
        assert run("export", table, "--format", form, "--out", str(file))[0] == 0

    assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(tmp_path.iterdir()) == files
    rows = {"trends": 4 * 127, "verdicts": 4, "papers": 4, "clusters": 2}[table]
    assert duckdb.execute(f"select count(*) from '{files[0]}'").fetchall() == [(rows,)]


def test_export_replaces_and_marks(run: Run, tmp_path: Path):
    """An older file is replaced whole; the byte-order mark comes first."""
    target = tmp_path / "clusters.csv"
    target.write_text("old" * 1000)

    run("export", "clusters", "--bom", "--out", str(target))

    assert target.read_bytes() == (
        b"\xef\xbb\xbfdirection,number,label,terms,papers,model\r\n"
        b"chart-reading,1,bar charts,bar; chart,2,minilm@1\r\n"
        b"chart-reading,2,'+maps,map,1,minilm@1\r\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("trends", "--format", "parquet"), "pass --out FILE"),
        (("trends", "--format", "parquet", "--out", "x.parquet", "--bom"), "--bom is for CSV"),
        (("trends", "--out", "/no/such/folder/x.csv"), "cannot write /no/such/folder/x.csv: No such file or directory"),
        (("trends", "--format", "parquet", "--out", "/no/such/folder/x.parquet"), "No such file or directory"),
    ],
)
def test_export_refusals(run: Run, arguments: tuple[str, ...], message: str):
    """What cannot be written is a usage error that says why."""
    code, out, err = run("export", *arguments)

    assert (code, out) == (2, "")
    assert message in err


# --- directions -------------------------------------------------------------------------------------------------

_THEME = 'name = "Language"\nname_zh = "语言"\nscope = "Words."\n'
_DIRECTION = """
name = "Parsing"
name_zh = "句法分析"
scope = "Trees of sentences."
[query]
all_of = [["parsing", "parser"], ["sentence"]]
none_of = ["resume parsing"]
categories = ["cs.CL"]
"""


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    folder = tmp_path / "queries" / "language"
    folder.mkdir(parents=True)
    (folder / "_theme.toml").write_text(_THEME, encoding="utf-8")
    (folder / "parsing.toml").write_text(_DIRECTION, encoding="utf-8")
    return folder.parent


@pytest.mark.parametrize("words", [(), ("list",), ("list", "--theme", "language")])
def test_directions_list(run: Run, queries: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]):
    """The catalogue as a table; `directions` alone lists too."""
    monkeypatch.setenv("LITTRIAGE_QUERIES", str(queries))

    assert run("directions", *words) == (
        0,
        "slug     theme     name     Chinese name  claims\nparsing  language  Parsing  句法分析           0\n",
        "",
    )


def test_directions_show(run: Run, queries: Path):
    """The query as it is matched."""
    _, out, _ = run("directions", "show", "句法分析", "--queries", str(queries))
    assert "(parsing OR parser)\nAND (sentence)\nNOT (resume parsing)\n" in out

    answer = json.loads(run("directions", "show", "parsing", "--json", "--queries", str(queries))[1])
    assert answer["direction"]["query"]["all_of"] == [["parsing", "parser"], ["sentence"]]


def test_directions_check(run: Run, queries: Path):
    """All problems of all files, one a line, and exit code 2; none: exit code 0."""
    assert run("directions", "check", str(queries)) == (0, "1 directions in 1 themes, no problems\n", "")

    (queries / "language" / "parsing.toml").write_text('name = 3\nscope = "x"\n', encoding="utf-8")
    (queries / "language" / "broken.toml").write_text("name = ", encoding="utf-8")
    code, out, err = run("directions", "check", str(queries))

    assert code == 2
    assert re.search(r"^language/parsing\.toml: name: ", out, re.MULTILINE)
    assert re.search(r"^language/parsing\.toml: name_zh: ", out, re.MULTILINE)
    assert re.search(r"^language/broken\.toml: ", out, re.MULTILINE)
    assert err == f"error: problems: {len(out.splitlines())}; mend the files named above\n"


def test_queries_folder_missing(run: Run, tmp_path: Path):
    """A folder that is not there is a usage error."""
    code, _, err = run("directions", "list", "--queries", str(tmp_path / "none"))

    assert (code, "no folder at" in err) == (2, True)


def test_shipped_directions_are_listed(run: Run):
    """Without an option the shipped catalogue is read."""
    _, out, _ = run("directions", "list", "--json")

    assert len(json.loads(out)["directions"]) > 50


# --- the application --------------------------------------------------------------------------------------------


def test_help(run: Run):
    """The whole first page; a new command is one line in tests/fixtures/help.txt."""
    expected = (FIXTURES / "help.txt").read_text(encoding="utf-8")

    assert run("--help") == (0, expected, "")
    assert run("-h")[1] == expected


def test_help_of_export(run: Run):
    """Every option with what it does."""
    assert run("export", "--help")[1] == (FIXTURES / "help_export.txt").read_text(encoding="utf-8")


def test_version(run: Run):
    """The version alone, for scripts."""
    assert run("--version") == (0, f"littriage {__version__}\n", "")


def test_interrupted(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Ctrl-C ends with 130 and no traceback."""

    def interrupted(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("littriage.published.Published.open", interrupted)

    assert run("rising") == (130, "", "")


def test_usage_errors(run: Run):
    """Wrong words end with 2, before anything is opened."""
    assert run("rise")[0] == 2
    assert run("rising", "--as-of", "15.7.2025")[0] == 2
    assert run("export", "everything")[0] == 2


def test_no_warehouse(run: Run, tmp_path: Path):
    """Exit code 1 and the next step."""
    code, out, err = run("rising", "--warehouse", str(tmp_path))

    assert (code, out) == (1, "")
    assert err == (
        f'error: no published tables at {tmp_path}/published.duckdb: run "littriage run" first, or pass --warehouse\n'
    )


def test_nothing_to_report(run: Run, tmp_path: Path):
    """A published file without a single verdict is not an answer of "none rises": exit code 4."""
    fixture.publish(tmp_path, judged=False)

    code, out, err = run("rising", "--warehouse", str(tmp_path))

    assert (code, out) == (4, "")
    assert "holds no verdicts" in err


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("littriage show ch", "chart-reading"),
        ("littriage rising --theme v", "vision"),
        ("littriage directions show denoising-d", "denoising-diffusion"),
        ("littriage sat", "saturated"),
    ],
)
def test_completion(run: Run, monkeypatch: pytest.MonkeyPatch, words: str, completed: str):
    """A shell completes commands, directions and themes."""
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    monkeypatch.setenv("_LITTRIAGE_COMPLETE", "complete_bash")

    assert run()[1].split() == [completed]


def test_completion_without_a_warehouse(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """No file, no completion, and no complaint in the middle of a command line."""
    monkeypatch.setenv("LITTRIAGE_WAREHOUSE", str(tmp_path))
    monkeypatch.setenv("COMP_WORDS", "littriage show ch")
    monkeypatch.setenv("COMP_CWORD", "2")
    monkeypatch.setenv("_LITTRIAGE_COMPLETE", "complete_bash")

    assert run()[1:] == ("\n", "")


def test_closed_pipe(warehouse: Path):
    """`littriage trend X | head -1` ends without a word on stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from littriage.cli import main; main()", "trend", "parsing"],
        env={**os.environ, "LITTRIAGE_WAREHOUSE": str(warehouse), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()

    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait() == 1


# --- texts and tables -------------------------------------------------------------------------------------------


def test_both_languages_say_the_same():
    """Every text exists in both languages, with the same parts."""
    for key, texts in TEXTS.items():
        english, chinese = ({name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts)
        assert english == chinese, key


def test_figures_in_words():
    """Percent a year with its interval; whole percent that is never certain; shares with about three digits."""
    growth = Growth("x", 0.3, 0.1, 0.5, 0.97, 0.03, 0.06, 0.3, 0.1, 48)

    assert growth_text(growth, Lang.EN) == "+35% (+11 to +65)"
    assert growth_text(None, Lang.EN) == "-"
    assert [chance_text(p) for p in (0.004, 0.5, 0.996, 1.0, None)] == ["<1%", "50%", ">99%", ">99%", "-"]
    assert [share_text(s) for s in (0.000251, 0.01234, 0.2, 0.0, None)] == ["0.025%", "1.23%", "20.0%", "0.000%", "-"]


def test_width_of_wide_signs():
    """Chinese signs take two columns, combining ones none."""
    assert [width(text) for text in ("abc", "图表", "e\u0301", "▁█")] == [3, 4, 1, 2]


def test_clean():
    """One line, and nothing that a terminal obeys."""
    assert clean("a\x1b[2J\x07\u202eb\r\n c\u200b") == "a[2Jb c"


def test_aligned():
    """Figures to the right, text to the left, no space at line ends."""
    table = aligned([Column("名"), Column("n", figures=True), Column("x")], [("a", "10", "y"), ("方向", "2", "")])

    assert table == "名     n  x\na     10  y\n方向   2"


def test_table_for_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Where a person watches, the table fits the width, and a title's brackets are not markup."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")

    tables.print_table([Column("title")], [("[red]not markup[/red]\x1b[2J and a rather long line of words",)])

    out = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)  # rich's own bold heading
    assert "[red]not markup[/red]" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 40
