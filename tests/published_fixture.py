"""A small published file, made from rows written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import duckdb

from littriage import resources
from littriage.forecasts import Scored
from littriage.model import Outlook, Reason
from littriage.verdicts import dump_reasons

AS_OF = date(2025, 7, 15)
LAST = date(2025, 6, 1)
NOTICE = "Simulated papers: no figure here says anything about real research."

ESCAPE = "\x1b[31mRed\x1b[0m flags\u202e in \ncharts"
FORMULA = "=HYPERLINK(0): a title that a spreadsheet would run"

META = {
    "run": "2025-07-15-a",
    "as_of": "2025-07-15",
    "published_at": "2025-07-15T06:00:00Z",
    "last_month": "2025-06-01",
    "rule": "v1",
    "model": "minilm@1",
    "tier": "fast",
}
THEMES = [("language", "Language", "语言"), ("vision", "Vision", "视觉")]
DIRECTIONS = [
    ("chart-reading", "vision", "Chart reading", "图表阅读", "Models that read charts.", "cs.CV", "cs.CV", "q1"),
    ("parsing", "language", "Parsing", "句法分析", "Trees of sentences.", "cs.CL", "cs.CL", "q2"),
    ("tiny-topic", "language", "Tiny topic", "小题目", "Hardly any papers.", "cs.CL", "cs.CL", "q3"),
    ("untold", "vision", "Untold", "未述", "Not judged yet.", "cs.CV", "cs.CV", "q4"),
    ("word-vectors", "language", "Word vectors", "词向量", "Static vectors of words.", "cs.CL", "cs.CL", "q5"),
]


def _reasons(*reasons: tuple[str, dict[str, str]]) -> str:
    return dump_reasons([Reason(code, tuple(parts.items())) for code, parts in reasons])


VERDICTS = [
    ("chart-reading", AS_OF, "rising", 0.3, 0.1, 0.5, 0.97, 0.03, 0.06, 0.35, 0.15, 48,
     340.0, 0.0123, 27642, 1.0, LAST, 0.02, date(2015, 1, 1), LAST,
     _reasons(("p_up", {"p": "97%"}), ("year", {"ratio": "1.36"})), "v1", "v1/fast"),
    ("parsing", AS_OF, "saturated", 0.01, -0.05, 0.07, 0.58, 0.42, 0.98, 0.01, 0.05, 48,
     240.0, 0.0200, 12000, 0.95, date(2022, 3, 1), 0.81, date(2015, 1, 1), LAST,
     _reasons(("p_flat", {"p": "98%"}), ("risen", {"ratio": "2.5"})), "v1", "v1/fast"),
    ("tiny-topic", AS_OF, "too little data", None, None, None, None, None, None, None, None, None,
     3.0, 0.00025, 12000, 0.5, date(2020, 1, 1), None, date(2015, 1, 1), LAST,
     _reasons(("few_papers", {"papers": "6", "needed": "25"})), "v1", "v1/fast"),
    ("word-vectors", AS_OF, "declining", -0.4, -0.6, -0.2, 0.004, 0.996, 0.01, -0.5, 0.2, 48,
     24.0, 0.0020, 12000, 0.2, date(2018, 5, 1), 0.0, date(2015, 1, 1), LAST,
     _reasons(("p_down", {"p": ">99%"})), "v1", "v1/fast"),
]  # fmt: skip
CLAIMS = [
    ("chart-reading", 1, "essay.txt", "A. Author", "2020", "2020-01", "2020-12", "rising", "Charts will matter.",
     "line 3", True, None, 10, 30, "图表会变得重要。"),
    ("chart-reading", 2, "copy.txt", "A. Author", "2021-02", "2021-02", "2021-02", "rising", "Charts will matter.",
     "line 9", False, "essay.txt", None, None, None),
    ("vision", 1, "essay.txt", "A. Author", "2020", "2020-01", "2020-12", "hot", "Vision is crowded.", "line 1",
     False, None, None, None, ""),
]  # fmt: skip
CLUSTERS = [
    ("chart-reading", 1, "bar charts", ["bar", "chart"], 2, "minilm@1", None, None, None, None),
    ("chart-reading", 2, "+maps", ["map"], 1, "minilm@1", "Reading maps", "地图阅读", "fake-1", None),
]
BRIEFS = [
    (
        "chart-reading",
        "en",
        1,
        "Chart reading: rising; its share changes by +35% a year.",
        ["record:chart-reading@2025-07-15#stage", "record:chart-reading@2025-07-15#growth"],
        "fake-1",
    ),
    ("chart-reading", "en", 2, 'New: "Quoted "title", with comma".', ["hep-th/9901001"], "fake-1"),
    ("chart-reading", "zh", 1, "图表阅读：上升。", ["record:chart-reading@2025-07-15#stage"], "template"),
    ("parsing", "en", 1, "Parsing: saturated.", ["record:parsing@2025-07-15#stage"], "template"),
    ("untold", "en", 1, "Untold: no verdict.", ["record:untold@2025-07-15#stage"], "template"),
]
BRIEF_CHECKS = [
    ("chart-reading", "en", 2, '{"a link": 1, "a number that is not the figure": 2}'),
    ("chart-reading", "zh", 0, "{}"),
    ("parsing", "en", 0, "{}"),
    ("untold", "en", 0, '{"a forecast": 1}'),
]
PAPERS = [
    ("chart-reading", "2506.00001", FORMULA, ["Ada B.", "Çelik D."], date(2025, 6, 2), "cs.CV", 0.75, 0.5, "v1/fast",
     1, 1),
    ("chart-reading", "2505.00002", ESCAPE, ["E. F."], date(2025, 5, 3), "cs.CV", 0.999, 0.6, "v1/fast", 1, 2),
    ("chart-reading", "hep-th/9901001", 'Quoted "title", with comma', ["G. H."], date(2015, 1, 9), None, 0.1234567,
     0.4, "v1/fast", 2, 1),
    ("parsing", "2506.00001", FORMULA, ["Ada B.", "Çelik D."], date(2025, 6, 2), "cs.CV", 1 / 3, 0.3, "v1/fast",
     None, None),
]  # fmt: skip


def months() -> list[date]:
    """2015-01 to 2025-07."""
    return [date(year, month, 1) for year in range(2015, 2026) for month in range(1, 13)][:127]


def status_of(month: date) -> tuple[str, str]:
    """2017-04 to 2017-06 lack papers, and the last month is open."""
    if date(2017, 4, 1) <= month <= date(2017, 6, 1):
        return "partial", "cs.CV: a biased sample"
    return ("open", "not settled on 2025-07-15") if month > LAST else ("complete", "")


def trend_points() -> Iterator[tuple[str, date, float, int, int, str, str, float]]:
    for place, month in enumerate(months()):
        for direction, papers in (
            ("chart-reading", 2 * 1.02**place),
            ("parsing", 20.0),
            ("tiny-topic", 0.25),
            ("word-vectors", 30 * 0.98**place),
        ):
            yield direction, month, papers, int(papers), 1000, *status_of(month), papers / 4


def publish(
    folder: Path,
    *,
    notice: str = "",
    schema: int = 1,
    failures: Sequence[tuple[str, str, str]] = (),
    judged: bool = True,
    outlooks: Sequence[Outlook] = (),
    forecasts: Sequence[Scored] = (),
    stamps: Mapping[str, str] | None = None,
) -> Path:
    """The folder, now with a published file in it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "published.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(resources.sql("published"))
        meta = {**META, **(stamps or {}), "schema": str(schema), "notice": notice}
        _fill(connection, "meta", list(meta.items()))
        _fill(connection, "theme", THEMES)
        _fill(connection, "direction", DIRECTIONS)
        _fill(connection, "verdict", [(*row, None, None) for row in VERDICTS] if judged else [])
        _fill(connection, "claim", CLAIMS)
        _fill(connection, "cluster", CLUSTERS)
        _fill(connection, "brief", BRIEFS)
        _fill(connection, "brief_check", BRIEF_CHECKS)
        _fill(connection, "paper", PAPERS)
        _fill(connection, "trend_point", list(trend_points()))
        _fill(connection, "failure", failures)
        _fill(connection, "outlook", [_outlook_row(one) for one in outlooks])
        _fill(connection, "forecast", [_forecast_row(one) for one in forecasts])
    return folder


def _outlook_row(one: Outlook) -> tuple[object, ...]:
    facts = asdict(one)
    like, parts = facts.pop("like"), facts.pop("parts")
    abstained = facts.pop("abstained")
    return (*facts.values(), json.dumps(like) if like else None, json.dumps(parts), abstained)


def _forecast_row(one: Scored) -> tuple[object, ...]:
    told = asdict(one.forecast)
    instrument = told.pop("instrument")
    return (
        *told.values(), *instrument.values(), one.state.value, str(one.why), one.counted, one.base_months,
        one.base_share, one.later_months, one.later_share, one.rose, one.up, one.fell, list(one.changed),
    )  # fmt: skip


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    if rows:
        connection.begin()
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into {table} values ({marks})", rows)
        connection.commit()
