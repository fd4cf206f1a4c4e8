"""What the signs of saturation are made of, and the signs as they are stored."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from littriage.crowding import Lack, Sign, SignKind, kinds
from littriage.crowding.kinds import KindCount
from littriage.crowding.papers import Authored, Ints, Papers, Reference, Span, month_number
from littriage.crowding.people import folded_name
from littriage.crowding.whole import FieldMaterial, Material
from littriage.identity import all_names
from littriage.trends import month_after
from littriage.warehouse.derived import stamp
from littriage.warehouse.vectors import taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from littriage.warehouse.file import Warehouse

STAGE = "gauge"
FIELD_SAMPLE = 1_000
"""Papers of each month, of all fields together, that stand for the field."""
DIRECTIONS_AT_ONCE = 8
"""Of a field, that are given together: what is known of the field travels with them."""
_KIND_MONTHS = 12
_AT_ONCE = 10_000


def content_stamps(warehouse: Warehouse, fields: Mapping[str, str], last: date) -> dict[str, tuple[Any, Any]]:
    """A stamp of the members of each direction up to a month, and one of its field; `fields` names each one's field."""
    sets = sorted(set(fields.values()))
    of_field: dict[str, Any] = dict(
        warehouse.rows(
            "read/crowding_field_stamps",
            sets=sets,
            categories=[all_names(categories) for categories in sets],
            last=last,
        )
    )
    of_members: dict[str, Any] = dict(warehouse.rows("read/crowding_member_stamps", last=last))
    return {slug: (of_members.get(slug), of_field.get(field)) for slug, field in fields.items()}


# --- what they are made of --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known of some directions that are measured in one field."""

    around: FieldMaterial
    own: Mapping[str, Material]
    """By direction."""


def material(warehouse: Warehouse, fields: Mapping[str, str], model: str, last: date) -> Iterator[Gathered]:
    """What is known of each direction and of its field, some directions of a field at a time, in the order of fields.

    Nothing later than `last` is read. `fields` names the categories of each direction's field; empty: every category.
    `model` made the vectors. What has been given is not held any longer.
    """
    if not fields:
        return
    papers = _papers(warehouse, last)
    sample = _Sample(warehouse, model, last)
    own = _OwnPapers(warehouse, fields, model, last)
    members: dict[str, list[int]] = {slug: [] for slug in fields}
    for slug, id_ in warehouse.rows("read/crowding_members", directions=sorted(fields), last=last):
        members[slug].append(papers.place[id_])
    for field in sorted(set(fields.values())):
        inside = np.flatnonzero(papers.in_field & papers.within(field))
        around = FieldMaterial(
            tuple(field.split()),
            sample.of(field),
            papers.authored(inside),
            papers.kinds(inside),
        )
        slugs = sorted(slug for slug, own_field in fields.items() if own_field == field)
        for first in range(0, len(slugs), DIRECTIONS_AT_ONCE):
            yield Gathered(
                around,
                {
                    slug: _material(papers, own.of(slug), np.sort(np.array(members[slug], np.int64)))
                    for slug in slugs[first : first + DIRECTIONS_AT_ONCE]
                },
            )


def _material(papers: _AllPapers, own: Papers, places: Ints) -> Material:
    return Material(own, papers.authors_by_id(places), papers.authored(places), papers.kinds(places))


class _OwnPapers:
    """The papers of each direction, with their vectors, which are read when they are asked for."""

    def __init__(self, warehouse: Warehouse, directions: Iterable[str], model: str, last: date) -> None:
        self._warehouse, self._model = warehouse, model
        self._columns = warehouse.columns(
            "read/crowding_vectors", directions=sorted(directions), model=model, last=last
        )
        names = self._columns["direction"].astype(str)
        slugs, first, counts = np.unique(names, return_index=True, return_counts=True)
        self._rows = {str(slug): slice(at, at + count) for slug, at, count in zip(slugs, first, counts, strict=True)}

    def of(self, slug: str) -> Papers:
        rows = self._rows.get(slug, slice(0, 0))
        ids, months, places = (self._columns[name][rows] for name in ("id", "month", "place"))
        return Papers.of(ids.tolist(), months, taken(self._warehouse, self._model, places))


class _Categories:
    """Which papers lie in a set of categories."""

    def __init__(self, texts: Iterable[str]) -> None:
        known: dict[str, int] = {}
        self._code = np.array([known.setdefault(text, len(known)) for text in texts], np.int64)
        self._known = [frozenset(text.split()) for text in known]

    def within(self, field: str) -> NDArray[np.bool_]:
        """Of each paper, whether it lies in the field; a paper of unknown categories lies in none."""
        wanted = frozenset(all_names(field))
        inside = np.array([bool(own & wanted) if wanted else bool(own) for own in self._known], np.bool_)
        return inside[self._code] if len(inside) else np.empty(0, np.bool_)


class _Sample:
    """A sample of the papers of all fields, with their vectors."""

    def __init__(self, warehouse: Warehouse, model: str, last: date) -> None:
        columns = warehouse.columns("read/crowding_field", model=model, last=last, each=FIELD_SAMPLE)
        self._papers = Papers.of(columns["id"].tolist(), columns["month"], taken(warehouse, model, columns["place"]))
        by_id = dict(zip(columns["id"].tolist(), columns["categories"].tolist(), strict=True))
        self._categories = _Categories([by_id[id_] for id_ in self._papers.ids])

    def of(self, field: str) -> Reference:
        return Reference(self._papers.take(np.flatnonzero(self._categories.within(field))))


@dataclass(frozen=True, slots=True)
class _AllPapers:
    """Every countable paper up to a month, in hash order."""

    ids: NDArray[np.object_]
    months: Ints
    in_field: NDArray[np.bool_]
    told: NDArray[np.bool_]
    review: NDArray[np.bool_]
    first_application: NDArray[np.bool_]
    categories: _Categories
    place: Mapping[str, int]
    authors: Authored
    """A row for each paper; no author where they are not known."""

    def within(self, field: str) -> NDArray[np.bool_]:
        return self.categories.within(field)

    def authored(self, places: Ints) -> Authored:
        months, papers = np.unique(self.months[places], return_counts=True)
        known = self.authors.take(places[self.authors.teams[places] > 0])
        return replace(known, papers=dict(zip(months.tolist(), papers.tolist(), strict=True)))

    def authors_by_id(self, places: Ints) -> dict[str, frozenset[int]]:
        starts, flat = self.authors.starts, self.authors.authors
        found = {self.ids[one]: frozenset(flat[starts[one] : starts[one + 1]].tolist()) for one in places.tolist()}
        return {id_: own for id_, own in found.items() if own}

    def kinds(self, places: Ints) -> dict[int, KindCount]:
        told = places[self.told[places]]
        found = {}
        for month in np.unique(self.months[told]).tolist():
            own = told[self.months[told] == month]
            found[month] = KindCount(len(own), int(self.review[own].sum()), int(self.first_application[own].sum()))
        return found


def _papers(warehouse: Warehouse, last: date) -> _AllPapers:
    columns = warehouse.columns(
        "read/crowding_papers",
        last=last,
        since=month_after(last, 1 - _KIND_MONTHS),
        review_title=kinds.REVIEW_TITLE,
        review_abstract=kinds.REVIEW_ABSTRACT,
        not_review=kinds.NOT_REVIEW,
        first=kinds.FIRST_APPLICATION,
        first_title=kinds.APPLICATION_TITLE,
    )
    ids, months = columns["id"], np.asarray(columns["month"], np.int64)
    return _AllPapers(
        ids=ids,
        months=months,
        **{name: np.asarray(columns[name], np.bool_) for name in ("in_field", "told", "review", "first_application")},
        categories=_Categories(columns["categories"]),
        place={id_: number for number, id_ in enumerate(ids)},
        authors=_authors(warehouse, last, months),
    )


def _authors(warehouse: Warehouse, last: date, months: Ints) -> Authored:
    """The authors of all papers as numbers; an author counts once, and people are told apart by their folded names."""
    numbers: dict[str, int] = {}
    flat, ends = array("q"), array("q", [0])
    for batch in warehouse.batches("read/crowding_authors", _AT_ONCE, last=last):
        for (names,) in batch:
            forms = {form for name in names if (form := folded_name(name))}
            flat.extend(sorted(numbers.setdefault(form, len(numbers)) for form in forms))
            ends.append(len(flat))
    return Authored(months, np.array(ends, np.int64), np.array(flat, np.int64), {})


# --- the signs --------------------------------------------------------------------------------------------------


def stored_signs(warehouse: Warehouse) -> dict[str, tuple[Sign, ...]]:
    """The signs of each direction as they were before shrinkage; those that shrinkage does not touch as they are."""
    found: dict[str, list[Sign]] = {}
    for direction, kind, value, low, high, measured, base, n, coverage, lack, raw, se, made_with in warehouse.rows(
        "read/crowding_signs"
    ):
        why = Lack(lack) if lack else None
        sign = Sign(SignKind(kind), value, low, high, measured, base, n, coverage, why, raw, se, made_with)
        found.setdefault(direction, []).append(sign if raw is None else replace(sign, value=raw))
    order = {kind: place for place, kind in enumerate(SignKind)}
    return {slug: tuple(sorted(own, key=lambda one: order[one.kind])) for slug, own in found.items()}


def store_signs(
    warehouse: Warehouse, signs: Mapping[str, Sequence[Sign]], last: date, stamps: Mapping[str, str]
) -> None:
    """Replace all signs; `stamps` says for each direction what its signs were made from."""
    rows = [(slug, one) for slug, own in sorted(signs.items()) for one in own]
    names = ("value", "low", "high", "measured", "base", "n", "coverage", "raw", "se", "made_with")
    with warehouse.transaction():
        warehouse.empty("sign")
        warehouse.insert(
            "sign",
            {
                "direction": [slug for slug, _ in rows],
                "kind": [one.kind.value for _, one in rows],
                "lack": [one.lack.value if one.lack else None for _, one in rows],
                **{name: [getattr(one, name) for _, one in rows] for name in names},
            },
            last_month=last,
        )
        warehouse.run("write/crowding_stamps_forgotten", directions=sorted(signs))
        for slug, value in stamps.items():
            stamp(warehouse, STAGE, value, slug)


def span_of(last: date, usable: Sequence[date]) -> Span:
    """The months that a direction's signs speak of."""
    return Span(month_number(last), frozenset(map(month_number, usable)))
