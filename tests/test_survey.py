"""The survey of the whole field: clusters that rise unnamed, told from those that a direction claims."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from littriage.clusters.phrasing import Phrasing
from littriage.directions import parse_direction
from littriage.model import Catalogue, Direction, Query, Stage, Theme
from littriage.progress import Quiet
from littriage.run import Run
from littriage.survey import CLAIMED_BELOW, draft_of, slug_of, survey
from littriage.trends import month_after, month_span
from littriage.warehouse import Warehouse, derived, vectors
from littriage.warehouse import clusters as stored
from littriage.warehouse import survey as kept

SOURCE = "arxiv-api"
MODEL = "fake@1"
MONTHS = month_span(date(2016, 1, 1), date(2020, 12, 1))
TODAY = date(2021, 1, 20)
TREES = Direction("trees", "t", "Trees", "树", "Parse trees.", Query((("parse tree",),), (), ("cs.CL",)))
CATALOGUE = Catalogue((Theme("t", "Language", "语言", "Words."),), (TREES,))
TOPICS = {
    "kelp forests": lambda number: 12,
    "parse trees": lambda number: 12,
    "harbour seals": lambda number: 12,
    "ocean gliders": lambda number: max(0, number - 34) // 2,  # from the fourth year on
    "river tides": lambda number: max(0, number - 34) // 2,
}
CLAIMED = ("parse trees", "river tides")
"""Members of the direction."""


def fill(warehouse: Warehouse, months: tuple[date, ...] = MONTHS, letters: str = "A") -> None:
    """Papers of five topics, each near an axis of its own; two of them belong to the direction."""
    random = np.random.default_rng(7)
    ids: list[str] = []
    own: list[int] = []
    days: list[date] = []
    for month in months:
        numbers = [
            place
            for place, size in enumerate(TOPICS.values())
            for _ in range(size((month.year - 2016) * 12 + month.month - 1))
        ]
        ids += [f"{month:%y%m}.{number:05}" for number in range(1, len(numbers) + 1)]
        days += [month_after(month) - timedelta(days=1)] * len(numbers)
        own += numbers
    names = list(TOPICS)
    texts = [f"{names[place].capitalize()} and more" for place in own]
    warehouse.insert(
        "paper",
        {
            "id": ids, "published": days, "month": [day.replace(day=1) for day in days], "title": texts,
            "text_hash": [f"h{id_}" for id_ in ids],
        },
        abstract="An abstract.", authors=["Ada B."], categories=["cs.CL"], date_kind="submitted", source="test",
        in_field=True,
    )  # fmt: skip
    rows = np.eye(16, dtype=np.float32)[own] + 0.12 * random.standard_normal((len(own), 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    kept = [derived.Text(id_, text, None, (), f"h{id_}") for id_, text in zip(ids, texts, strict=True)]
    vectors.store(warehouse, kept, rows.astype(np.float32), MODEL)
    members = [id_ for id_, place in zip(ids, own, strict=True) if names[place] in CLAIMED]
    warehouse.insert(
        "membership", {"paper_id": members}, direction="trees", similarity=0.9, probability=0.9, member=True,
        rule="v2/fast",
    )  # fmt: skip
    warehouse.insert(
        "coverage", {"month": list(months)}, status=letters, category="cs.CL", recall="", source="test"
    )  # fmt: skip


def run_of(warehouse: Warehouse, *, asked: bool = False, as_of: date = TODAY) -> Run:
    anew = frozenset({stored.FIELD}) if asked else frozenset[str]()
    return Run(warehouse, CATALOGUE, TODAY, lambda: datetime(2021, 1, 20), Quiet(), as_of, rebaseline=anew)


@pytest.fixture
def surveyed(warehouse: Warehouse) -> Warehouse:
    """A field whose clusters were asked for."""
    fill(warehouse)
    survey(run_of(warehouse, asked=True), MODEL, SOURCE)
    return warehouse


def told(warehouse: Warehouse) -> dict[str, tuple[object, ...]]:
    """Stage, whether it is unnamed, papers, recent and claimed ones of each cluster, by the first of its terms."""
    rows = warehouse.connection.execute(
        "select terms, stage, unnamed, field_cluster.papers, recent, claimed from field_cluster "
        "join cluster on scope = '' and cluster.number = field_cluster.number"
    ).fetchall()
    found = {}
    for terms, *figures in rows:
        (name,) = [one for one in TOPICS if one.split()[0] in " ".join(terms).lower()]
        found[name] = tuple(figures)
    return found


def test_what_rises_unclaimed_is_unnamed(surveyed: Warehouse) -> None:
    """Ocean gliders rise and belong to no direction; river tides rise as fast, and belong to one."""
    found = told(surveyed)

    assert {name for name, (_, unnamed, *_) in found.items() if unnamed} == {"ocean gliders"}
    up = {Stage.RISING.value, Stage.EMERGING.value, Stage.HOT.value}
    assert found["ocean gliders"][0] in up
    assert found["river tides"][0] in up
    assert not {found[name][0] for name in ("kelp forests", "parse trees", "harbour seals")} & up


def test_how_much_is_claimed_is_counted_among_recent_papers(surveyed: Warehouse) -> None:
    """Papers of 2020; one in twenty of a cluster lies outside of its radius and is not counted."""
    found = told(surveyed)

    recent = sum(TOPICS["river tides"](number) for number in range(48, 60))
    for name, claimed in (("river tides", recent), ("ocean gliders", 0)):
        assert found[name][3] == pytest.approx(recent, rel=0.1)
        assert found[name][4] == pytest.approx(claimed, rel=0.1)


def test_an_unnamed_cluster_comes_with_its_evidence(surveyed: Warehouse) -> None:
    """Three recent papers, the nearest direction, and a draft that parses and finds most of its papers."""
    ((number, nearest, central, draft),) = surveyed.connection.execute(
        "select number, nearest, central, draft from field_cluster where unnamed"
    ).fetchall()

    assert nearest == "trees"
    assert len(central) == 3
    assert all(id_.startswith("20") for id_ in central)
    direction = parse_direction(draft, slug=slug_of(number), theme="t", where="draft")
    assert "glider" in " ".join(direction.query.all_of[0])
    assert [one.arxiv_id for one in direction.exemplars] == list(central)
    assert "The query finds 100% of the cluster's papers" in draft


def test_a_query_that_finds_too_little_makes_no_draft() -> None:
    """Of ten papers it must find two."""
    papers = [kept.ClusterPaper(f"2001.0000{n}", f"Kelp{n}", None, MONTHS[0], MONTHS[0]) for n in range(10)]

    found = [
        draft_of(3, ["kelp"], papers, papers[:1], Phrasing(tuple(f"kelp{n}" for n in range(size)), 0.5, 0.5))
        for size in (1, 2)
    ]

    assert found[0] is None
    assert "The query finds 20% of the cluster's papers" in (found[1] or "")


def test_nothing_is_clustered_before_it_is_asked_for(warehouse: Warehouse) -> None:
    fill(warehouse, MONTHS[:4])

    assert survey(run_of(warehouse, as_of=date(2016, 5, 15)), MODEL, SOURCE) == {"clusters": 0}
    assert told(warehouse) == {}


def test_a_second_run_without_news_tells_nothing_anew(surveyed: Warehouse) -> None:
    before = told(surveyed)

    counts = survey(run_of(surveyed), MODEL, SOURCE)

    assert (counts["papers placed"], counts["new clusters"], counts["unnamed"]) == (0, 0, "unchanged")
    assert told(surveyed) == before


def test_judgements_change_what_is_claimed(surveyed: Warehouse) -> None:
    """A direction that loses its members claims nothing, though no paper has come."""
    surveyed.connection.execute("update membership set member = false")

    counts = survey(run_of(surveyed), MODEL, SOURCE)

    assert counts["unnamed"] == 2
    assert {name for name, (_, unnamed, *_) in told(surveyed).items() if unnamed} == {"ocean gliders", "river tides"}


def test_months_that_are_not_whole_give_no_verdict(warehouse: Warehouse) -> None:
    """A biased sample tells no trend, so that nothing rises in it."""
    fill(warehouse, letters="S")

    survey(run_of(warehouse, asked=True), MODEL, SOURCE)

    assert {stage for stage, *_ in told(warehouse).values()} == {Stage.NOT_MEASURABLE.value}
    assert not any(unnamed for _, unnamed, *_ in told(warehouse).values())


def test_a_week_changes_no_cluster_of_older_papers(warehouse: Warehouse) -> None:
    """New papers get places among the clusters as they stand."""
    fill(warehouse, MONTHS[:-1])
    survey(run_of(warehouse, asked=True, as_of=date(2020, 12, 20)), MODEL, SOURCE)
    before = stored.places(warehouse, stored.FIELD)
    fill(warehouse, MONTHS[-1:])

    counts = survey(run_of(warehouse), MODEL, SOURCE)

    after = stored.places(warehouse, stored.FIELD)
    fresh = set(after) - set(before)
    assert {id_: place for id_, place in after.items() if id_ in before} == before
    assert counts["papers placed"] == len(fresh) == 36 + 2 * 12
    assert sum(after[id_] is not None for id_ in fresh) > 0.8 * len(fresh)


def test_the_bound_is_the_one_that_is_documented() -> None:
    assert CLAIMED_BELOW == 0.3
