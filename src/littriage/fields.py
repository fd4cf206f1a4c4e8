"""The fields of a warehouse: how large each set of categories was by month, and what each of its months is worth."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

from littriage.completeness import (
    COPY,
    Arrivals,
    Asked,
    ExpectedGrowth,
    Listed,
    expected_growth,
    field_for,
    imported_field,
    late_papers,
    unmended,
)
from littriage.errors import EmptyWarehouse, SettingsError
from littriage.harvest import month_window
from littriage.identity import all_names
from littriage.idgaps import audits
from littriage.model import Exposure, FieldMonth, MonthStatus, TrendPoint, Window
from littriage.run import Run
from littriage.trends import (
    NO_PAPERS,
    REPORTING_DELAY_DAYS,
    field_status,
    last_settled_month,
    measurable,
    month_after,
    month_span,
    trend_points,
)
from littriage.warehouse import derived, ledger, papers


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the record says of every direction of a run."""

    as_of: date
    """The run's day; where it has none, today or the end of the record."""
    months: tuple[date, ...]
    points: Mapping[str, tuple[TrendPoint, ...]]
    """Of all these months, by direction."""
    fields: Mapping[str, str]
    """The categories that each direction's share is measured in."""
    field_months: tuple[FieldMonth, ...]
    """Of these fields."""
    usable: Mapping[str, frozenset[date]]
    """As Fields.usable, of each of these fields."""
    failed: tuple[tuple[str, str], ...]
    """(direction, reason) of the windows of a harvest that failed and were not mended."""


def weighed(run: Run, source: str) -> Weighed:
    """Monthly shares of every direction, with what each month is worth; nothing is written.

    `source` names the source whose counts go with its harvests. A direction whose categories together lack too many
    months is measured within one category that at least half of its papers are in, if that one is complete. Raises
    EmptyWarehouse where the size of no field is known.
    """
    fields = Fields(run, source)
    whole = {categories: fields.of(categories) for categories, _ in run.queries.values()}
    known = sorted({month for one in whole.values() for month in (*one.counted, *one.imported)})
    if not known:
        raise EmptyWarehouse(
            f"{run.warehouse.path} knows the size of no field: import a file of papers, or harvest with counts"
        )
    as_of = run.as_of or end_of_record(whole.values(), run.today)
    last = min(month_after(as_of.replace(day=1), -1), max(known[-1], last_settled_month(as_of)))
    months = tuple(month_span(known[0], last))
    main = derived.main_categories(run.warehouse, as_of)
    points: dict[str, tuple[TrendPoint, ...]] = {}
    measured_in: dict[str, str] = {}
    reasons: list[tuple[str, str]] = []
    for slug, (categories, query) in run.queries.items():
        asked = papers.asked_windows(run.warehouse, source, slug, query)
        failed = unmended(papers.failed_windows(run.warehouse, source, slug, query), asked)
        reasons += [(slug, f"{window.start} to {window.end}: {reason}") for window, reason in failed]
        own = [category for category in main.get(slug, []) if category in categories.split()]
        harvested = Windows(asked, failed)
        points[slug], measured_in[slug] = fields.measured(slug, categories, own, months, harvested, as_of)
    in_use = {field: fields.months(field, as_of) for field in sorted({*measured_in.values()})}
    return Weighed(
        as_of,
        months,
        points,
        measured_in,
        tuple(one for told in in_use.values() for one in told),
        {field: _usable(told) for field, told in in_use.items()},
        tuple(reasons),
    )


@dataclass(frozen=True, slots=True)
class Windows:
    """What was asked for one direction: the windows that came whole, and those that failed, with the reason."""

    asked: Sequence[Asked]
    failed: Sequence[tuple[Window, str]]


@dataclass(frozen=True, slots=True)
class Field:
    """What is known of the size of one set of categories, by month."""

    counted: Mapping[date, Exposure]
    imported: Mapping[date, Exposure]
    with_abstract: Mapping[date, int]
    late: Mapping[date, int | None]
    growth: Mapping[date, ExpectedGrowth]
    """Of the months of the copy that are open."""

    def end(self, today: date) -> date | None:
        """The last month that can be compared."""
        known = [*self.counted.values(), *self.imported.values()]
        checked = field_status(known, today, self.with_abstract)
        return max((one.month for one in checked if one.status.comparable and one.papers), default=None)


class Fields:
    """The fields of a warehouse, each read once."""

    def __init__(self, run: Run, source: str) -> None:
        self._warehouse = run.warehouse
        self._source = source
        self._today = run.today
        self._related = run.count_related
        self._letters = {(category, month): letter for category, month, letter in run.warehouse.rows("read/coverage")}
        self._listings = ledger.listings(run.warehouse)
        self._updates = derived.copy_updates(run.warehouse)
        self._audits = {audit.month: audit for audit in audits(derived.id_sequences(run.warehouse))}
        self._sets = {categories for categories, _ in run.queries.values()}
        self._sets |= {category for categories in self._sets for category in categories.split()}
        self._copy: dict[str, list[derived.HeldMonth]] = {}
        self._sized: dict[Hashable, tuple[Exposure, ...]] = {}
        self._fields: dict[str, Field] = {}
        self._members: dict[tuple[str | None, bool], dict[str, derived.Months]] = {}

    def of(self, categories: str) -> Field:
        """The field of these categories."""
        if categories not in self._fields:
            rows = self._held(categories)
            held = [(month, count, newest) for month, count, _, newest in rows]
            listed = {category: one for category in categories.split() or [""] if (one := self._listed(category))}
            copy = imported_field(categories, held, self._letters, listed, self._audits, self._today)
            arrivals = self._arrivals(categories, listed)
            growth = {
                one.month: expected
                for one in copy
                if arrivals and one.papers and one.status is MonthStatus.OPEN
                if (expected := expected_growth(one.month, arrivals))
            }
            self._fields[categories] = Field(
                counted={one.month: one for one in papers.exposures(self._warehouse, categories, self._source)},
                imported={one.month: _with_growth(one, growth.get(one.month)) for one in copy},
                with_abstract={month: abstracts for month, _, abstracts, _ in rows},
                late={one.month: late_papers(one.month, arrivals) for one in copy} if arrivals else {},
                growth=growth,
            )
        return self._fields[categories]

    def _held(self, categories: str) -> list[derived.HeldMonth]:
        """The months of the copy; for the sets of all directions at once, since a scan of the papers takes its time."""
        if categories not in self._copy:
            sets = {categories, *self._sets} - self._copy.keys()
            self._copy |= derived.held_months(self._warehouse, {one: all_names(one) for one in sorted(sets)})
        return self._copy[categories]

    def _listed(self, category: str) -> Listed | None:
        """Where the listing of the set that a category lies in stands; None: nobody lists it."""
        if not self._listings:
            return None
        from littriage.sources.oai_pmh import set_of

        sets = {""}
        with suppress(SettingsError):  # a category that arXiv does not have lies in no set
            sets |= {set_of(category)} if category else set()
        known = [one for spec in sorted(sets) if (one := self._listings.get(spec))]
        if not known:
            return None
        one = max(known, key=lambda one: one.current_to or date.min)
        return Listed(one.set_spec, one.base_to, one.current_to, one.under_way, one.records)

    def _arrivals(self, categories: str, listed: Mapping[str, Listed]) -> Arrivals | None:
        """When the papers of a copy that is kept current were first seen; None where none is."""
        updates = [self._updates.get(one.set_spec, ()) for one in listed.values()]
        if len(listed) < len(categories.split() or [""]) or not all(updates):
            return None
        looks = min(updates, key=len)
        return derived.arrivals(self._warehouse, all_names(categories), looks, month_after(looks[0].replace(day=1), -1))

    def measured(
        self,
        slug: str,
        categories: str,
        main: Sequence[str],
        months: Sequence[date],
        harvested: Windows,
        as_of: date,
    ) -> tuple[tuple[TrendPoint, ...], str]:
        """A direction's points, and the categories they are measured in: its own, or the first of `main` that can."""
        whole = self.series(slug, categories, None, months, harvested, as_of)
        if not measurable(whole, as_of):
            for category in main:
                found = self.series(slug, category, category, months, harvested, as_of)
                if measurable(found, as_of):
                    return found, category
        return whole, categories

    def series(
        self,
        slug: str,
        categories: str,
        within: str | None,
        months: Sequence[date],
        harvested: Windows,
        as_of: date,
    ) -> tuple[TrendPoint, ...]:
        """A direction beside the field of `categories`; of its papers `within` one category, or of all.

        Beside a field of the copy stand only the papers that the copy holds.
        """
        checked = self._sizes(categories, tuple(months), harvested, as_of)
        members = dict(self.members(within).get(slug, {}))
        if of_copy := [one.month for one in checked if one.source in COPY]:
            held = self.members(within, in_field=True).get(slug, {})
            members.update({month: held.get(month, NO_PAPERS) for month in of_copy})
        return trend_points(slug, months, members, {one.month: one for one in checked})

    def _sizes(
        self, categories: str, months: tuple[date, ...], harvested: Windows, as_of: date
    ) -> tuple[Exposure, ...]:
        """The size of a field in each of these months; the same for all directions that were asked for alike."""
        key = (categories, months, tuple(harvested.asked), tuple(harvested.failed), as_of)
        if key not in self._sized:
            found = self.of(categories)
            chosen = field_for(months, found.counted, found.imported, harvested.asked, harvested.failed)
            self._sized[key] = tuple(field_status(tuple(chosen.values()), as_of, found.with_abstract))
        return self._sized[key]

    def members(self, category: str | None, *, in_field: bool = False) -> dict[str, derived.Months]:
        """The months of every direction: of its papers in one category or of all, of the copy or of all."""
        if (category, in_field) not in self._members:
            self._members[category, in_field] = derived.member_months(
                self._warehouse, category, in_field=in_field, related=self._related
            )
        return self._members[category, in_field]

    def months(self, categories: str, as_of: date) -> list[FieldMonth]:
        """What each month of a field was worth on that day, oldest first; the month that had begun only if it is today.

        The source's count stands for months that no copy serves better, as for a direction that was harvested whole.
        """
        found = self.of(categories)
        last = as_of if as_of == self._today else as_of.replace(day=1) - timedelta(days=1)
        months = sorted(month for month in {*found.counted, *found.imported} if month <= last)
        whole = [Asked(month_window(month), self._today) for month in found.counted]
        chosen = field_for(months, found.counted, found.imported, whole, [])
        stored: dict[date, int] = {}
        if any(one.source not in COPY for one in chosen.values()):
            stored = derived.stored_months(self._warehouse, all_names(categories))
        rows = []
        for one in field_status(tuple(chosen.values()), as_of, found.with_abstract):
            of_copy = one.source in COPY
            growth = found.growth.get(one.month) if of_copy else None
            count, audit = found.counted.get(one.month), self._audits.get(one.month)
            lost = audit.lost_share if audit and of_copy else 0.0
            rows.append(
                FieldMonth(
                    category_set=categories,
                    month=one.month,
                    held=one.papers if of_copy else stored.get(one.month, 0),
                    reported=count.papers if count and count.status is not MonthStatus.MISSING else None,
                    late=found.late.get(one.month) if of_copy else None,
                    growth=growth.ratio if growth else None,
                    growth_low=growth.low if growth else None,
                    growth_high=growth.high if growth else None,
                    lost=one.papers * lost / (1 - lost),
                    status=one.status,
                    reason=one.reason,
                    source=one.source,
                )
            )
        return rows

    def usable(self, categories: str, as_of: date) -> frozenset[date]:
        """The months of a field that the papers of the copy tell whole, so that one may be set beside another.

        Months that only the source's own count tells are left out: the copy then lacks papers that it counts.
        """
        return _usable(self.months(categories, as_of))


def _usable(months: Iterable[FieldMonth]) -> frozenset[date]:
    return frozenset(one.month for one in months if one.source in COPY and one.status.comparable and one.held > 0)


def _with_growth(exposure: Exposure, growth: ExpectedGrowth | None) -> Exposure:
    """An open month that says how much it will still grow."""
    return replace(exposure, reason=f"{exposure.reason}; {growth.reason(exposure.papers)}") if growth else exposure


def end_of_record(fields: Iterable[Field], today: date) -> date:
    """Today; or, where the record ends months before today, the day on which its last month was settled."""
    ends = [end for one in fields if (end := one.end(today))]
    if not ends or max(ends) >= last_settled_month(today):
        return today
    return month_after(max(ends)) + timedelta(days=REPORTING_DELAY_DAYS)
