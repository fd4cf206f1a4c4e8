"""The outlooks of the last run, and the ledger of forecasts: rows are added to it, and none is ever changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from littriage.forecasts import Forecast, Scored, forecast_of, outlook_of, to_add
from littriage.model import Outlook

if TYPE_CHECKING:
    from datetime import date

    from littriage.warehouse.file import Warehouse

_SAME_NAME = (
    "direction", "as_of", "horizon", "model", "revision", "made_at", "hindsight", "base_month", "base_papers",
    "base_exposure", "stage", "p_rise", "p_up", "p_fall", "growth_low", "growth_high", "added", "abstained",
)  # fmt: skip
_KEY = ("direction", "as_of", "horizon", "model", "revision")


def store_outlooks(warehouse: Warehouse, outlooks: Sequence[Outlook], made: Sequence[Forecast]) -> int:
    """Replace the present outlooks, and add to the ledger what it does not say yet; how many rows were added.

    All or nothing: a kill in between leaves the outlooks and the ledger of the run before.
    """
    with warehouse.transaction():
        warehouse.empty("outlook")
        warehouse.insert(
            "outlook",
            {
                "direction": [one.direction for one in outlooks],
                "as_of": [one.as_of for one in outlooks],
                "horizon": [one.horizon for one in outlooks],
                "p_rise": [one.p_rise for one in outlooks],
                "p_up": [one.p_up for one in outlooks],
                "p_fall": [one.p_fall for one in outlooks],
                "growth_low": [one.growth_low for one in outlooks],
                "growth_high": [one.growth_high for one in outlooks],
                "added": [one.added for one in outlooks],
                "model": [one.model for one in outlooks],
                "base_month": [one.base_month for one in outlooks],
                "like_cases": [_json(asdict(one.like)) if one.like else None for one in outlooks],
                "parts": [_json([asdict(part) for part in one.parts]) for one in outlooks],
                "abstained": [one.abstained for one in outlooks],
            },
            replace=False,
        )
        new = to_add(made, ledger(warehouse, {one.as_of for one in made}))
        columns: dict[str, list[Any]] = {name: [getattr(one, name) for one in new] for name in _SAME_NAME}
        columns["run_id"] = [one.run for one in new]
        for name in ("rule", "query", "field"):
            columns[name] = [getattr(one.instrument, name) for one in new]
        warehouse.insert("forecast", columns, replace=False)
    return len(new)


def stored_outlooks(warehouse: Warehouse) -> tuple[Outlook, ...]:
    """The present outlooks, by direction, the shortest horizon first."""
    return tuple(outlook_of(row) for row in warehouse.rows("read/outlooks", direction=None))


def ledger(warehouse: Warehouse, days: Iterable[date] | None = None) -> list[Forecast]:
    """The forecasts as of some days, or all that were ever made, in the order in which they were."""
    rows = warehouse.rows("read/forecast_ledger", days=None if days is None else sorted(days))
    return [forecast_of(row) for row in rows]


def store_outcomes(warehouse: Warehouse, scored: Sequence[Scored]) -> None:
    """Replace what became of each forecast."""
    own = ("counted", "base_months", "base_share", "later_months", "later_share", "rose", "up", "fell")
    with warehouse.transaction():
        warehouse.empty("forecast_outcome")
        warehouse.insert(
            "forecast_outcome",
            {
                **{name: [getattr(one.forecast, name) for one in scored] for name in _KEY},
                **{name: [getattr(one, name) for one in scored] for name in own},
                "state": [one.state.value for one in scored],
                "why": [str(one.why) for one in scored],
                "changed": [list(one.changed) for one in scored],
            },
            replace=False,
        )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
