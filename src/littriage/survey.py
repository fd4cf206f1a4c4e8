"""The stage that surveys the whole field: its clusters, how each fares, and those that rise and no direction claims.

The first clusters of a field are made when the user asks for them; from then on each run gives new papers their places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from littriage.clustering import Way, keep_up
from littriage.clusters.communities import COMMUNITY_RULE, communities
from littriage.clusters.phrasing import Phrasing, phrasings
from littriage.clusters.terms import characteristic_terms
from littriage.completeness import COPY
from littriage.directions import Matcher
from littriage.drafts import NO_THEME, direction_toml
from littriage.fields import Fields
from littriage.model import Direction, Exemplar, Exposure, MonthStatus, Query, TrendPoint, Verdict
from littriage.neighbours import graph
from littriage.notation import change_text, part_text
from littriage.run import Counts, Run
from littriage.trends import MonthCount, last_settled_month, measurable, month_after, trend_points
from littriage.verdicts import judge, ranking
from littriage.warehouse import clusters as stored
from littriage.warehouse import derived, neighbours, vectors
from littriage.warehouse import survey as kept
from littriage.warehouse.survey import Claimed, ClusterPaper, Surveyed, Unnamed

if TYPE_CHECKING:
    from littriage.clusters.frozen import Rows, Vectors
    from littriage.warehouse import Warehouse

SURVEY_RULE = "v1"
"""Version of what is told of the clusters."""
CLAIMED_BELOW = 0.3
"""Part of a cluster's papers of the last 12 months that directions may claim, for it to be unnamed."""
LEAST_NEWCOMERS = 30
"""Papers of the pool that can be a cluster of the field: fewer tell no trend."""
LEAST_FOUND = 0.2
"""Part of a cluster's papers that a draft's query must find; some clusters have a common tone and no phrase."""
CENTRAL = 3
_TERM_PAPERS = 50
"""Papers nearest to a centroid whose texts tell the cluster's terms."""
_SAMPLE = 20_000
"""Papers of the field on which a draft's phrases are tried."""


def survey(run: Run, model: str, source: str) -> Counts:
    """Give the field's new papers their places, and tell of each cluster how it fares; nothing before the first set.

    `model` made the vectors of every paper; `source` names the source whose counts go with its harvests. Where neither
    papers nor months nor members have changed, nothing is told anew.
    """
    assert run.as_of is not None, "weigh() sets it"
    known = stored.standing(run.warehouse, stored.FIELD, 0)
    if known is None and stored.FIELD not in run.rebaseline:
        return {"clusters": 0}
    content = run.warehouse.one("read/field_stamp")
    outcome = keep_up(run, stored.FIELD, model, content, field_way(run, model))
    assigned, unassigned = stored.sizes(run.warehouse, stored.FIELD)
    counted = _counted(run, source, run.as_of)
    last = last_settled_month(run.as_of)
    claims = kept.claims(run.warehouse, month_after(last, -11), last)
    stamp = derived.stamp_of([SURVEY_RULE, run.as_of, content, model, counted.basis, claims, run.catalogue])
    counts: Counts = {
        "clusters": len(counted.points),
        "papers placed": outcome.placed,
        "new clusters": outcome.born,
        "unassigned": unassigned,
        "papers": assigned + unassigned,
    }
    if derived.stamped(run.warehouse, kept.STAGE) == stamp:
        return {**counts, "unnamed": "unchanged"}
    told = _surveyed(run, model, judge(counted.points, run.as_of, brief=True), counted.category, claims)
    kept.store(run.warehouse, told, stamp)
    return {**counts, "unnamed": sum(one.unnamed is not None for one in told)}


# --- clusters ---------------------------------------------------------------------------------------------------


def field_way(run: Run, model: str) -> Way:
    """How the clusters of the whole field are made: communities of the kept graph of nearest neighbours."""

    def group(rows: Vectors, seed: int) -> Sequence[Rows]:
        places = stored.papers_of(run.warehouse, stored.FIELD, model).places
        found = neighbours.current(run.warehouse, model, places, seed=seed)
        by_place = np.argsort(found.places)
        order = by_place[np.searchsorted(found.places, places, sorter=by_place)]
        return communities(graph(found.neighbours)[order][:, order], rows)

    return Way(COMMUNITY_RULE, group, _terms(run.warehouse), _outgrown, whole_below=0, least_newcomers=LEAST_NEWCOMERS)


def _outgrown(papers: int, now: int) -> bool:
    return now >= 2 * papers


def _terms(warehouse: Warehouse) -> Callable[[Sequence[Sequence[str]]], Sequence[tuple[str, ...]]]:
    def terms(groups: Sequence[Sequence[str]]) -> Sequence[tuple[str, ...]]:
        central = [group[:_TERM_PAPERS] for group in groups]
        ids = sorted({id_ for group in central for id_ in group})
        texts = {row[0]: derived.Text(*row) for row in warehouse.rows("read/texts_of_papers", ids=ids)}
        return characteristic_terms([[texts[id_] for id_ in group] for group in central], None)

    return terms


# --- counts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counted:
    """The clusters' papers by month."""

    points: dict[str, tuple[TrendPoint, ...]]
    """By the cluster's number as text."""
    category: dict[int, str]
    """That each is measured in."""
    basis: object
    """What the points were made of."""


def _counted(run: Run, source: str, as_of: date) -> _Counted:
    """The trend of each cluster, in the first of its main categories whose months allow a verdict, else in the first.

    Only months that the copy of the field tells whole are counted.
    """
    fields = Fields(run, source)
    main = kept.categories(run.warehouse)
    exposures = {one: _exposures(fields, one, as_of) for one in sorted({name for own in main.values() for name in own})}
    whole = {one: measurable(trend_points(one, list(known), {}, known), as_of) for one, known in exposures.items()}
    category = {number: next((one for one in own if whole[one]), own[0]) for number, own in main.items()}
    counts = kept.months(run.warehouse, category)
    points = {}
    for number, own in category.items():
        papers = {month: MonthCount(float(count), count, 0.0) for month, count in counts[number].items()}
        points[str(number)] = trend_points(str(number), list(exposures[own]), papers, exposures[own])
    basis = [
        [(name, [*known.values()]) for name, known in exposures.items()],
        category,
        [(number, [*own.items()]) for number, own in counts.items()],
    ]
    return _Counted(points, category, basis)


def _exposures(fields: Fields, category: str, as_of: date) -> dict[date, Exposure]:
    """Each month of a category: what the copy of the field holds, or that it does not tell."""
    found = {}
    for one in fields.months(category, as_of):
        status = one.status if one.source in COPY else MonthStatus.MISSING
        found[one.month] = Exposure(category, one.month, one.held, status, one.source, one.reason)
    return found


# --- what rises unnamed -----------------------------------------------------------------------------------------


def _surveyed(
    run: Run,
    model: str,
    verdicts: Sequence[Verdict],
    measured_in: Mapping[int, str],
    claims: Mapping[int, Claimed],
) -> list[Surveyed]:
    by_number = {int(verdict.direction): verdict for verdict in verdicts}
    wanted = [number for number in sorted(by_number) if is_unnamed(by_number[number], claims[number])]
    told = _Telling(run, model).of(wanted, by_number, claims) if wanted else {}
    return [
        Surveyed(number, measured_in[number], by_number[number], claims[number], told.get(number))
        for number in sorted(by_number)
    ]


def is_unnamed(verdict: Verdict, claimed: Claimed) -> bool:
    """Whether a cluster stands in the table of what rises, and directions claim less than 30% of its recent papers."""
    return bool(ranking([verdict], "rising")) and claimed.claimed < CLAIMED_BELOW * claimed.recent


@dataclass(slots=True)
class _Telling:
    """What is told of unnamed clusters."""

    run: Run
    model: str

    def of(
        self, numbers: Sequence[int], verdicts: Mapping[int, Verdict], claims: Mapping[int, Claimed]
    ) -> dict[int, Unnamed]:
        """By number."""
        warehouse = self.run.warehouse
        known = stored.standing(warehouse, stored.FIELD, 0)
        assert known is not None, "clusters were counted"
        centroid = dict(zip(known.clusters.numbers.tolist(), known.clusters.centroids, strict=True))
        slugs, means = self._directions()
        terms = kept.terms(warehouse)
        papers = kept.papers_of(warehouse, numbers, self._as_of)
        recent = month_after(last_settled_month(self._as_of), -11)
        queries = self._queries(papers)
        found = {}
        for number, own in papers.items():
            nearest = max(zip((means @ centroid[number]).tolist(), slugs, strict=True)) if slugs else None
            central = tuple(paper for paper in own if paper.month >= recent)[:CENTRAL]
            draft = None
            if query := queries[number]:
                comments = _comments(number, verdicts[number], claims[number], nearest)
                draft = draft_of(number, terms[number], own, central, query, comments)
            cosine, slug = nearest or (None, None)
            found[number] = Unnamed(slug, cosine, tuple(paper.id for paper in central), draft)
        return found

    def _queries(self, papers: Mapping[int, Sequence[ClusterPaper]]) -> dict[int, Phrasing | None]:
        """The phrases that find each cluster's papers among a sample of the field."""
        _, field = self.run.warehouse.one("read/field_stamp")
        texts = {id_: (title, abstract) for id_, title, abstract in kept.sample(self.run.warehouse, _SAMPLE)}
        sample = np.arange(len(texts))
        texts |= {paper.id: (paper.title, paper.abstract) for own in papers.values() for paper in own}
        place = {id_: row for row, id_ in enumerate(texts)}
        groups = [np.array([place[paper.id] for paper in own], np.int64) for own in papers.values()]
        return dict(zip(papers, phrasings([*texts.values()], groups, sample, field), strict=True))

    @property
    def _as_of(self) -> date:
        assert self.run.as_of is not None
        return self.run.as_of

    def _directions(self) -> tuple[list[str], Vectors]:
        """The directions that have members, and the unit mean of the surest of each, shape (directions, dim)."""
        slugs, means = [], []
        for direction in self.run.catalogue.directions:
            places = kept.surest_places(self.run.warehouse, direction.slug, self.model)
            if len(places):
                mean = vectors.taken(self.run.warehouse, self.model, places).mean(axis=0)
                slugs.append(direction.slug)
                means.append(mean / max(float(np.linalg.norm(mean)), 1e-12))
        return slugs, np.array(means, np.float32)


def draft_of(
    number: int,
    terms: Sequence[str],
    papers: Sequence[ClusterPaper],
    central: Sequence[ClusterPaper],
    query: Phrasing,
    comments: Sequence[str] = (),
) -> str | None:
    """A direction for a cluster of these papers as TOML, which `parse_direction` reads; None for a query without use.

    Above it stand the comments, how well its query does, and what a person must write.
    """
    name = ", ".join(terms[:3])
    direction = Direction(
        slug=slug_of(number),
        theme=NO_THEME,
        name=name,
        name_zh=name,
        scope=f"Papers on {'; '.join(terms)}.",
        query=Query((query.phrases,)),
        exemplars=tuple(Exemplar(one.title, one.published.year, one.id) for one in central),
    )
    matcher = Matcher([direction])
    found = sum(bool(matcher.hits(one.title, one.abstract)) for one in papers) / len(papers)
    if found < LEAST_FOUND:
        return None
    return direction_toml(
        direction,
        [
            *comments,
            f"The query finds {part_text(found)} of the cluster's papers; of what it finds about "
            f"{part_text(query.exact)} are the cluster's.",
            "For you to write: name, name_zh and the first sentence of scope. For you to choose: the phrases.",
        ],
    )


def _comments(number: int, verdict: Verdict, claimed: Claimed, nearest: tuple[float, str] | None) -> list[str]:
    growth = verdict.growth
    span = f", growth a year {change_text(growth.low)} to {change_text(growth.high)}" if growth else ""
    near = f"; the nearest is {nearest[1]}" if nearest else ""
    return [
        f"Drafted from cluster {number} of the field, as of {verdict.as_of}: {verdict.stage.value}{span}.",
        f"It has {claimed.papers} papers. Directions claim {claimed.claimed} of the {claimed.recent} of the last "
        f"12 months{near}.",
    ]


def slug_of(number: int) -> str:
    """The slug of a draft for a cluster of the field."""
    return f"field-cluster-{number}"
