"""A backtest of what a warehouse holds: its field, its months and its directions, and the result in plain values."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np

from littriage import __version__
from littriage.backtest.run import Given, Plan, Result, backtest, origin_months, report
from littriage.backtest.walk import closes, final_model, year_known
from littriage.errors import EmptyWarehouse, LittriageError, SettingsError
from littriage.fields import Fields
from littriage.model import FieldMonth
from littriage.outlook.model import Model, shipped
from littriage.outlook.shelf import Shelf
from littriage.panel import Bools
from littriage.run import Run
from littriage.trends import month_after, month_span, months_between
from littriage.warehouse.shelf import load, membership_matrix

NO_MEMBERSHIPS = "no memberships"
"""Why directions are left out: nothing has decided which papers are theirs."""
_NAMED_SPANS = 4


@dataclass(frozen=True, slots=True)
class Tried:
    """A backtest of a field, with the model that all of it teaches."""

    payload: Mapping[str, Any]
    """The result in plain values: `report` with field, record, left_out, model, versions and seconds."""
    model: Model | None
    """None where a horizon has no forecast that came due."""


def tried(
    run: Run,
    source: str,
    categories: str | None,
    plan: Plan,
    progress: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> Tried:
    """Try the outlook on a field of the warehouse; nothing is written.

    `categories`, joined by spaces or commas: None for those whose completeness is stated, or for every category where
    none is. `source` names the source whose counts go with its harvests.

    Raises EmptyWarehouse without papers of the field, SettingsError for origins outside its record, LittriageError
    where no forecast comes due, with what lacks.
    """
    from threadpoolctl import threadpool_limits

    began = time.perf_counter()
    fields = Fields(run, source)
    field = _stated(run) if categories is None else " ".join(sorted(set(categories.replace(",", " ").split())))
    as_of = run.as_of or run.today
    usable = fields.usable(field, as_of)
    months = fields.months(field, as_of)
    _check(field, months, usable, plan, lambda: _whole(fields, run, as_of))
    progress("papers", 0, 1)
    shelf = load(run.warehouse, field, max(usable), usable, min(usable))
    progress("papers", 1, 1)
    plan, directions, left_out = _directions(run, shelf, plan)
    # One thread: sums then come out in one order on every run.
    with threadpool_limits(1):
        result = backtest(shelf, plan, directions, progress)
        progress("tables", 0, 1)
        found = report(result)
        progress("tables", 1, 1)
        model = _model(result, field)
    payload = {
        "field": field,
        "record": {
            "first": f"{shelf.first:%Y-%m}",
            "last": f"{month_after(shelf.first, shelf.months - 1):%Y-%m}",
            "months": shelf.months,
            "usable": int(shelf.usable.sum()),
            "papers": int(shelf.inside.sum()),
            "papers_outside": int((~shelf.inside).sum()),
        },
        **found,
        "left_out": left_out,
        "model": {
            "name": model.name if model else None,
            "fitted_on": model.fitted_on if model else None,
            "last_closed": model.last_closed if model else None,
            "shipped": shipped().name,
        },
        "versions": _versions(),
        "seconds": round(time.perf_counter() - began, 1),
    }
    return Tried(payload, model)


def _stated(run: Run) -> str:
    return " ".join(sorted({category for category, _, _ in run.warehouse.rows("read/coverage")}))


def _directions(run: Run, shelf: Shelf, plan: Plan) -> tuple[Plan, Given | None, dict[str, str]]:
    """The plan without directions, and why, where the warehouse knows no memberships."""
    if "directions" not in plan.kinds:
        return plan, None, {}
    names, papers, titles = membership_matrix(run.warehouse, shelf.ids, run.queries, related=run.count_related)
    if papers.nnz:
        return plan, Given(names, papers, titles), {}
    kinds = tuple(kind for kind in plan.kinds if kind != "directions")
    return replace(plan, kinds=kinds), None, {"directions": NO_MEMBERSHIPS}


def _model(result: Result, field: str) -> Model | None:
    if not all(result.walked.values()):
        return None
    return final_model(result.origins, result.walked, result.first, f"phrase topics of {field or 'every category'}")


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {
        "littriage": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
    }


# --- what the record allows -------------------------------------------------------------------------------------


def _check(
    field: str,
    months: Sequence[FieldMonth],
    usable: Iterable[date],
    plan: Plan,
    others: Callable[[], Mapping[str, int]],
) -> None:
    """Refuse a field, or bounds of origins, before the papers are read. Raises what `tried` says."""
    known = sorted(usable)
    name = field or "the whole copy"
    if not any(one.held for one in months):
        raise EmptyWarehouse(f"the warehouse holds no paper of {name}: import files of papers, or name another field")
    if not known:
        raise LittriageError(f"no month of {name} can be compared: {_lacking(months, known)}; {_instead(others())}")
    record = Months(known)
    for option, bound in (("--origin-from", plan.first), ("--origin-to", plan.last)):
        if bound is not None and not known[0] <= bound <= known[-1]:
            raise SettingsError(
                f"{option} {bound:%Y-%m} lies outside the record of {name}, {known[0]:%Y-%m} to {known[-1]:%Y-%m}"
            )
    if plan.first and plan.last and plan.first > plan.last:
        raise SettingsError(f"--origin-from {plan.first:%Y-%m} comes after --origin-to {plan.last:%Y-%m}")
    if record.tested(plan):
        return
    if everything := record.tested(replace(plan, first=None, last=None)):
        raise SettingsError(
            f"no origin from {plan.first or known[0]:%Y-%m} to {plan.last or known[-1]:%Y-%m} can be tried: those of "
            f"{name} lie from {everything[0]:%Y-%m} to {everything[-1]:%Y-%m}, since each needs two years before it, "
            "closed origins to learn from, and a known outcome"
        )
    raise LittriageError(
        f"nothing of {name} can be tried: {len(known)} of its {len(months)} months can be compared, and a forecast "
        f"needs two years before the first origin and twice the horizon after it; {_lacking(months, known)}; "
        f"{_instead(others())}"
    )


class Months:
    """The months of a field that can be compared, and what they allow."""

    def __init__(self, known: Sequence[date]) -> None:
        self.first = known[0]
        chosen = set(known)
        self.usable: Bools = np.array([month in chosen for month in month_span(known[0], known[-1])], dtype=np.bool_)

    def tested(self, plan: Plan) -> list[date]:
        """The origins that the months allow to try, by the shortest horizon."""
        horizon = min(plan.horizons)
        last = len(self.usable) - 1 if plan.last is None else months_between(self.first, plan.last)
        origins = [month for month in origin_months(last, plan.step) if year_known(self.usable, month)]
        due = [month for month in origins if closes(self.usable, month, horizon)]
        learnt = [month for month in due if any(one + horizon <= month for one in due)]
        first = months_between(self.first, plan.first) if plan.first else 0
        return [month_after(self.first, month) for month in learnt if month >= first]


def _lacking(months: Sequence[FieldMonth], known: Sequence[date]) -> str:
    """Which months lack, in spans of one status."""
    usable = set(known)
    lacking = [(one.month, one.status.value) for one in months if one.month not in usable]
    spans = []
    numbered = enumerate(lacking)
    for _, run in groupby(numbered, lambda each: (each[1][1], months_between(date(2000, 1, 1), each[1][0]) - each[0])):
        months_of = [each[1] for each in run]
        first, last = months_of[0][0], months_of[-1][0]
        spans.append(f"{first:%Y-%m}{f' to {last:%Y-%m}' if last > first else ''} ({months_of[0][1]})")
    if not spans:
        return f"the record ends with {months[-1].month:%Y-%m}"
    more = f" and {len(spans) - _NAMED_SPANS} more spans" if len(spans) > _NAMED_SPANS else ""
    return f"not comparable: {', '.join(spans[:_NAMED_SPANS])}{more}"


def _whole(fields: Fields, run: Run, as_of: date) -> dict[str, int]:
    """Comparable months of each category by itself, those that can be tried alone."""
    names = sorted(
        {*_stated(run).split(), *(one for categories, _ in run.queries.values() for one in categories.split())}
    )
    counts = {}
    for name in names:
        known = sorted(fields.usable(name, as_of))
        if known and Months(known).tested(Plan()):
            counts[name] = len(known)
    return counts


def _instead(others: Mapping[str, int]) -> str:
    """What to do."""
    if not others:
        return "import files of more months, and state with 'littriage import-coverage FILE' which of them are whole"
    name = max(sorted(others), key=lambda one: others[one])
    return f"try --categories {name}: {others[name]} of its months can be compared"
