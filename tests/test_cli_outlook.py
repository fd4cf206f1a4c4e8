"""`rising`, `saturated` and `show` where a file holds outlooks."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from math import exp, log
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import published_fixture as fixture
from forecast_rows import forecast, scored
from littriage.cli import main
from littriage.cli.messages import pace_text
from littriage.cli.options import Lang
from littriage.cli.outlook import Outlooks, by_added, by_size, left_over, like_text, likely, size_class
from littriage.cli.tables import width
from littriage.forecasts import Scored, State
from littriage.model import Growth, LikeCases, Outlook, Part, Stage, Verdict
from littriage.outlook.features import NAMES
from littriage.outlook.wording import (
    ABSTENTION_TEXTS,
    FEATURE_TEXTS,
    FITTED_ON,
    LAST_CLOSED,
    TERM_TEXTS,
    abstention,
    part_name,
)

Run = Callable[..., tuple[int, str, str]]

AS_OF = fixture.AS_OF
BASE = fixture.LAST
PARTS = (Part("near_growth", 0.5, 0.8), Part("peak", -0.25, -0.3), Part("no such feature", 2.0, 0.1))


def outlook(direction: str, horizon: int = 12, p_rise: float | None = 0.6, **facts: Any) -> Outlook:
    known: dict[str, Any] = {
        "as_of": AS_OF, "p_up": p_rise and (1 + p_rise) / 2, "p_fall": None if p_rise is None else (1 - p_rise) / 4,
        "growth_low": None if p_rise is None else log(0.9), "growth_high": None if p_rise is None else log(1.5),
        "added": None if p_rise is None else 40.0, "model": "m1", "base_month": BASE,
        "like": None if p_rise is None else LikeCases(1140, 695, 0.62), "parts": () if p_rise is None else PARTS,
        "abstained": "" if p_rise is not None else "few papers",
    }  # fmt: skip
    return Outlook(direction=direction, horizon=horizon, p_rise=p_rise, **(known | facts))


OUTLOOKS = [
    *(outlook("chart-reading", horizon, p) for horizon, p in ((6, 0.55), (12, 0.63544), (24, 0.7))),
    *(outlook("parsing", horizon, 0.1, p_up=0.4, p_fall=0.2, added=-12.0) for horizon in (6, 12, 24)),
    outlook("tiny-topic", 12, None),
    outlook("word-vectors", 12, 0.004, p_up=0.02, p_fall=0.97),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With outlooks, and a ledger that has forecasts of an earlier day: one in time, one in hindsight."""
    earlier = {"as_of": date(2024, 1, 15), "base_month": date(2023, 12, 1)}
    rows: list[Scored] = [
        scored("chart-reading", 0.44, True, **earlier, made_at=datetime(2024, 1, 15, 6)),
        Scored(forecast("chart-reading", 12, 0.99, **earlier, revision=1, model="m1"), State.SCORED),
        scored("parsing", 0.3, False, **earlier, hindsight=True),
    ]
    return fixture.publish(tmp_path_factory.mktemp("outlooks"), outlooks=OUTLOOKS, forecasts=rows)


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


def published(folder: Path, outlooks: Sequence[Outlook], **stages: str) -> str:
    """A file with these outlooks, in which directions have other stages."""
    fixture.publish(folder, outlooks=outlooks)
    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        for slug, stage in stages.items():
            connection.execute("update verdict set stage = ? where direction = ?", [stage, slug.replace("_", "-")])
    return str(folder)


# --- rising -----------------------------------------------------------------------------------------------------


def test_rising_screen_with_an_outlook(run: Run):
    """The key, groups by size, P beside its like cases, growth with interval, n, and what P is of."""
    code, out, err = run("rising")

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Rising directions, as of 2025-07-15, from usable months up to 2025-06 (rule v1; membership v1/fast).",
        "Sorted by P(+20% in 12 months) within size class.",
        "",
        "60 or more papers a year (1)",
        "P(+20%)    like cases    growth/yr (80%)  n12  share  peak  trend",
        "Chart reading: rising",
        "    64%  61% of 1,140  +35% (+11 to +65)  340  1.23%  100%  ▃▃▃▄▄▄▅▅▆▇██",
        "",
        "P(+20%): that the share is more than 1.2 times today's in 12 months (12 months up to then against the 12 up "
        "to 2025-06). Like cases: part of past topics given about as much that did so. Outlook as of 2025-07-15, m1.",
        "The model follows trends and misses turning points.",
        "Growth of the share looks back. n12, share: the last 12 months; peak: that share against its highest.",
        "Trend: 12-month shares, a sign for every 6 months up to 2025-06; · is unknown.",
        "Without a verdict: 1 too little data, 1 without a verdict.",
        "Not listed: 1 saturated, 1 declining.",
    ]


def test_rising_in_chinese_with_an_outlook(run: Run):
    """The same in Chinese."""
    _, out, _ = run("rising", "--lang", "zh")

    assert "在各规模组内按 12 个月内上升 20% 的概率排序。" in out
    assert "每年 60 篇及以上（1）" in out
    assert "    64%  61%，1,140例  +35% (+11 至 +65)  340  1.23%  100%  ▃▃▃▄▄▄▅▅▆▇██" in out
    assert "模型跟随趋势，难以预见转折。" in out


def test_horizon_chooses_the_probability(run: Run):
    """Each horizon has its own; there is none for another."""
    assert "    70%  61% of 1,140" in run("rising", "--horizon", "24")[1]
    assert "P(+20% in 6 months)" in run("rising", "--horizon", "6")[1]

    code, out, err = run("rising", "--horizon", "9")
    assert (code, out) == (2, "")
    assert "no outlook looks 9 months ahead: pass one of 6, 12, 24" in err
    assert run("saturated", "--horizon", "9")[0] == run("show", "parsing", "--horizon", "9")[0] == 2


def test_by_added_shows_what_it_sorts_by(run: Run, tmp_path: Path):
    """Expected added papers with their interval, the most first, over all sizes."""
    folder = published(tmp_path, OUTLOOKS, parsing="rising", word_vectors="rising")
    _, out, _ = run("rising", "--by", "added", "--warehouse", folder)

    assert "Sorted by the papers expected in 12 months beyond those of the last 12" in out
    assert "+40 (-34 to +170)" in out  # 340 papers x (0.9 - 1) and x (1.5 - 1)
    assert re.findall(r"^(.+): rising", out, re.MULTILINE) == ["Chart reading", "Word vectors", "Parsing"]


def test_by_growth_is_the_order_of_the_record(run: Run, tmp_path: Path):
    """By the lower end of growth's interval, whatever the outlook says."""
    likelier = [replace(one, p_rise=0.9) if one.direction == "parsing" else one for one in OUTLOOKS]
    folder = published(tmp_path, likelier, parsing="rising")

    def order(*words: str) -> list[str]:
        return re.findall(r"^(.+): rising", run("rising", "--warehouse", folder, *words)[1], re.MULTILINE)

    assert order("--by", "growth") == ["Chart reading", "Parsing"]
    assert order() == ["Parsing", "Chart reading"]


def test_an_abstention_has_a_reason_and_no_number(run: Run, tmp_path: Path):
    """Neither probability nor like cases; the reason beside the name, in both languages."""
    folder = published(tmp_path, [*OUTLOOKS[:3], outlook("parsing", 12, None)], parsing="rising")
    lines = run("rising", "--warehouse", folder)[1].splitlines()

    place = lines.index("Parsing: rising; no outlook: too few papers")
    assert lines[place + 1].split()[:2] == ["none", "-"]
    assert "句法分析：上升；无展望：论文太少" in run("rising", "--warehouse", folder, "--lang", "zh")[1]
    parsing = json.loads(run("rising", "--warehouse", folder, "--json")[1])["rising"][-1]["outlook"]
    assert (parsing["p_rise"], parsing["added"], parsing["abstained"]) == (None, None, "few papers")


def test_base_months_of_different_fields_are_told(run: Run, tmp_path: Path):
    """Fields end in different months; a direction that says nothing does not count."""
    other = outlook("parsing", 12, 0.2, base_month=date(2025, 3, 1))
    silent = outlook("tiny-topic", 12, None, base_month=date(2017, 3, 1))
    folder = published(tmp_path, [*OUTLOOKS[:3], other, silent])

    assert "against the 12 up to 2025-03 to 2025-06)" in run("rising", "--warehouse", folder)[1]


def test_one_without_an_outlook_says_so(run: Run, tmp_path: Path):
    """No row of it, and no number made up."""
    folder = published(tmp_path, OUTLOOKS[:3], parsing="rising")

    assert "Parsing: rising; no outlook\n" in run("rising", "--warehouse", folder)[1]


def test_a_likely_riser_that_does_not_grow_is_listed_apart(run: Run, tmp_path: Path):
    """50% or more, with its stage, in a group of its own; it is not counted among those left out."""
    folder = published(tmp_path, [*OUTLOOKS[:3], outlook("word-vectors", 12, 0.5)], word_vectors="unsure")
    _, out, _ = run("rising", "--warehouse", folder)

    growing, apart = out.split("Not growing by the record, and given 50% or more all the same (1)")
    assert "Word vectors: unsure" in apart
    assert "Word vectors" not in growing
    assert "Not listed: 1 saturated." in out
    answer = json.loads(run("rising", "--warehouse", folder, "--json")[1])
    assert [one["slug"] for one in answer["likely"]] == ["word-vectors"]
    assert (answer["totals"], answer["sorted_by"]) == ({"rising": 1, "likely": 1}, "probability")


def test_what_makes_a_row_unsure_stands_beside_its_name(run: Run, tmp_path: Path):
    """An unstable stage, a likelier fall, few like cases, torn months."""
    few = outlook("chart-reading", 12, 0.2, p_fall=0.3, like=LikeCases(7, 3, 0.2))
    folder = published(tmp_path, [few])
    with duckdb.connect(f"{folder}/published.duckdb") as connection:
        connection.execute("update verdict set flips = 0.45, flips_to = 'hot'")
        reasons = json.dumps([["holes", {"count": "2", "of": "12", "months": "2025-01, 2025-02"}]])
        connection.execute("update verdict set reasons = ?", [reasons])
    _, out, _ = run("rising", "--warehouse", folder)

    flags = "2 of 12 months torn, flips 45% to hot, a fall by 20% is likelier, few like cases"
    assert f"Chart reading: rising [{flags}]" in out
    assert "    20%      3 of 7  +35%" in out


def test_json_has_every_number_of_an_outlook(run: Run):
    """Probabilities to four digits, intervals, like cases, parts, model and base month."""
    (row,) = json.loads(run("rising", "--json", "--lang", "zh")[1])["rising"]

    told = row["outlook"]
    assert (told["p_rise"], told["p_up"], told["p_fall"]) == (0.6354, 0.8177, 0.0911)
    assert (told["model"], told["base_month"], told["horizon"]) == ("m1", "2025-06-01", 12)
    assert told["like_cases"] == {"count": 1140, "rose": 695, "predicted": 0.62}
    assert told["parts"][0] == {"feature": "near_growth", "value": 0.5, "logit": 0.8}
    assert (told["growth_low"], told["ratio_high"]) == (pytest.approx(log(0.9)), pytest.approx(1.5))
    assert (told["added_low"], told["added_high"]) == (pytest.approx(-34), pytest.approx(170))
    assert (told["hindsight"], told["from_ledger"]) == (False, False)
    assert (row["papers_12m"], row["size_class"]) == (340.0, "60")


@pytest.mark.parametrize("command", ["rising", "rising --by added", "saturated"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figures_fit_in_80_columns(run: Run, tmp_path: Path, command: str, lang: str):
    """Also with wide intervals and thousands of papers; names have lines of their own."""
    folder = published(tmp_path, [replace(one, p_rise=0.999) for one in OUTLOOKS if one.p_rise])
    with duckdb.connect(f"{folder}/published.duckdb") as connection:
        connection.execute("update verdict set papers_12m = 9999, share_12m = 0.123")
        wide = "update verdict set growth = ?, growth_low = ?, growth_high = ?"
        connection.execute(wide, [0.3, -0.2, 0.8] if command == "saturated" else [1.5, 0.7, 2.3])
    _, out, _ = run(*command.split(), "--lang", lang, "--warehouse", folder)

    figures = [line for line in out.splitlines() if "9,999" in line]
    assert figures
    assert max(map(width, figures)) <= 80


# --- another day ------------------------------------------------------------------------------------------------


def test_another_day_has_no_outlook_of_this_one(run: Run):
    """The published outlook is of its own day: the column is left out, and the answer says why."""
    _, out, _ = run("rising", "--as-of", "2024-03-15")

    assert "The outlook of this file is of 2025-07-15, not of 2024-03-15: it is left out." in out
    assert "P(+20%)" not in out
    assert "Sorted by the lower end of growth's interval." in out
    answer = json.loads(run("rising", "--as-of", "2024-03-15", "--json")[1])
    assert (answer["outlook_of_another_day"], answer["rising"][0]["outlook"]) == ("2025-07-15", None)


def test_the_day_of_the_file_is_not_another_day(run: Run):
    """Judged again, with the outlook that it has."""
    assert "61% of 1,140" in run("rising", "--as-of", "2025-07-15")[1]


def test_the_ledger_tells_what_was_said_then(run: Run):
    """The first forecast of that day, not its revision, without like cases; one in hindsight is marked."""
    rows = json.loads(run("rising", "--as-of", "2024-01-15", "--json")[1])
    told = {row["slug"]: row["outlook"] for row in (*rows["rising"], *rows["likely"])}
    assert (told["chart-reading"]["p_rise"], told["chart-reading"]["from_ledger"]) == (0.44, True)
    assert (told["chart-reading"]["hindsight"], told["chart-reading"]["like_cases"]) == (False, None)

    _, out, _ = run("rising", "--as-of", "2024-01-15")
    assert "    44%           -" in out
    assert "from the ledger of forecasts" in out
    _, out, _ = run("saturated", "--as-of", "2024-01-15")
    assert re.search(r"^Parsing: \w+ \[(.*, )?hindsight\]$", out, re.MULTILINE)
    assert "made in hindsight: it shows how the model works, and proves nothing" in out


def test_a_file_made_long_after_its_day_is_hindsight(run: Run, tmp_path: Path):
    """More than a month: the outlook was no forecast."""
    fixture.publish(tmp_path, outlooks=OUTLOOKS, stamps={"published_at": "2025-08-16T06:00:00Z"})
    assert "made in hindsight" in run("rising", "--warehouse", str(tmp_path))[1]

    assert "It can have learned" not in run("show", "parsing", "--explain", "--warehouse", str(tmp_path))[1]

    fixture.publish(tmp_path, outlooks=OUTLOOKS, stamps={"published_at": "2025-08-15T06:00:00Z"})
    assert "made in hindsight" not in run("rising", "--warehouse", str(tmp_path))[1]


# --- saturated --------------------------------------------------------------------------------------------------


def test_saturated_screen_with_an_outlook(run: Run):
    """The index with its parts, P(-20%) and P(rise) ahead, interval, n, and flips."""
    lines = run("saturated")[1].splitlines()

    assert lines[1:5] == [
        "Sorted by saturation index = P(flat) x level, 0 below 70% of the peak.",
        "index  P(flat)  level  peak  P(-20%)  P(rise)  growth/yr (80%)  n12  flips",
        "Parsing: saturated",
        "  81%      98%    83%   95%      20%      40%   +1% (-5 to +7)  240      -",
    ]
    assert lines[8:11] == [
        "P(down)  peak  P(-20%)  P(rise)    growth/yr (80%)  n12  flips",
        "Word vectors: declining",
        "   >99%   20%      97%       2%  -33% (-45 to -18)   24      -",
    ]
    assert "The model follows trends and misses turning points." in lines


def test_saturated_json_has_the_parts_of_the_index(run: Run):
    """Index = P(flat) x level."""
    (row,) = json.loads(run("saturated", "--json")[1])["saturated"]

    assert row["saturation"] == pytest.approx(row["p_flat"] * row["level"])
    assert (row["outlook"]["p_fall"], row["outlook"]["p_up"], row["flips"]) == (0.2, 0.4, None)


# --- show -------------------------------------------------------------------------------------------------------


def test_show_has_three_horizons(run: Run):
    """Three probabilities each, the interval of the change, added papers, like cases, and the record of the stage."""
    _, out, _ = run("show", "chart-reading")

    block = out[out.index("Outlook of the share") :].split("\n\n")[0].splitlines()
    like = "of 1,140 like cases (past topics of its size that were given 62% on average) 695, or 61%, rose by more than"
    assert block == [
        "Outlook of the share, against the 12 months up to 2025-06 (as of 2025-07-15, m1)",
        "    ahead  P(+20%)  P(rise)  P(-20%)  change (80%)  added papers (80%)",
        " 6 months      55%      78%      11%  -10% to +50%   +40 (-34 to +170)",
        "12 months      64%      82%       9%  -10% to +50%   +40 (-34 to +170)",
        "24 months      70%      85%       8%  -10% to +50%   +40 (-34 to +170)",
        f"  6 months: {like} 20%",
        f"  12 months: {like} 20%",
        f"  24 months: {like} 20%",
        "Past forecasts at stage rising that rose by more than 20%: 12 months, 1 of 1 (0.4 expected)",
        "The model follows trends and misses turning points.",
        "24 months ahead it did no better than the base rate on past directions; its 80% intervals held 54% there.",
    ]


def test_show_says_that_no_forecast_is_due(run: Run):
    """No past forecast was made at this stage."""
    assert "Past forecasts at stage saturated: none due yet" in run("show", "parsing")[1]
    assert "以往在“饱和”阶段所作的预测：尚无到期" in run("show", "parsing", "--lang", "zh")[1]


def test_overlapping_forecasts_are_not_counted_as_many(run: Run, tmp_path: Path):
    """Two of one direction from successive months share most of their months."""
    rows = [scored("parsing", 0.5, True, base_month=date(2022, month, 1), model=f"m{month}") for month in (3, 4)]
    fixture.publish(tmp_path, outlooks=OUTLOOKS, forecasts=rows)
    _, out, _ = run("show", "chart-reading", "--warehouse", str(tmp_path))

    assert "12 months, 2 of 2 (1.0 expected; they overlap, worth about 1)" in out


def test_due_forecasts_without_an_outcome_are_told(run: Run, tmp_path: Path):
    """None can be measured: that is not the same as none being due."""
    lost = replace(scored("parsing", 0.5, True), state=State.NOT_MEASURABLE, rose=None, up=None, fell=None)
    fixture.publish(tmp_path, outlooks=OUTLOOKS, forecasts=[lost])
    _, out, _ = run("show", "chart-reading", "--warehouse", str(tmp_path))

    assert "Past forecasts at stage rising: none with an outcome; 1 of those due cannot be measured" in out


def test_show_of_an_abstention(run: Run):
    """One line with the reason, and nothing to explain."""
    _, out, _ = run("show", "tiny-topic", "--explain")

    assert "Outlook: none is given, too few papers" in out
    assert "P(+20%)" not in out
    assert "there is nothing to explain, no probability is given for 12 months" in out


def test_show_without_an_outlook(run: Run):
    """A direction that has none."""
    assert "Outlook: none is published" in run("show", "untold")[1]


def test_explain_adds_up(run: Run):
    """Each part with its value and logit, the largest first; with the rest they are the logit of P(rise)."""
    _, out, _ = run("show", "chart-reading", "--explain")

    block = out[out.index("What makes") :].split("\n\n")[0].splitlines()
    assert block == [
        "What makes P(+20% in 12 months) = 64%, in logits (0 is 50%; +0.69 doubles the odds)",
        "part                                   value  logit  for + or against -",
        "a topic of the usual kind, calibrated         -0.04  -",
        "growth of topics in the same papers     0.50  +0.80  ++++++++++",
        "share against its peak, log            -0.25  -0.30  ----",
        "no such feature                         2.00  +0.10  +",
        "sum, or 64%                                   +0.56",
        "12 months: of 1,140 like cases (past topics of its size that were given 62% on average) 695, or 61%, rose by "
        "more than 20%",
        "Model: m1",
        "It can have learned from origins up to 2024-06 at the latest: later ones had no outcome by 2025-06",
    ]


def test_explain_keeps_terms_apart_from_features(run: Run, tmp_path: Path):
    """Base and calibration come first and have no value; what is left is named; what it was fitted to is told."""
    parts = (*(Part("growth", 1.0, 0.01 * place) for place in range(1, 13)), Part("calibration", 0.0, 0.2))
    one = outlook("chart-reading", 12, 0.5, parts=(Part("base", 0.0, -1.1), *parts))
    stamps = {FITTED_ON: "phrases of cs.CL, 2012 to 2024", LAST_CLOSED: "2025-06"}
    fixture.publish(tmp_path, outlooks=[one], stamps=stamps)
    _, out, _ = run("show", "chart-reading", "--explain", "--warehouse", str(tmp_path))

    names = [line.strip() for line in out[out.index("for + or against") :].splitlines()[1:]]
    assert re.match(r"a topic of the usual kind +-1\.10", names[0])
    assert re.match(r"calibration +\+0\.20", names[1])
    assert names[2].endswith("1.00  +0.12  +")
    assert re.match(r"2 others together +\+0\.03$", names[12])
    assert re.match(r"not split into parts +\+0\.12", names[13])
    assert re.match(r"sum, or 50% +\+0\.00", names[14])
    assert "Fitted to: phrases of cs.CL, 2012 to 2024" in names
    assert "Last month whose outcome it knew: 2025-06" in names
    assert FITTED_ON not in out


def test_show_json_has_outlooks_and_record(run: Run):
    """Every horizon, and the record of the stage."""
    answer = json.loads(run("show", "chart-reading", "--json")[1])

    assert [one["horizon"] for one in answer["outlooks"]] == [6, 12, 24]
    assert answer["outlooks"][1]["left_over"] == pytest.approx(log(0.63544 / 0.36456) - 0.6)
    (record,) = answer["track_record"]
    assert (record["horizon"], record["forecasts"], record["came"]) == (12, 1, 1)
    assert json.loads(run("show", "untold", "--json")[1])["outlooks"] == []


# --- pieces -----------------------------------------------------------------------------------------------------


def verdict(direction: str, papers: float | None) -> Verdict:
    nothing = (None,) * 6
    return Verdict(AS_OF, direction, Stage.RISING, None, papers, *nothing, BASE, BASE)


@pytest.mark.parametrize(
    ("papers", "bound"), [(0.0, 0), (19.99, 0), (20.0, 20), (59.9, 20), (60.0, 60), (1e6, 60), (None, None)]
)
def test_size_classes_begin_at_their_bounds(papers: float | None, bound: int | None):
    """What is not known is no small direction."""
    assert size_class(papers) == bound


_PROBABILITIES = st.one_of(st.none(), st.floats(0, 1))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.floats(0, 500)), _PROBABILITIES), max_size=12))
def test_sorting_keeps_everybody_and_puts_the_silent_last(rows: list[tuple[float | None, float | None]]):
    """Within a class probabilities fall, those without one come last; nobody is lost or twice there."""
    verdicts = [verdict(f"d{place}", papers) for place, (papers, _) in enumerate(rows)]
    own = {f"d{place}": (outlook(f"d{place}", 12, p),) for place, (_, p) in enumerate(rows)}
    told = Outlooks(own)

    groups = by_size(verdicts, told, 12)
    assert sorted(one.direction for group in groups.values() for one in group) == sorted(own)
    for group in groups.values():
        given_p = [own[one.direction][0].p_rise for one in group]
        known = [p for p in given_p if p is not None]
        assert known == sorted(known, reverse=True)
        assert given_p[: len(known)] == known
    assert len(by_added(verdicts, told, 12)) == len(rows)
    assert {one.direction for one in likely(verdicts, told, 12)} == {
        slug for slug, (one,) in own.items() if one.p_rise is not None and one.p_rise >= 0.5
    }


def test_few_like_cases_are_counted_and_not_divided():
    """A percentage of seven cases would look surer than it is."""
    assert like_text(outlook("x", like=LikeCases(7, 3, 0.4)), Lang.EN) == "3 of 7"
    assert like_text(outlook("x", like=LikeCases(30, 12, 0.4)), Lang.EN) == "40% of 30"
    assert like_text(outlook("x", like=LikeCases(0, 0, 0.0)), Lang.EN) == "-"
    assert like_text(None, Lang.EN) == "-"


def growth(mean: float, low: float, high: float) -> Growth:
    return Growth("x", mean, low, high, 0.5, 0.5, 0.5, mean, 0.1, 48)


def test_pace_in_words():
    """log 2 / growth: 0.6931 a year doubles in 12 months; none where the interval holds 0."""
    half, one, two = log(2) / 2, log(2), 2 * log(2)
    assert pace_text(growth(one, half, two), Lang.EN) == (
        "At that pace the share doubles in 12 months (80%: 6 months to 24 months)"
    )
    assert pace_text(growth(-one, -two, -half), Lang.ZH) == (
        "按此速度，份额减半需 12 个月（80% 区间 6 个月 至 24 个月）"
    )
    assert "holds 0" in pace_text(growth(0.1, -0.1, 0.3), Lang.EN)
    assert "holds 0" in pace_text(growth(0.1, 0.0, 0.3), Lang.EN)
    assert pace_text(None, Lang.EN) == ""


@settings(max_examples=30, deadline=None)
@given(st.floats(0.001, 0.999), st.lists(st.floats(-3, 3), max_size=8))
def test_parts_and_the_rest_are_the_probability(p: float, logits: list[float]):
    """Whatever the parts are."""
    parts = tuple(Part(f"f{place}", 0.0, logit) for place, logit in enumerate(logits))
    one = outlook("x", 12, p, parts=parts)

    total = left_over(one) + sum(logits)
    assert 1 / (1 + exp(-total)) == pytest.approx(p, abs=1e-9)


# --- words ------------------------------------------------------------------------------------------------------


def test_every_feature_has_words_of_its_own():
    """No feature without a name, no name without a feature, and no two alike."""
    assert tuple(FEATURE_TEXTS) == NAMES
    for lang in (0, 1):
        texts = [pair[lang] for pair in (*FEATURE_TEXTS.values(), *TERM_TEXTS.values())]
        assert len(set(texts)) == len(texts)


def test_unknown_names_are_told_as_they_are():
    """A model of tomorrow may have features that nobody has words for yet."""
    assert part_name("growth") == "growth by the trend"
    assert part_name("growth", zh=True) == "趋势增长"
    assert part_name("tomorrow", zh=True) == "tomorrow"
    assert [abstention("few papers", zh=zh) for zh in (False, True)] == list(ABSTENTION_TEXTS["few papers"])
    assert abstention("the moon", zh=True) == "the moon"
