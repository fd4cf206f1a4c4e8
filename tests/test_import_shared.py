"""Three years of real papers, imported and matched."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from littriage import resources
from littriage.completeness import imported_field
from littriage.directions import load_catalogue
from littriage.model import MonthStatus
from littriage.pipeline import match
from littriage.progress import Quiet
from littriage.run import Run
from littriage.trends import month_span
from littriage.warehouse import Warehouse, derived
from littriage.warehouse.checks import broken_rules
from littriage.warehouse.imports import import_coverage, import_file

CORPUS = Path(__file__).resolve().parents[1].parent / "shared" / "corpus"
NOW = datetime(2026, 1, 1)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="no shared corpus beside the checkout"),
]


def test_real_papers_are_imported_and_matched(warehouse: Warehouse) -> None:
    """Every row is accounted for; each month of cs.CL is complete; the catalogue finds its papers."""
    for year in (2012, 2013, 2014):
        report = import_file(warehouse, CORPUS / f"arxiv_{year}.parquet", today=NOW.date(), now=NOW)
        assert report.rows > 3_000
        assert report.rows == report.stored + report.unchanged + sum(drop.rows for drop in report.drops)
        assert report.stored > 0.99 * report.rows
    assert import_coverage(warehouse, CORPUS / "coverage.csv") > 1_500
    assert broken_rules(warehouse) == []

    rows = derived.held_months(warehouse, {"cs.CL": ["cs.CL"]})["cs.CL"]
    letters = {(category, month): letter for category, month, letter in warehouse.rows("read/coverage")}
    held = [(month, papers, newest) for month, papers, _, newest in rows]
    field = {one.month: one for one in imported_field("cs.CL", held, letters)}
    months = month_span(NOW.date().replace(year=2012), NOW.date().replace(year=2014, month=12))
    assert {field[month].status for month in months} == {MonthStatus.COMPLETE}
    assert field[months[0]].papers == 10, "as the coverage file says of 2012-01"

    run = Run(warehouse, load_catalogue(resources.folder("queries")), NOW.date(), lambda: NOW, Quiet())
    counts = match(run)
    assert counts["matched"] == counts["countable"]
    hits = dict(warehouse.rows("read/hit_counts"))
    assert sum(hits.values()) > 500
    assert len(hits) > 50
    assert match(run)["matched"] == 0
