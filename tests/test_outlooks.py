"""The stages that look ahead: an outlook or a reason for every direction, kept while nothing changes, and scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from littriage import outlooks
from littriage.directions import query_fingerprint
from littriage.forecasts import State
from littriage.model import HORIZONS, Catalogue, Direction, Outlook, Query, Stage, Theme
from littriage.outlook.model import shipped
from littriage.outlook.wording import ABSTENTION_TEXTS
from littriage.outlooks import instruments, look_ahead, score_forecasts
from littriage.pipeline import give_verdicts, weigh
from littriage.progress import Quiet
from littriage.run import Counts, Run, measured
from littriage.trends import month_after, month_span
from littriage.warehouse import Warehouse
from littriage.warehouse.forecasts import ledger, stored_outlooks

SOURCE = "arxiv-api"
MONTHS = month_span(date(2016, 1, 1), date(2020, 12, 1))
TODAY = date(2021, 1, 20)
PHRASES = ("parse tree", "word graph", "tense marker", "dialogue act", "sense key")


def direction(slug: str, category: str) -> Direction:
    return Direction(slug, "t", slug, slug, f"About {slug}.", Query(((slug,),), (), (category,)))


DIRECTIONS = {
    "trees": "cs.CL",
    "graphs": "cs.CL",
    "rare": "cs.CL",
    "nets": "cs.LG",
    "strings": "hep-th",
    "cells": "q-bio.CB",
}
CATALOGUE = Catalogue(
    (Theme("t", "Theme", "主题", "Things."),), tuple(direction(*one) for one in sorted(DIRECTIONS.items()))
)


def add(warehouse: Warehouse, category: str, archive: int, papers: Mapping[date, list[str]], **facts: Any) -> None:
    """Papers of each month, in the copy; each is a member of the direction that is named for it, if any."""
    places = [
        (month, number, slug, f"{month:%y%m}.{archive + number:05}")
        for month, slugs in papers.items()
        for number, slug in enumerate(slugs, 1)
    ]
    known = {
        "abstract": "We look into it.", "categories": [category], "date_kind": "submitted", "text_hash": "h",
        "source": "test", "in_field": True,
    }  # fmt: skip
    warehouse.insert(
        "paper",
        {
            "id": [id_ for *_, id_ in places],
            "title": [
                f"On the {PHRASES[number % len(PHRASES)]} of {slug or 'things'}" for _, number, slug, _ in places
            ],
            "authors": [[f"Ada {number * 7 % 30}", f"Bo {month.month} {number}"] for month, number, *_ in places],
            "published": [month_after(month) - timedelta(days=1) for month, *_ in places],
            "month": [month for month, *_ in places],
        },
        **{**known, **facts},
    )
    members = [(id_, slug) for *_, slug, id_ in places if slug]
    columns = {"paper_id": [id_ for id_, _ in members], "direction": [slug for _, slug in members]}
    warehouse.insert("membership", columns, similarity=0.5, probability=0.875, member=True, rule="v2/fast")
    warehouse.insert("hit", columns, in_title=True, title_groups=1, phrases=1)


def fill(warehouse: Warehouse, months: tuple[date, ...] = MONTHS) -> None:
    """Whole fields of cs.CL and cs.LG, a sample of hep-th, and papers of q-bio.CB that a query brought."""
    add(
        warehouse, "cs.CL", 0,
        {
            month: [*["trees"] * (2 + number // 8), *["graphs"] * 4, *["rare"] * (number % 24 == 0), *[""] * 20]
            for number, month in enumerate(MONTHS)
            if month in months
        },
    )  # fmt: skip
    add(warehouse, "cs.LG", 100, {month: ["nets"] * 5 + [""] * 15 for month in months})
    add(warehouse, "hep-th", 200, {month: ["strings"] * 5 + [""] * 5 for month in months})
    add(warehouse, "q-bio.CB", 300, {month: ["cells"] * 5 for month in months}, in_field=False)
    for category in ("cs.CL", "cs.LG", "hep-th"):
        status = ["S" if category == "hep-th" else "A"] * len(months)
        columns = {"month": list(months), "status": status}
        warehouse.insert("coverage", columns, category=category, recall="", source="test")
    counted = {"category_set": "q-bio.CB", "papers": 50, "status": "complete", "source": SOURCE, "reason": ""}
    warehouse.insert("exposure", {"month": list(months)}, **counted)
    warehouse.insert(
        "harvest_window", {"direction": ["cells"]}, source=SOURCE, query=fingerprint("cells"), first_day=months[0],
        last_day=month_after(months[-1]) - timedelta(days=1), expected=5 * len(months), received=5 * len(months),
        stored=5 * len(months), requests=1, failure=None, asked_at=datetime(2021, 1, 20),
    )  # fmt: skip


def fingerprint(slug: str) -> str:
    return next(query_fingerprint(one.query) for one in CATALOGUE.directions if one.slug == slug)


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    fill(warehouse)
    return warehouse


def looked(warehouse: Warehouse, as_of: date | None = None, today: date = TODAY, **facts: Any) -> Run:
    """A run whose stages from weighing to looking ahead are done."""
    run = Run(warehouse, CATALOGUE, today, lambda: datetime(2021, 1, 20), Quiet(), as_of, **facts)
    weigh(run, SOURCE)
    give_verdicts(run)
    with measured(run, "look ahead") as counts:
        counts.update(look_ahead(run))
    return run


def said(run: Run) -> Counts:
    """What looking ahead says it did."""
    return run.stages[-1].counts


def by_slug(run: Run) -> dict[str, list[Outlook]]:
    return {slug: [one for one in run.outlooks if one.direction == slug] for slug in DIRECTIONS}


def test_every_direction_gets_an_outlook_or_a_reason(filled: Warehouse) -> None:
    run = looked(filled)
    found = by_slug(run)

    assert {slug: [one.horizon for one in own] for slug, own in found.items()} == {
        key: [*HORIZONS] for key in DIRECTIONS
    }
    reasons = {slug: {one.abstained for one in own} for slug, own in found.items()}
    assert reasons["trees"] == reasons["graphs"] == reasons["nets"] == {""}
    assert reasons["rare"] == {"few papers"}
    assert reasons["strings"] == {"not measurable"}
    assert reasons["cells"] == {"no field"}
    for one in (*found["trees"], *found["graphs"], *found["nets"]):
        assert one.p_rise is not None
        assert one.p_up is not None
        assert one.p_fall is not None
        assert 0 < one.p_rise <= one.p_up
        assert one.p_up + one.p_fall <= 1
        assert (one.base_month, one.as_of, one.model) == (date(2020, 12, 1), TODAY, shipped().name)
        assert one.parts
    assert {one.p_rise for slug in ("rare", "strings", "cells") for one in found[slug]} == {None}
    assert {one.abstained for one in run.outlooks} - {""} <= set(ABSTENTION_TEXTS)


def test_a_growing_direction_is_expected_to_rise_rather_than_a_flat_one(filled: Warehouse) -> None:
    found = by_slug(looked(filled))

    for rising, flat in zip(found["trees"], found["graphs"], strict=True):
        assert rising.p_up is not None
        assert flat.p_up is not None
        assert rising.p_up > flat.p_up


# --- kept, and made anew ----------------------------------------------------------------------------------------


def test_outlooks_are_kept_while_nothing_changes(filled: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The papers are read once for all fields, and not again; a later day of the same month has the same outlooks."""
    reads = []
    read = outlooks.stock
    monkeypatch.setattr(outlooks, "stock", lambda *given, **named: reads.append(1) or read(*given, **named))

    first = looked(filled)
    again = looked(filled)
    later = looked(filled, today=date(2021, 1, 28))

    assert (said(first)["made anew"], said(again)["made anew"], said(later)["made anew"]) == (18, 0, 0)
    assert len(reads) == 1
    assert again.outlooks == first.outlooks
    assert later.outlooks == tuple(replace(one, as_of=date(2021, 1, 28)) for one in first.outlooks)
    assert stored_outlooks(filled) == later.outlooks


@pytest.mark.parametrize(
    "change",
    [
        "update membership set probability = 0.5 where paper_id = '2003.00001'",
        "update paper set authors = ['Cy D.'] where id = '2003.00001'",
        "update coverage set status = 'S' where category = 'cs.CL' and month = date '2019-05-01'",
    ],
    ids=["membership", "authors", "coverage"],
)
def test_outlooks_are_made_anew_when_what_they_rest_on_changes(filled: Warehouse, change: str) -> None:
    before = looked(filled)
    filled.connection.execute(change)
    after = looked(filled)

    assert said(after)["made anew"] == 18
    assert after.outlooks != before.outlooks


def test_papers_after_the_day_change_no_outlook(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> None:
    """As of two years ago, a record that ended then and one that goes on, with every later paper another, agree."""
    day = date(2019, 1, 20)
    cut = tuple(month for month in MONTHS if month < date(2019, 1, 1))
    fill(warehouse, cut)
    with Warehouse.open(tmp_path_factory.mktemp("longer")) as longer:
        fill(longer)
        longer.connection.execute(
            "update membership set probability = 1, direction = 'rare' where paper_id >= '1901' and direction = 'nets'"
        )
        seen = looked(longer, day, TODAY).outlooks

    assert seen == looked(warehouse, day, day).outlooks
    assert {one.base_month for one in seen if not one.abstained} == {date(2018, 12, 1)}


def test_a_record_that_ended_is_looked_ahead_from_its_end(filled: Warehouse) -> None:
    run = looked(filled, today=date(2024, 3, 3))

    assert run.as_of == date(2021, 1, 11)
    assert {one.base_month for one in run.outlooks if one.direction == "trees"} == {date(2020, 12, 1)}


def test_a_young_record_says_that_it_is_young(warehouse: Warehouse) -> None:
    fill(warehouse, MONTHS[-20:])
    run = looked(warehouse)

    assert {one.abstained for one in by_slug(run)["trees"]} <= {"few months", "not measurable"}
    assert said(run)["with an outlook"] == 0


def test_related_papers_count_where_the_run_counts_them(filled: Warehouse) -> None:
    """Another count is another instrument, and the forecasts say so."""
    core = looked(filled)
    filled.connection.execute("update membership set probability_any = 1")
    related = looked(filled, count_related=True)

    assert related.outlooks != core.outlooks
    assert instruments(core)["trees"].rule == "v2/fast"
    assert instruments(related)["trees"].rule == "v2/fast, related too"


# --- the ledger -------------------------------------------------------------------------------------------------


def test_the_ledger_keeps_what_was_expected_once(filled: Warehouse) -> None:
    first, again = looked(filled), looked(filled)

    assert (said(first)["new forecasts"], said(again)["new forecasts"]) == (18, 0)
    told = {(one.direction, one.horizon): one for one in ledger(filled)}
    expected = {(one.direction, one.horizon): one for one in first.outlooks}
    assert {key: one.p_rise for key, one in told.items()} == {key: one.p_rise for key, one in expected.items()}
    assert told["trees", 12].stage in {stage.value for stage in Stage}
    assert told["trees", 12].instrument.field == "cs.CL"
    assert told["trees", 12].instrument.query.endswith(fingerprint("trees"))


def test_a_kill_leaves_the_ledger_of_the_run_before(filled: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the outlooks were made and before they were kept, the next run makes the same ones."""
    looked(filled, date(2020, 11, 20))
    before = stored_outlooks(filled), ledger(filled)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(outlooks, "store_outlooks", killed)
        with pytest.raises(KeyboardInterrupt):
            looked(filled)
    assert (stored_outlooks(filled), ledger(filled)) == before

    run = looked(filled)
    assert said(run)["new forecasts"] == 18
    assert stored_outlooks(filled) == run.outlooks


def test_forecasts_are_scored_when_they_are_due(filled: Warehouse) -> None:
    """As of two years ago the shorter horizons are due today; what was not measurable then has no outcome."""
    looked(filled, date(2019, 1, 20))
    run = looked(filled)
    counts = score_forecasts(run)

    assert counts == {"forecasts": 36, "scored": 9, "not due yet": 9, "abstained": 18}
    rows = filled.connection.execute(
        "select direction, horizon, rose, up from forecast_outcome where state = $state order by direction, horizon",
        {"state": State.SCORED.value},
    ).fetchall()
    assert {(slug, horizon) for slug, horizon, *_ in rows} == {
        (slug, horizon) for slug in ("graphs", "nets", "trees") for horizon in HORIZONS
    }
    assert all(up for slug, _, _, up in rows if slug == "trees")
