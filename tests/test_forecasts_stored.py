"""The ledger in the working file: rows are added, never changed; what readers get of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast_rows import AS_OF, BASE, INSTRUMENT, NOW, months, outlook
from littriage.errors import NoWarehouse
from littriage.forecasts import Forecast, Instrument, Scored, State, made, record, score
from littriage.model import Outlook
from littriage.published import Published
from littriage.warehouse import Warehouse
from littriage.warehouse.checks import broken_rules
from littriage.warehouse.forecasts import ledger, store_outcomes, store_outlooks
from littriage.warehouse.publishing import publish

META = {"run": "r", "as_of": "2025-06-01", "published_at": "", "last_month": "", "notice": ""}
LATE = date(2025, 6, 1)
INSTRUMENTS = dict.fromkeys(("parsing", "图表", "gone"), INSTRUMENT)


def run_of(
    warehouse: Warehouse, outlooks: Sequence[Outlook], number: int = 1, papers: float = 10.0, day: int = 0
) -> int:
    """One run's writing: how many rows it added to the ledger."""
    points = {one.direction: months(one.direction, [papers] * 24) for one in outlooks}
    now = NOW + timedelta(days=day)
    told = made(outlooks, points, {"parsing": "rising"}, INSTRUMENTS, run=f"r{number}", made_at=now)
    return store_outlooks(warehouse, outlooks, told)


def score_all(warehouse: Warehouse, papers: Sequence[float], as_of: date = LATE) -> tuple[Scored, ...]:
    """As a run does before it publishes."""
    rows = ledger(warehouse)
    points = {slug: months(slug, papers) for slug in ("parsing", "图表")}
    found = score(rows, points, INSTRUMENTS, as_of)
    store_outcomes(warehouse, found)
    return found


def written(warehouse: Warehouse, table: str) -> list[tuple[Any, ...]]:
    return warehouse.connection.execute(f"from {table} order by all").fetchall()


# --- writing ----------------------------------------------------------------------------------------------------


def test_a_forecast_comes_back_as_it_was(warehouse: Warehouse):
    """Every field, of every kind: Chinese slugs, abstentions, unknown figures."""
    outlooks = [outlook(), outlook("图表", 6, None), outlook("parsing", 24, growth_low=None, growth_high=None)]
    points = {"parsing": months("parsing", [10.5] * 24)}
    instruments = {"parsing": INSTRUMENT, "图表": Instrument("", "v1/q2", "cs.CV cs.图")}
    told = made(outlooks, points, {"parsing": "rising"}, instruments, run="r1", made_at=NOW)

    assert store_outlooks(warehouse, outlooks, told) == 3

    assert sorted(ledger(warehouse), key=lambda one: (one.direction, one.horizon)) == sorted(
        told, key=lambda one: (one.direction, one.horizon)
    )
    assert [one.horizon for one in ledger(warehouse, [AS_OF])] == [12, 24, 6]
    assert ledger(warehouse, [BASE]) == ledger(warehouse, []) == []
    assert broken_rules(warehouse) == []


def test_the_present_outlooks_are_replaced(warehouse: Warehouse):
    """The ledger keeps those of before; a run without any leaves none."""
    run_of(warehouse, [outlook(), outlook("图表")])
    run_of(warehouse, [outlook(as_of=AS_OF + timedelta(7))], number=2, day=7)

    assert [row[:2] for row in written(warehouse, "outlook")] == [("parsing", AS_OF + timedelta(7))]
    assert len(ledger(warehouse)) == 3
    assert run_of(warehouse, []) == 0
    assert (written(warehouse, "outlook"), len(ledger(warehouse))) == ([], 3)


def test_a_run_repeated_adds_nothing(warehouse: Warehouse):
    """Same day, model and data: the row of the first run stands, with its day of making."""
    outlooks = [outlook(horizon=horizon) for horizon in (6, 12, 24)]

    assert [run_of(warehouse, outlooks, number, day=number) for number in (1, 2, 40)] == [3, 0, 0]

    assert {(one.run, one.revision, one.hindsight) for one in ledger(warehouse)} == {("r1", 0, False)}


def test_a_revision_of_counts_is_a_row_of_its_own(warehouse: Warehouse):
    """With its own base; what was said first stays on record, and the record holds it alone."""
    run_of(warehouse, [outlook(p_rise=0.7)])
    run_of(warehouse, [outlook(p_rise=0.2)], number=2, papers=20.0, day=1)

    rows = ledger(warehouse)
    found = score_all(warehouse, [20.0] * 24 + [26.0] * 12)

    assert [(one.revision, one.p_rise, one.base_share) for one in rows] == [(0, 0.7, 0.01), (1, 0.2, 0.02)]
    assert [(one.counted, one.base_revision) for one in found] == [(True, pytest.approx(1.0)), (False, None)]
    assert record(found).expected == 0.7


def test_a_forecast_of_a_day_long_past_is_marked(warehouse: Warehouse):
    """It is kept, and stands apart."""
    run_of(warehouse, [outlook()], day=500)

    (one,) = ledger(warehouse)
    assert one.hindsight
    assert record(score_all(warehouse, [10.0] * 36)).count == 0


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(["parsing", "图表"]), st.sampled_from([6, 12])), unique=True, max_size=3),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.tuples(st.sampled_from([0.2, 0.7]), st.sampled_from([10.0, 20.0]), st.integers(0, 1)), min_size=4),
)
def test_no_row_of_the_ledger_is_ever_changed(
    warehouse: Warehouse,
    runs: list[list[tuple[str, int]]],
    facts: list[tuple[float, float, int]],
):
    """Whatever later runs, outcomes and publications do: every row stays as it was written."""
    warehouse.empty("forecast", "forecast_outcome", "outlook")
    before: list[Forecast] = []
    for number, (run, (p_rise, papers, day)) in enumerate(zip(runs, facts, strict=False)):
        outlooks = [outlook(slug, horizon, p_rise, as_of=AS_OF + timedelta(day)) for slug, horizon in run]
        added = run_of(warehouse, outlooks, number, papers, day=number)
        score_all(warehouse, [papers] * 36)
        now = ledger(warehouse)

        assert len(now) == len(before) + added
        assert [one for one in now if one in before] == before
        before = now
    assert broken_rules(warehouse) == []


def test_killed_between_two_writes(tmp_path: Path):
    """Outlooks and ledger are those of the run before; the next run writes both."""
    with Warehouse.open(tmp_path) as warehouse:
        run_of(warehouse, [outlook(p_rise=0.1)])
    program = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from forecast_rows import outlook
from littriage.warehouse import Warehouse, forecasts
from test_forecasts_stored import run_of

def die(*_):  # the outlooks are in, the ledger is not
    os.kill(os.getpid(), signal.SIGKILL)

forecasts.to_add = die
with Warehouse.open(Path({str(tmp_path)!r})) as warehouse:
    run_of(warehouse, [outlook(p_rise=0.9), outlook("图表")], number=2)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    with Warehouse.open(tmp_path) as warehouse:
        assert [row[3] for row in written(warehouse, "outlook")] == [0.1]
        assert [one.run for one in ledger(warehouse)] == ["r1"]
        assert run_of(warehouse, [outlook(p_rise=0.9), outlook("图表")], number=2) == 2
        assert [(one.direction, one.revision) for one in ledger(warehouse)] == [
            ("parsing", 0), ("parsing", 1), ("图表", 0),
        ]  # fmt: skip


def test_a_ledger_that_was_tampered_with_is_noticed(warehouse: Warehouse):
    """A first row taken away, so that a better revision would stand alone; a silence without a reason."""
    run_of(warehouse, [outlook(p_rise=0.7)])
    run_of(warehouse, [outlook(p_rise=0.2)], number=2)
    warehouse.connection.execute("delete from forecast where revision = 0")
    warehouse.connection.execute("update forecast set p_rise = null, p_up = null, p_fall = null")

    assert [rule.split("«")[1].split(":")[0].split(",")[0] for rule in broken_rules(warehouse)] == [
        "The revisions of a forecast are numbered from 0 on without a gap",
        "A forecast gives a probability and the month that it starts from",
    ]


def test_outcomes_are_those_of_the_last_run(warehouse: Warehouse):
    """Replaced as a whole: first not due, then scored, then not measurable where months were found to lack papers."""
    run_of(warehouse, [outlook()])
    states = [score_all(warehouse, [10.0] * 24, AS_OF)[0].state, score_all(warehouse, [10.0] * 36)[0].state]
    assert states == [State.NOT_DUE, State.SCORED]

    points = {"parsing": months("parsing", [10.0] * 36, lacking=range(25, 36))}
    store_outcomes(warehouse, score(ledger(warehouse), points, INSTRUMENTS, LATE))

    rows = warehouse.connection.execute("select state, why, rose, later_months from forecast_outcome").fetchall()
    assert rows == [("not measurable", "holes in the outcome", None, 1)]


# --- what readers get -------------------------------------------------------------------------------------------


def test_readers_get_outlooks_and_forecasts_as_they_are(warehouse: Warehouse):
    """With parts, like cases and outcomes; Chinese too."""
    outlooks = [outlook(), outlook("parsing", 6, like=None, parts=()), outlook("图表", 24, None)]
    run_of(warehouse, outlooks)
    found = score_all(warehouse, [10.0] * 24 + [13.0] * 12)
    publish(warehouse, META, LATE)

    with Published.open(warehouse.folder) as published:
        assert published.forecasts() == found
        assert published.outlooks() == {"parsing": (outlooks[1], outlooks[0]), "图表": (outlooks[2],)}
        assert published.outlooks("图表") == {"图表": (outlooks[2],)}
        assert published.outlooks("nobody") == {}


def test_nothing_is_published_of_after_the_day(warehouse: Warehouse):
    """A file made for a day in the past holds what was said until then."""
    run_of(warehouse, [outlook()])
    run_of(warehouse, [outlook(as_of=AS_OF + timedelta(1))], number=2)
    score_all(warehouse, [10.0] * 36)
    publish(warehouse, META, AS_OF)

    with Published.open(warehouse.folder) as published:
        assert [one.forecast.as_of for one in published.forecasts()] == [AS_OF]


def test_an_empty_ledger_is_published(warehouse: Warehouse):
    """No outlooks, no forecasts, no failure."""
    assert score_all(warehouse, [10.0]) == ()
    publish(warehouse, META, LATE)

    with Published.open(warehouse.folder) as published:
        assert (published.forecasts(), published.outlooks()) == ((), {})


def test_a_file_of_before_the_ledger(warehouse: Warehouse):
    """It says what to do."""
    path = publish(warehouse, META, LATE)
    with duckdb.connect(str(path)) as connection:
        connection.execute("drop table forecast")

    with Published.open(warehouse.folder) as published, pytest.raises(NoWarehouse, match='run "littriage run" to'):
        published.forecasts()


@pytest.mark.slow
def test_a_ledger_of_years(warehouse: Warehouse):
    """80 directions, three horizons, a hundred weeks: a further run adds its rows, and all of it is published."""
    slugs = [f"d{number}" for number in range(80)]
    instruments = dict.fromkeys(slugs, INSTRUMENT)
    points = {slug: months(slug, [10.0] * 60) for slug in slugs}
    for week in range(100):
        day, now = AS_OF + timedelta(7 * week), NOW + timedelta(7 * week)
        outlooks = [outlook(slug, horizon, as_of=day, parts=()) for slug in slugs for horizon in (6, 12, 24)]
        told = made(outlooks, points, {}, instruments, run=f"r{week}", made_at=now)
        if week == 0:
            first = told
        assert store_outlooks(warehouse, outlooks, told) == 240

    assert store_outlooks(warehouse, outlooks, [replace(one, run="again") for one in told]) == 0
    found = score(ledger(warehouse), points, instruments, date(2027, 6, 1))
    store_outcomes(warehouse, found)
    publish(warehouse, META, date(2027, 6, 1))

    with Published.open(warehouse.folder) as published:
        assert len(published.forecasts()) == 24_000
    assert set(ledger(warehouse, [AS_OF])) == set(first)
