"""The stage that keeps clusters: makes a version where none stands, and otherwise only adds to the one that does.

`keep_up` does it for any scope and any way of grouping; `cluster` does it for the sub-topics of every direction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from littriage.clusters import frozen, grouping, lineage
from littriage.clusters.terms import TermStatistics, characteristic_terms, term_statistics
from littriage.run import Counts, Run, progress
from littriage.warehouse import clusters as stored
from littriage.warehouse import derived, vectors
from littriage.warehouse.clusters import News, Papers, Placed

if TYPE_CHECKING:
    from littriage.clusters.frozen import Newborn, Rows, Vectors
    from littriage.warehouse import Warehouse

BACKGROUND_PAPERS = 4_000
"""Papers that tell which terms are common everywhere; more would tell the same."""


@dataclass(frozen=True, slots=True)
class Way:
    """How the clusters of a scope are made."""

    rule: str
    """Its version: another one means a new version of the clusters."""
    group: Callable[[Vectors, int], Sequence[Rows]]
    """Unit rows in the order of paper ids, and a seed -> groups of rows, the largest first. A row that is in none is
    placed like a paper that comes later."""
    terms: Callable[[Sequence[Sequence[str]]], Sequence[tuple[str, ...]]]
    """Ids of each group's papers, nearest to the centroid first -> the terms that set each group apart."""
    outgrown: Callable[[int, int], bool]
    """Papers that the version was made of, and papers now -> whether making it anew is advised."""
    whole_below: int = 0
    """A version made of fewer papers takes every paper: they tell no radius."""
    least_newcomers: int = frozen.LEAST_NEWCOMERS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done for one scope."""

    made: str = ""
    """Why a version was made: first, asked, model or rule; empty: none was."""
    born: int = 0
    """New clusters; of a new version those that continue none."""
    placed: int = 0
    """Papers that got a place: in a cluster, or in the pool."""
    left: int = 0


def keep_up(
    run: Run, scope: str, model: str, content: object, way: Way, news: Mapping[str, News] | None = None
) -> Outcome:
    """Give the papers of a scope their places, in one transaction.

    `content` stamps the papers: where neither they nor the model nor the way have changed, nothing is done. A version
    is made where none stands, where the user asked for one (`run.rebaseline`), and where the old one cannot go on,
    because vectors are of another model or groups are made another way. Otherwise papers that are new or have a new
    text go to the nearest cluster or to the pool, a dense group of the pool becomes a cluster, and no other paper
    moves. A version that was asked for is not made of the very papers that the standing one was made of: it would be
    the same. `news` is what `warehouse.clusters.news` says, for whoever asks for many scopes at once.
    """
    stamp = derived.stamp_of([content, model, way.rule])
    if scope not in run.rebaseline and derived.stamped(run.warehouse, stored.STAGE, scope) == stamp:
        return Outcome()
    known = stored.standing(run.warehouse, scope, way.whole_below)
    if known is None:
        return _make(run, scope, model, way, None, "first", stamp)
    if known.version.model != model or known.version.rule != way.rule:
        reason = "rule" if known.version.model == model else "model"
        return _make(run, scope, model, way, known, reason, stamp)
    if scope in run.rebaseline and known.version.made_of != stamp:
        return _make(run, scope, model, way, known, "asked", stamp)
    return _add(run, known, way, (news or stored.news(run.warehouse, {scope: model}))[scope], stamp)


def _make(
    run: Run, scope: str, model: str, way: Way, known: stored.Standing | None, reason: str, stamp: str
) -> Outcome:
    papers = stored.papers_of(run.warehouse, scope, model)
    if not papers.ids:
        return Outcome()
    rows = vectors.taken(run.warehouse, model, papers.places)
    whole = len(papers.ids) < way.whole_below
    newborns = [frozen.born(rows, group, unbounded=whole) for group in way.group(rows, run.seed)]
    placed = _founded(papers, rows, newborns, range(1, len(newborns) + 1))
    number = known.version.number + 1 if known else 1
    version = stored.Version(scope, number, model, way.rule, run.today, len(papers.ids), stamp, reason)
    happened = _lineage(run, known, placed, len(newborns))
    numbers = [happened.numbers[place] for place in range(1, len(newborns) + 1)]
    placed = replace(placed, numbers=np.array([0, *numbers], np.int64)[placed.numbers])
    words = _terms(way, [[papers.ids[row] for row in one.rows] for one in newborns])
    made = [
        stored.Made(number, own, newborn, *_kept(known, number, run.today))
        for number, own, newborn in zip(numbers, words, newborns, strict=True)
    ]
    stored.store_version(run.warehouse, version, made, placed, happened if known else None, run.seed, stamp)
    last = known.last_number if known else 0
    return Outcome(reason, sum(number > last for number in numbers), len(papers.ids))


def _founded(papers: Papers, rows: Vectors, newborns: Sequence[Newborn], numbers: Sequence[int]) -> Placed:
    """Papers among newborn clusters: founders in theirs, the others in the nearest one that they reach, or in none."""
    place, cosines = frozen.assigned(rows, frozen.as_set(numbers, newborns))
    founder = np.zeros(len(rows), bool)
    for number, one in zip(numbers, newborns, strict=True):
        place[one.rows], cosines[one.rows], founder[one.rows] = number, one.similarities, True
    return Placed(papers, place, cosines, founder)


def _lineage(run: Run, known: stored.Standing | None, placed: Placed, places: int) -> lineage.Lineage:
    new = {id_: place or None for id_, place in zip(placed.papers.ids, placed.numbers.tolist(), strict=True)}
    if known is None:
        return lineage.lineage({}, new, (), places, 0)
    old = stored.places(run.warehouse, known.version.scope)
    return lineage.lineage(old, new, sorted(known.born_on), places, known.last_number)


def _kept(known: stored.Standing | None, number: int, today: date) -> tuple[date, stored.Names]:
    """The birthday and the names of a cluster that continues; today and none of a new one."""
    if known and number in known.born_on:
        return known.born_on[number], known.names[number]
    return today, (None, None, None)


def _add(run: Run, known: stored.Standing, way: Way, news: News, stamp: str) -> Outcome:
    version = known.version
    fresh, left = news.fresh, news.left
    numbers, cosines = frozen.assigned(vectors.taken(run.warehouse, version.model, fresh.places), known.clusters)
    placed = [Placed(fresh, numbers, cosines, np.zeros(len(numbers), bool))]
    made: list[stored.Made] = []
    if not numbers.all():
        outside = stored.together(
            fresh.only(numbers == 0),
            stored.pool(run.warehouse, version.scope, version.model).without({*fresh.ids, *left}),
        )
        entered, made = _newcomers(run, known, way, outside)
        placed.append(entered)

    def advise(assigned: int, unassigned: int) -> str:
        papers = assigned + unassigned
        if unassigned >= way.least_newcomers and unassigned > frozen.POOL_ADVICE * papers:
            return "unassigned"
        return "outgrown" if way.outgrown(version.papers, papers) else ""

    stored.store_week(run.warehouse, version, left, placed, made, run.today, advise, stamp)
    return Outcome("", len(made), len(fresh.ids), len(left))


def _newcomers(run: Run, known: stored.Standing, way: Way, outside: Papers) -> tuple[Placed, list[stored.Made]]:
    """The clusters that papers outside of all others give birth to, and the papers that enter them.

    A newborn cluster is at least as cohesive as half of the others.
    """
    version = known.version
    rows = vectors.taken(run.warehouse, version.model, outside.places)
    cohesions = known.clusters.cohesions[np.isfinite(known.clusters.cohesions)]
    usual = float(np.median(cohesions)) if len(cohesions) else float("nan")
    newborns = [frozen.born(rows, group) for group in frozen.newcomers(rows, usual, way.least_newcomers)]
    numbers = range(known.last_number + 1, known.last_number + 1 + len(newborns))
    placed = _founded(outside, rows, newborns, numbers)
    made: list[stored.Made] = []
    if newborns:
        others = [*stored.founders(run.warehouse, version.scope, version.model).values()]
        words = _terms(way, [*others, *([outside.ids[row] for row in one.rows] for one in newborns)])[len(others) :]
        made = [stored.Made(*one, run.today) for one in zip(numbers, words, newborns, strict=True)]
    return placed.only(placed.numbers > 0), made


def _terms(way: Way, groups: Sequence[Sequence[str]]) -> Sequence[tuple[str, ...]]:
    return way.terms(groups) if groups else ()


# --- sub-topics -------------------------------------------------------------------------------------------------


def cluster(run: Run, models: Mapping[str, str]) -> Counts:
    """Keep the sub-topics of every direction; `models` names for each rule the model whose vectors it used."""
    stamps = run.warehouse.rows("read/member_stamps")
    stored.forget_members_except(run.warehouse, [direction for direction, *_ in stamps])
    way = Way(
        grouping.CLUSTER_RULE,
        grouping.groups,
        _Texts(run.warehouse).terms,
        grouping.outgrown,
        whole_below=grouping.MIN_TO_SPLIT,
    )
    news = stored.news(run.warehouse, {direction: models[rule] for direction, _, _, rule in stamps})
    outcomes = []
    with progress(run, "cluster", len(stamps)) as advance:
        for direction, content, _, rule in stamps:
            outcomes.append(keep_up(run, direction, models[rule], content, way, news))
            advance(1)
    unassigned, advised = stored.totals(run.warehouse)
    return {
        "directions": len(stamps),
        "new clusters": sum(one.born for one in outcomes),
        "papers placed": sum(one.placed for one in outcomes),
        "unassigned": unassigned,
        **{f"made anew, {reason}": count for reason, count in _anew(outcomes).items()},
        **({"re-baseline advised": advised} if advised else {}),
    }


def _anew(outcomes: Sequence[Outcome]) -> Counter[str]:
    """Versions in place of older ones, by why they were made."""
    return Counter(one.made for one in outcomes if one.made not in ("", "first"))


@dataclass(slots=True)
class _Texts:
    """The texts of the warehouse, for terms."""

    warehouse: Warehouse
    _background: TermStatistics | None = None

    def terms(self, groups: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """The terms that set each group of papers, given by ids, apart."""
        if self._background is None:
            sample = self.warehouse.rows("read/member_texts", limit=BACKGROUND_PAPERS)
            self._background = term_statistics(derived.Text(*row) for row in sample)
        ids = sorted({id_ for group in groups for id_ in group})
        texts = {row[0]: derived.Text(*row) for row in self.warehouse.rows("read/texts_of_papers", ids=ids)}
        return characteristic_terms([[texts[id_] for id_ in group] for group in groups], self._background)
