"""`littriage forecasts`, `littriage export forecasts` and `littriage export outlooks`, on a small published file."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import published_fixture as fixture
from forecast_rows import AS_OF, INSTRUMENT, NOW, months, outlook
from littriage.cli import main
from littriage.cli.tables import width
from littriage.forecasts import made, score
from littriage.model import Outlook
from littriage.warehouse import Warehouse
from littriage.warehouse.forecasts import ledger, store_outcomes, store_outlooks
from littriage.warehouse.publishing import publish
from test_light_commands import HEAVY, imported

Run = Callable[..., tuple[int, str, str]]

DAY = date(2025, 7, 15)
"""The day of the published file: June 2025 is settled."""
META = {"run": "2025-07-15-a", "as_of": f"{DAY}", "published_at": "2025-07-15T06:00:00Z", "last_month": "2025-06-01"}
COLUMNS = ["slug", "theme", "name", "name_zh", "scope", "category_set", "field", "query"]
LATER = {"chart-reading": 13.0, "parsing": 10.0, "word-vectors": 7.0}
"""Papers a month from 2024 on, where there were 10 before, of 1000."""

FIRST_RUN = [
    outlook("chart-reading", 12, 0.7),
    outlook("parsing", 12, 0.65),
    outlook("word-vectors", 12, 0.1, growth_low=-0.6, growth_high=0.0),
    outlook("chart-reading", 24, 0.8),
    outlook("tiny-topic", 12, None),
    outlook("retired", 12, 0.3),
]


def built(folder: Path, runs: Sequence[tuple[datetime, Sequence[Outlook]]], notice: str = "") -> Path:
    """The folder with the published file of someone who made these runs."""
    with Warehouse.open(folder) as warehouse:
        rows = zip(*fixture.DIRECTIONS, strict=True)
        warehouse.insert("direction", {name: list(values) for name, values in zip(COLUMNS, rows, strict=True)})
        slugs = [row[0] for row in fixture.DIRECTIONS]
        stages = {"chart-reading": "rising", "parsing": "plateau", "word-vectors": "declining"}
        for now, outlooks in runs:
            points = {slug: months(slug, [10.0] * 24) for slug in (*slugs, "retired")}
            instruments = dict.fromkeys(points, INSTRUMENT)
            run = f"{now:%Y%m%d}"
            store_outlooks(warehouse, outlooks, made(outlooks, points, stages, instruments, run=run, made_at=now))
        points = {slug: months(slug, [10.0] * 24 + [LATER.get(slug, 10.0)] * 18) for slug in slugs}
        points["parsing"] = months("parsing", [10.0] * 42, exposure=500)
        instruments = dict.fromkeys(slugs, INSTRUMENT)
        instruments["word-vectors"] = replace(INSTRUMENT, rule="v3/fast")
        store_outcomes(warehouse, score(ledger(warehouse), points, instruments, DAY))
        publish(warehouse, {**META, "notice": notice}, DAY)
    return folder


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in time, the same a week later, one of this week, and one of a year ago in hindsight."""
    again = [replace(one, as_of=AS_OF + timedelta(1)) for one in FIRST_RUN[:1]]
    recent = [outlook("parsing", 12, 0.4, as_of=date(2025, 7, 14), base_month=date(2025, 6, 1))]
    late = [outlook("parsing", 6, 0.9, as_of=date(2023, 2, 20), base_month=date(2023, 1, 1))]
    return built(
        tmp_path_factory.mktemp("forecasts"),
        [(NOW, FIRST_RUN), (NOW + timedelta(1), again), (datetime(2025, 7, 14, 6), recent), (NOW, late)],
    )


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


def answer(run: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = run("forecasts", *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


NOTE = (
    "Rose: the share of the 12 months up to the month named is more than 1.2 times that of the 12 months up to the "
    "base month; fell: less than 0.8 times. By today's counts. Rules: docs/forecasts.md."
)


# --- on the screen ----------------------------------------------------------------------------------------------


def test_screen(run: Run):
    """The whole answer: the record in sentences, what was given and what came, the latest due, the next."""
    code, out, err = run("forecasts")

    assert (code, err) == (0, "")
    head, given, event, horizon, stage, due, waiting = out.split("\n\n")
    assert head.splitlines() == [
        "Forecasts on record up to 2025-07-15: 6, of 4 directions, since 2024-02-05. "
        "Due: 4 (3 with an outcome, 1 not measurable); not due yet: 2.",
        "Not counted: 1 of a base month that has one, 0 revisions, 1 without a probability, 1 in hindsight "
        "(--hindsight).",
        "Next due: 1 on 2026-01-11, such as Chart reading (24 months).",
        "Forecasts with an outcome: 3. The share rose by more than 20% in 1, expected 1.5; of those given 60% to 80% "
        "that it does, 1 of 2 rose (expected 1.4).",
        "Brier score 0.174, where 0 is perfect; always giving the base rate has 0.222, always giving 50% 0.250. "
        "Skill against the base rate: +22%, too few directions to tell.",
        "Directions: 3. Forecasts of one direction overlap: they are worth about 3 that do not. "
        "The change lay in its 80% interval in 3 of 3.",
        "Measured by another rule, query or categories than when they were made: 1; with a base share that has been "
        "revised by more than 10%: 1.",
    ]
    assert squeezed(given) == [
        "What was given, and what came",
        "given forecasts mean given expected rose part (80%) in words",
        "0% to 20% 1 10% 0.1 0 0% (0% to 62%) too few to tell",
        "60% to 80% 2 68% 1.4 1 50% (16% to 84%) too few to tell",
    ]
    assert squeezed(event)[2:] == [
        "rise by 20% 3 3 1.5 1 0.174 0.222 +22% 0.504",
        "any rise 3 3 2.2 1 0.335 0.222 -51% 0.901",
        "fall by 20% 3 3 0.5 1 0.171 0.222 +23% 0.478",
    ]
    assert squeezed(horizon)[2:] == ["12 3 3 1.5 1 0.174 0.222 +22% 0.504"]
    assert [line.split()[0] for line in squeezed(stage)[2:]] == ["declining", "plateau", "rising"]
    assert squeezed(due) == [
        "The latest that are due",
        "direction as of months ahead stage then P(rise) P(fall) base month month change outcome notes",
        "Chart reading 2024-02-05 12 rising 70% 10% 2023-12 2024-12 1.30x rose",
        "Parsing 2024-02-05 12 plateau 65% 12% 2023-12 2024-12 1.00x neither base +100% since",
        "retired 2024-02-05 12 - 30% 23% 2023-12 2024-12 - not measurable: no longer in the catalogue",
        "Word vectors 2024-02-05 12 declining 10% 30% 2023-12 2024-12 0.70x fell another membership rule",
    ]
    assert squeezed(waiting) == [
        "Not due yet, the first first",
        "direction as of months ahead stage then P(rise) P(fall) change (80%) due",
        "Chart reading 2024-02-05 24 rising 80% 7% 0.90 to 1.49x 2026-01-11",
        "Parsing 2025-07-14 12 plateau 40% 20% 0.90 to 1.49x 2026-07-11",
        NOTE,
    ]


def squeezed(block: str) -> list[str]:
    return [" ".join(line.split()) for line in block.splitlines()]


def test_in_chinese(run: Run):
    """Headings, sentences, stages and outcomes; columns stand under their headings."""
    code, out, err = run("forecasts", "--lang", "zh")

    assert (code, err) == (0, "")
    assert "已有结果的预测：3 次。份额上升超过 20% 的有 1 次，预期 1.5 次" in out
    assert "下一批到期：2026-01-11，1 次，例如 图表阅读（24 个月）。" in out
    heading, charts, parsing, retired, vectors = out.split("最近到期的预测\n")[1].splitlines()[:5]
    assert "无法衡量：已不在目录中" in retired
    at = width(heading.split("结果")[0])
    assert {width(line.split(word)[0]) for line, word in ((parsing, "均未"), (retired, "无法"))} == {at}
    assert charts.endswith("上升")
    assert vectors.endswith("归属规则已变")
    assert not any(word in out for word in ("orecasts ", "rose", "due", "given"))


def test_hindsight_stands_apart(run: Run):
    """It is said to prove nothing, and none of it is in the record, nor the other way round."""
    _, out, _ = run("forecasts", "--hindsight")

    assert out.startswith("Made in hindsight, more than a month after the day that they speak of")
    assert "Forecasts in hindsight: 1, of 1 directions, for days from 2023-02-20 on." in out
    assert "Not counted" not in out
    assert [one["p_rise"] for one in answer(run, "--hindsight")["forecasts"]] == [0.9]
    assert 0.9 not in [one["p_rise"] for one in answer(run)["forecasts"]]


def test_one_direction(run: Run):
    """By name or slug, in any language; also one that only the ledger still knows."""
    for name in ("parsing", "句法分析", "PARSING"):
        assert {one["direction"] for one in answer(run, name)["forecasts"]} == {"parsing"}
    assert {one["why"] for one in answer(run, "retired")["forecasts"]} == {"direction gone"}
    _, out, _ = run("forecasts", "retired")
    assert "Of those that are due, none can be measured; the list says why." in out


def test_only_those_that_are_due(run: Run):
    """The list alone: the record is the same."""
    _, out, _ = run("forecasts", "--due")

    assert "The latest that are due" in out
    assert "Not due yet, the first first" not in out
    every, due = answer(run), answer(run, "--due")
    assert {one["state"] for one in due["forecasts"]} == {"scored", "not measurable"}
    assert due["record"] == every["record"]


def test_one_horizon(run: Run):
    """Of 24 months, none is due yet; the first one says when it will be."""
    code, out, _ = run("forecasts", "--horizon", "24")

    assert code == 0
    assert "None is due yet: the first becomes due on 2026-01-11 (Chart reading, 24 months)." in out
    assert "Brier" not in out
    assert answer(run, "--horizon", "24")["next_due"] == "2026-01-11"
    assert answer(run, "--horizon", "6")["next_due"] is None


def test_limit_says_what_it_cut(run: Run):
    """Of each list."""
    _, out, _ = run("forecasts", "--limit", "1")

    assert "3 more: pass --limit 4." in out
    assert "1 more: pass --limit 2." in out


def test_a_direction_without_forecasts(run: Run):
    """Nothing is on record, and nothing is made up."""
    code, out, _ = run("forecasts", "untold")

    assert (code, out) == (0, "No forecast is on record.\n")
    assert run("forecasts", "untold", "--hindsight")[1] == "No forecast was made in hindsight.\n"
    assert answer(run, "untold")["record"]["rise"]["brier"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--horizon", "9"), "no forecast looks 9 months ahead: pass one of 6, 12, 24"),
        (("chart-raeding",), "did you mean chart-reading?"),
    ],
)
def test_refusals(run: Run, arguments: tuple[str, ...], message: str):
    """A usage error that says what there is."""
    code, out, err = run("forecasts", *arguments)

    assert (code, out) == (2, "")
    assert message in err


def test_an_empty_ledger(run: Run, tmp_path: Path):
    """Nothing to report, and what to do; an export has its header all the same."""
    built(tmp_path, [])

    code, out, err = run("forecasts", "--warehouse", str(tmp_path))

    assert (code, out) == (4, "")
    assert 'holds no forecasts: "littriage run" makes some' in err
    assert run("export", "forecasts", "--warehouse", str(tmp_path))[1].startswith("direction,as_of,horizon,model")
    assert run("export", "outlooks", "--warehouse", str(tmp_path))[1].count("\n") == 1


def test_a_notice_comes_first(run: Run, tmp_path: Path):
    """Simulated papers have simulated forecasts."""
    built(tmp_path, [(NOW, FIRST_RUN)], notice=fixture.NOTICE)

    assert run("forecasts", "--warehouse", str(tmp_path))[1].startswith(f"! {fixture.NOTICE}\n")


def test_skill_in_words(run: Run, tmp_path: Path):
    """With enough directions the record says better or worse than the base rate, and where the probabilities err."""
    names = [f"{kind}-{number}" for kind in ("up", "flat") for number in range(12)]
    outlooks = [outlook(name, 12, 0.9 if name.startswith("up") else 0.3) for name in names]
    points = {name: months(name, [10.0] * 24 + [15.0 if name.startswith("up") else 10.0] * 12) for name in names}
    with Warehouse.open(tmp_path) as warehouse:
        told = made(outlooks, {}, {}, dict.fromkeys(names, INSTRUMENT), run="r", made_at=NOW)
        store_outlooks(warehouse, outlooks, told)
        store_outcomes(warehouse, score(ledger(warehouse), points, {}, DAY))
        publish(warehouse, META, DAY)

    _, out, _ = run("forecasts", "--warehouse", str(tmp_path))

    # Brier (12 x 0.01 + 12 x 0.09) / 24 = 0.05 against 0.25, each direction 0.04 off: 1.2816 x 0.2 x 1.02 / 6 = 0.043.
    assert "Skill against the base rate: +80% (+76% to +84%), better than the base rate." in out
    bins = squeezed(out.split("What was given, and what came\n")[1].split("\n\n")[0])
    assert bins[1:] == [
        "20% to 40% 12 30% 3.6 0 0% (0% to 12%) came less often",
        "80% to 100% 12 90% 10.8 12 100% (88% to 100%) as given",
    ]


# --- for programs -----------------------------------------------------------------------------------------------


def test_json(run: Run):
    """The forecasts that count with their outcomes; the record of each event, horizon and stage."""
    found = answer(run, "--lang", "zh")

    assert (found["schema"], found["as_of"], found["hindsight"], found["next_due"]) == (
        1, "2025-07-15", False, "2026-01-11",
    )  # fmt: skip
    assert found["counts"] == {
        "rows": 8, "due": 4, "scored": 3, "not_measurable": 1, "not_due": 2, "repeats": 1, "revisions": 0,
        "abstained": 1,
    }  # fmt: skip
    assert [one["counted"] for one in found["forecasts"]] == [True] * 6
    charts = next(one for one in found["forecasts"] if one["direction"] == "chart-reading" and one["horizon"] == 12)
    assert (charts["run"], charts["made_at"], charts["stage"]) == ("20240205", "2024-02-05T06:00:00Z", "rising")
    assert (charts["base_share"], charts["base_share_now"], charts["later_share"]) == (0.01, 0.01, 0.013)
    assert (charts["state"], charts["rose"], charts["fell"], charts["inside"]) == ("scored", True, False, True)
    assert (charts["target_month"], charts["due"], charts["counted"]) == ("2024-12-01", "2025-01-11", True)
    vectors = next(one for one in found["forecasts"] if one["direction"] == "word-vectors")
    assert (vectors["changed"], vectors["fell"]) == (["rule"], True)
    assert found["record"]["rise"]["bins"][1]["came"] == 1
    assert (found["record"]["rise"]["brier"], found["by_horizon"][0]["horizon"]) == (pytest.approx(0.174, abs=1e-3), 12)
    assert [one["stage"] for one in found["by_stage"]] == ["declining", "plateau", "rising"]


@pytest.mark.parametrize("table", ["forecasts", "outlooks"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_export(run: Run, tmp_path: Path, table: str, form: str):
    """The same bytes twice; a row for each, those in hindsight included."""
    files = [tmp_path / f"{number}.{form}" for number in (1, 2)]
    for file in files:
        assert run("export", table, "--format", form, "--out", str(file))[0] == 0

    assert files[0].read_bytes() == files[1].read_bytes()
    rows = duckdb.execute(f"select count(*), min(p_rise) from '{files[0]}'").fetchall()
    assert rows == [(9, 0.1) if table == "forecasts" else (1, 0.9)]


def test_export_holds_what_the_screen_holds(run: Run):
    """Columns by name; unknown is empty; what changed is joined."""
    rows = list(csv.DictReader(io.StringIO(run("export", "forecasts")[1])))
    by_key = {(row["direction"], row["horizon"], row["as_of"]): row for row in rows}

    charts = by_key["chart-reading", "12", "2024-02-05"]
    assert (charts["ratio"], charts["rose"], charts["state"], charts["made_at"]) == (
        "1.3", "true", "scored", "2024-02-05T06:00:00",
    )  # fmt: skip
    retired = by_key["retired", "12", "2024-02-05"]
    assert (retired["state"], retired["why"], retired["ratio"]) == ("not measurable", "direction gone", "")
    assert by_key["word-vectors", "12", "2024-02-05"]["changed"] == "rule"
    (outlooks,) = csv.DictReader(io.StringIO(run("export", "outlooks")[1]))
    assert json.loads(outlooks["parts"])[1] == {"feature": "邻近方向", "value": -1.0, "logit": -0.25}


def test_asking_stays_light(warehouse: Path):
    """Nothing of what made the forecasts is imported; help needs not even the database."""
    assert not imported(warehouse, "forecasts") & HEAVY
    assert not imported(warehouse, "forecasts", "--help") & {*HEAVY, "duckdb"}
