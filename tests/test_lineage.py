"""Clusters over time: later papers move nobody, and a version made anew says what became of the one before."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage import clustering
from littriage.clusters.lineage import Event, EventKind, Overlap, lineage
from littriage.model import Catalogue
from littriage.run import Counts, Run
from littriage.warehouse import Warehouse, clusters, derived, vectors
from littriage.warehouse.checks import broken_rules

MODEL = "m"
RULE = "v1/fast"
DAY = date(2025, 7, 1)
AXES = {"a": 0, "b": 1, "c": 2, "d": 3}
_DIM = 24
C, S, M, B, D = EventKind.CONTINUES, EventKind.SPLITS, EventKind.MERGES, EventKind.BORN, EventKind.DIES


class Quiet:
    def start(self, label: str, total: int | None) -> None: ...

    def advance(self, done: int = 1) -> None: ...

    def finish(self) -> None: ...


class World:
    """A direction whose papers lie about planted centres."""

    def __init__(self, warehouse: Warehouse, direction: str = "demo") -> None:
        self.warehouse, self.direction = warehouse, direction
        self.rng = np.random.default_rng(0)
        self.topics: dict[str, str] = {}

    def add(self, topic: str, count: int, centre: np.ndarray | None = None, noise: float = 0.12) -> list[str]:
        """So many papers on a topic, each with a word of its own; their ids."""
        first = len(self.topics)
        ids = [f"{number:05}" for number in range(first, first + count)]
        point = np.eye(_DIM)[AXES[topic]] if centre is None else centre
        rows = point + noise * self.rng.normal(size=(count, _DIM)) / np.sqrt(_DIM) * 3
        self.topics |= dict.fromkeys(ids, topic)
        self.put(ids, rows, f"Word{topic} everywhere")
        return ids

    def put(self, ids: Sequence[str], rows: np.ndarray, title: str, text_hash: str = "h") -> None:
        self.warehouse.insert(
            "paper", {"id": ids}, title=title, abstract="A.", authors=[], categories=["cs.CL"], published=DAY,
            date_kind="submitted", month=DAY, text_hash=text_hash, source="s", in_field=True,
        )  # fmt: skip
        self.warehouse.insert(
            "membership", {"paper_id": ids}, direction=self.direction, similarity=0.5, probability=0.9, member=True,
            rule=RULE,
        )  # fmt: skip
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        vectors.store(self.warehouse, [derived.Text(one, title, "A.", (), text_hash) for one in ids], rows, MODEL)

    def start(self, today: date = DAY, **facts: Any) -> Run:
        return Run(self.warehouse, Catalogue((), ()), today, lambda: datetime(2025, 7, 1), Quiet(), seed=1, **facts)

    def week(self, today: date = DAY, **facts: Any) -> Counts:
        done = clustering.cluster(self.start(today, **facts), {RULE: MODEL})
        assert broken_rules_of_clusters(self.warehouse) == []
        return done

    def rebaseline(self, today: date = DAY) -> Counts:
        return self.week(today, rebaseline=frozenset({self.direction}))

    def places(self) -> dict[str, int | None]:
        return clusters.places(self.warehouse, self.direction)

    def number_of(self, topic: str) -> int | None:
        """The cluster that all papers of a topic are in but those that lie far out."""
        places = [self.places().get(id_) for id_, own in self.topics.items() if own == topic]
        usual = max(set(places), key=places.count)
        assert places.count(usual) >= 0.8 * len(places)
        return usual

    def events(self) -> list[tuple[int, str, list[int], list[int]]]:
        return self.warehouse.connection.execute(
            "select version, event, old, new from cluster_event where scope = ? order by all", [self.direction]
        ).fetchall()


def broken_rules_of_clusters(warehouse: Warehouse) -> list[str]:
    return [one for one in broken_rules(warehouse) if "luster" in one or "version" in one]


@pytest.fixture
def world(warehouse: Warehouse) -> World:
    """Three topics of 40, 32 and 28 papers, which the first version has found."""
    made = World(warehouse)
    for topic, count in (("a", 40), ("b", 32), ("c", 28)):
        made.add(topic, count)
    made.week()
    return made


# --- weeks ------------------------------------------------------------------------------------------------------


def test_the_first_version_is_made_by_itself(world: World) -> None:
    """Numbered by size, every paper in one, and nothing to do the next time."""
    assert [world.number_of(topic) for topic in "abc"] == [1, 2, 3]
    assert world.week() == {"directions": 1, "new clusters": 0, "papers placed": 0, "unassigned": 0}
    assert world.warehouse.rows("read/cluster_set", scope="demo")[0][:2] == (1, MODEL)
    assert world.events() == []


def test_a_week_of_new_papers_changes_no_old_papers_cluster(world: World) -> None:
    """Each new paper goes to the cluster of its topic."""
    before = world.places()
    new = world.add("b", 9) + world.add("a", 30)
    counts = world.week()
    after = world.places()

    assert {id_: after[id_] for id_ in before} == before
    assert {after[id_] for id_ in new[:9]} <= {2, None}
    assert {after[id_] for id_ in new[9:]} <= {1, None}
    assert sum(after[id_] is not None for id_ in new) >= 30
    assert (counts["papers placed"], counts["new clusters"]) == (39, 0)


def test_a_dense_group_of_the_pool_becomes_a_cluster(world: World) -> None:
    """With the next number, on the day when it is dense enough; papers that waited enter it, nobody else moves."""
    waited = world.add("d", 6)
    assert world.week(date(2025, 7, 8))["unassigned"] == 6
    before = world.places()
    new = world.add("d", 6)
    counts = world.week(date(2025, 7, 15))
    after = world.places()

    assert {after[id_] for id_ in waited + new} == {4}
    assert all(after[id_] == place for id_, place in before.items() if place is not None)
    assert (counts["new clusters"], counts["unassigned"]) == (1, 0)
    assert world.events() == [(1, "born", [], [4])]
    rows = world.warehouse.connection.execute(
        "select born_on, founders, label from cluster where number = 4"
    ).fetchall()
    assert rows == [(date(2025, 7, 15), 12, "Wordd")]


def test_strays_are_no_newcomer(world: World) -> None:
    """Papers that lie nowhere, each in another place, wait in the pool for good."""
    rows = np.eye(_DIM)[8:20]
    world.put([f"9{number:04}" for number in range(12)], rows, "Stray")

    assert world.week() == {"directions": 1, "new clusters": 0, "papers placed": 12, "unassigned": 12}


def test_a_paper_that_is_no_member_any_more_leaves(world: World) -> None:
    """Withdrawn, or judged anew; it alone."""
    before = world.places()
    world.warehouse.connection.execute("update paper set not_counted = 'withdrawn' where id = '00003'")
    world.warehouse.connection.execute("update membership set member = false where paper_id = '00050'")
    world.week()

    assert world.places() == {id_: place for id_, place in before.items() if id_ not in ("00003", "00050")}


def test_a_paper_with_a_new_text_is_placed_again(world: World) -> None:
    """By its new vector: to another cluster, or to the pool; no other one moves."""
    before = world.places()
    world.put(["00003"], np.eye(_DIM)[[1]], "Wordb", text_hash="new")
    world.put(["00004"], np.eye(_DIM)[[20]], "Lost", text_hash="new")
    world.week()

    assert world.places() == {**before, "00003": 2, "00004": None}


def test_a_small_direction_is_one_cluster_that_takes_all(warehouse: Warehouse) -> None:
    """Fewer than 20 papers tell no radius; where it has grown many times, making it anew is advised, and not done."""
    world = World(warehouse)
    world.add("a", 5)
    world.week()
    world.add("b", 60)
    counts = world.week()

    assert set(world.places().values()) == {1}
    assert counts["re-baseline advised"] == 1
    assert world.rebaseline()["made anew, asked"] == 1
    assert "re-baseline advised" not in world.week()


def test_many_papers_in_the_pool_are_told(world: World) -> None:
    """Above 30% of the direction, making it anew is advised."""
    places = np.eye(_DIM)[np.arange(4, 24)]
    world.put(
        [f"9{number:04}" for number in range(60)], np.concatenate([places, -places, places[::-1] - places]), "Far"
    )

    assert world.week()["re-baseline advised"] == 1


def test_a_direction_without_papers_keeps_its_numbers(world: World) -> None:
    """Its places go, its clusters stay: papers that come back find them."""
    world.warehouse.connection.execute("update membership set member = false")
    assert world.week()["directions"] == 0
    assert world.places() == {}
    world.warehouse.connection.execute("update membership set member = true")
    world.week()

    assert [world.number_of(topic) for topic in "abc"] == [1, 2, 3]


@settings(max_examples=3, deadline=None)
@given(rng=st.randoms(use_true_random=False), split=st.integers(0, 40))
def test_the_order_of_papers_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, rng: random.Random, split: int
) -> None:
    """Rows stored in any order, and in any number of pieces within a week, give the same clusters and places."""
    source = np.random.default_rng(3)
    rows = np.repeat(np.eye(_DIM)[:5], [30, 25, 20, 12, 13], axis=0) + 0.15 * source.normal(size=(100, _DIM))
    found = []
    for order in (list(range(100)), rng.sample(range(100), 100)):
        with Warehouse.open(tmp_path_factory.mktemp("world")) as warehouse:
            world = World(warehouse)
            for week in (range(75), range(75, 100)):
                chosen = [row for row in order if row in week]
                for part in (chosen[:split], chosen[split:]):
                    if part:
                        world.put([f"{row:05}" for row in part], rows[part], "T")
                world.week()
            found.append((world.places(), frozen(warehouse)))

    assert found[0] == found[1]


def frozen(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.connection.execute("select * from cluster order by scope, version, number").fetchall()


# --- versions made anew -----------------------------------------------------------------------------------------


def between(first: int, second: int, cosine: float) -> np.ndarray:
    """A unit vector at this cosine from one axis, towards another."""
    return cosine * np.eye(_DIM)[first] + np.sqrt(1 - cosine**2) * np.eye(_DIM)[second]


def test_a_newcomer_a_split_and_a_merge_are_found(warehouse: Warehouse) -> None:
    """Three clusters, of which the first has two sides; then that one grows, and something new comes.

    With four clusters to look for, the sides come apart, the two others, which are near each other, become one, and
    the new papers are a cluster of their own. Numbers go on after the third: none is given twice.
    """
    world = World(warehouse)
    side, near = between(0, 1, 0.8), between(2, 3, 0.5)
    for topic, count, centre in (("a", 32, None), ("a2", 28, side), ("c", 21, None), ("c2", 19, near)):
        world.add(topic, count, centre, noise=0.04)
    world.week()
    assert [world.number_of(topic) for topic in ("a", "a2", "c", "c2")] == [1, 1, 2, 3]
    for topic, count, centre in (("a", 36, None), ("a2", 36, side), ("d", 22, np.eye(_DIM)[10])):
        world.add(topic, count, centre, noise=0.04)
    counts = world.rebaseline(date(2025, 8, 1))

    now = {topic: world.number_of(topic) for topic in ("a", "a2", "c", "c2", "d")}
    assert now["c"] == now["c2"]
    assert len({now["a"], now["a2"], now["c"], now["d"]}) == 4
    events = {(event, *old_and_new) for _, event, *old_and_new in map(hashable, world.events())}
    assert ("splits", (1,), tuple(sorted((now["a"], now["a2"])))) in events
    assert ("merges", (2, 3), (now["c"],)) in events
    assert ("born", (), (now["d"],)) in events
    assert now["d"] > 3
    assert counts["made anew, asked"] == 1


def hashable(event: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tuple(part) if isinstance(part, list) else part for part in event)


def test_renaming_makes_no_event(world: World) -> None:
    """Other labels, terms and names: the clusters go on, and keep their numbers and the names that they were given."""
    world.warehouse.connection.execute(
        "update cluster set label = 'other', terms = ['other'], name = 'N' || number, name_zh = 'Z', named_by = 'x'"
    )
    world.add("a", 1)
    world.rebaseline(date(2025, 8, 1))

    assert world.events() == [(2, "continues", [number], [number]) for number in (1, 2, 3)]
    assert [world.number_of(topic) for topic in "abc"] == [1, 2, 3]
    assert [(row[0], row[5], row[6]) for row in world.warehouse.rows("read/clusters", scope="demo", version=2)] == [
        (number, DAY, f"N{number}") for number in (1, 2, 3)
    ]


def test_a_version_of_the_same_papers_is_not_made_twice(world: World) -> None:
    """Who asks again, after a kill for instance, gets the version that is there."""
    world.add("a", 1)
    assert world.rebaseline()["made anew, asked"] == 1
    assert "made anew, asked" not in world.rebaseline()
    assert world.warehouse.one("read/cluster_set", scope="demo")[0] == 2


@pytest.mark.parametrize("reason", ["model", "rule"])
def test_where_centroids_mean_nothing_any_more_a_version_is_made(
    world: World, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another model's vectors, or another way of grouping: with lineage, so that the numbers go on."""
    model = MODEL
    if reason == "model":
        model = "other"
        found = clusters.papers_of(world.warehouse, "demo", MODEL)
        rows = vectors.taken(world.warehouse, MODEL, found.places)[:, ::-1]
        vectors.store(world.warehouse, [derived.Text(one, "", None, (), "h") for one in found.ids], rows, model)
    else:
        monkeypatch.setattr("littriage.clusters.grouping.CLUSTER_RULE", "v9")
    before = world.places()
    counts = clustering.cluster(world.start(), {RULE: model})

    assert counts[f"made anew, {reason}"] == 1
    assert world.places() == before
    assert {event for _, event, *_ in world.events()} == {"continues"}


def test_a_killed_version_leaves_the_old_one(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle of writing, nothing is stored; the next run ends with the tables of an undisturbed one."""
    world.add("d", 20)
    world.add("a", 30)
    before = tables(world.warehouse)
    with monkeypatch.context() as patched:
        patched.setattr(clusters, "_insert_events", killed)
        for run in (world.week, world.rebaseline):
            with pytest.raises(KeyboardInterrupt):
                run()
            assert tables(world.warehouse) == before
    world.rebaseline()
    undisturbed = World(Warehouse.open(tmp_path / "undisturbed"))
    with undisturbed.warehouse:
        for topic, count in (("a", 40), ("b", 32), ("c", 28)):
            undisturbed.add(topic, count)
        undisturbed.week()
        undisturbed.add("d", 20)
        undisturbed.add("a", 30)
        undisturbed.rebaseline()
        assert tables(undisturbed.warehouse) == tables(world.warehouse)


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def tables(warehouse: Warehouse) -> list[list[tuple[Any, ...]]]:
    names = ("cluster_set", "cluster", "cluster_member", "cluster_event", "cluster_overlap", "derived")
    return [warehouse.connection.execute(f"select * from {name} order by all").fetchall() for name in names]


# --- lineage, worked by hand ------------------------------------------------------------------------------------


def placed(*groups: tuple[int | None, Iterable[int]]) -> dict[str, int | None]:
    return {str(paper): number for number, papers in groups for paper in papers}


def test_more_than_half_both_ways_goes_on() -> None:
    """6 of 10 papers stay together, and are 6 of the new one's 9 old ones: the number stays."""
    old = placed((5, range(10)), (6, range(10, 20)))
    new = placed((1, [*range(6), 10, 11, 12]), (2, [*range(6, 10), *range(13, 20)]), (None, []))
    found = lineage(old, new, [5, 6], 2, 6)

    assert found.numbers == {1: 5, 2: 6}
    assert found.overlaps == (Overlap(5, 5, 6), Overlap(5, 6, 4), Overlap(6, 5, 3), Overlap(6, 6, 7))
    assert found.events == (Event(C, (5,), (5,), (6,)), Event(C, (6,), (6,), (7,)))


def test_exactly_half_is_not_more() -> None:
    """Two halves of a cluster are two new ones, that come from it."""
    found = lineage(placed((1, range(10))), placed((1, range(5)), (2, range(5, 10))), [1], 2, 1)

    assert found.numbers == {1: 2, 2: 3}
    assert found.events == (Event(S, (1,), (2, 3), (5, 5)),)


def test_a_cluster_can_go_on_and_split_or_go_on_and_take_in() -> None:
    """The larger part keeps the number."""
    split = lineage(placed((1, range(10))), placed((1, range(7)), (2, range(7, 10))), [1], 2, 1)
    assert split.events == (Event(C, (1,), (1,), (7,)), Event(S, (1,), (1, 2), (7, 3)))
    merged = lineage(placed((1, range(7)), (2, range(7, 10))), placed((1, range(10))), [1, 2], 1, 2)
    assert merged.events == (Event(C, (1,), (1,), (7,)), Event(M, (1, 2), (1,), (7, 3)))


def test_papers_of_the_pool_make_a_cluster_born() -> None:
    """And a cluster whose papers have all gone dies, whatever its number was."""
    old = placed((None, range(8)), (2, range(8, 10)))
    found = lineage(old, placed((1, range(8)), (None, [8])), [1, 2], 1, 4)

    assert found.numbers == {1: 5}
    assert found.events == (Event(B, (), (5,)), Event(D, (1,), ()), Event(D, (2,), ()))
    assert found.overlaps == (Overlap(None, 5, 8), Overlap(2, None, 1))


def test_papers_that_only_one_version_holds_are_not_judged() -> None:
    """A hundred new papers in a cluster do not make it another one."""
    found = lineage(placed((1, range(3))), placed((1, range(103))), [1], 1, 1)

    assert found.events == (Event(C, (1,), (1,), (3,)),)


def test_nothing_comes_of_nothing() -> None:
    """No old clusters: all are born. No new ones: all die."""
    assert lineage({}, placed((1, [1]), (2, [2])), [], 2, 0).events == (Event(B, (), (1,)), Event(B, (), (2,)))
    assert lineage(placed((1, [1])), {}, [1], 0, 1).events == (Event(D, (1,), ()),)


_PLACES = st.dictionaries(st.integers(0, 40).map(str), st.one_of(st.none(), st.integers(1, 5)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(old=_PLACES, new=_PLACES)
def test_overlaps_add_up_and_no_number_is_given_twice(old: dict[str, int | None], new: dict[str, int | None]) -> None:
    """Every shared paper is in one overlap; each old cluster has a fate, each new one an origin and its own number."""
    found = lineage(old, new, range(1, 6), 5, 9)

    assert sum(one.papers for one in found.overlaps) == len(old.keys() & new.keys())
    for number in range(1, 6):
        own = [paper for paper, place in old.items() if place == number and paper in new]
        assert sum(one.papers for one in found.overlaps if one.old == number) == len(own)
    assert len(set(found.numbers.values())) == 5
    continued = {one.old[0] for one in found.events if one.kind is C}
    assert {number for number in found.numbers.values() if number <= 9} == continued
    assert {number for one in found.events for number in one.old} == set(range(1, 6))
    assert {number for one in found.events for number in one.new} == set(found.numbers.values())
    for one in found.events:
        assert len(one.papers) in (0, max(len(one.old), len(one.new)))


@settings(max_examples=30, deadline=None)
@given(old=_PLACES)
def test_the_same_clusters_under_other_names_all_go_on(old: dict[str, int | None]) -> None:
    """Whatever their places are called, as long as they have papers."""
    living = sorted({number for number in old.values() if number})
    order = {number: place for place, number in enumerate(reversed(living), 1)}
    found = lineage(old, {paper: number and order[number] for paper, number in old.items()}, living, len(living), 5)

    assert found.numbers == {place: number for number, place in order.items()}
    assert {one.kind for one in found.events} <= {C}


# --- what an older littriage left -------------------------------------------------------------------------------


def test_clusters_of_an_older_littriage_are_taken_over(tmp_path: Path) -> None:
    """As version 1, with their numbers and names; centroids come from their papers, and later papers find them."""
    with Warehouse.open(tmp_path) as warehouse:
        world = World(warehouse)
        first = [world.add(topic, count) for topic, count in (("b", 12), ("a", 20))]
        made_old(warehouse, {1: first[1], 2: first[0]})
    with Warehouse.open(tmp_path) as warehouse:
        world.warehouse = warehouse
        before = world.places()
        assert before == {**dict.fromkeys(first[1], 1), **dict.fromkeys(first[0], 2)}
        new = world.add("b", 5)
        world.week(date(2025, 8, 1))

        after = world.places()
        assert {id_: after[id_] for id_ in before} == before
        assert {after[id_] for id_ in new} <= {2, None}
        assert world.warehouse.rows("read/cluster_set", scope="demo")[0][6] == "taken over"
        rows = world.warehouse.rows("read/clusters", scope="demo", version=1)
        assert [(row[0], row[6], len(row[1])) for row in rows] == [(1, "One", _DIM), (2, None, _DIM)]
        assert all(-1 <= row[2] <= 1 for row in rows)


def made_old(warehouse: Warehouse, groups: dict[int, list[str]]) -> None:
    """The tables of clusters as they were before there were versions, with these clusters."""
    con = warehouse.connection
    for name in ("cluster", "cluster_member", "cluster_set", "cluster_overlap", "cluster_event"):
        con.execute(f"drop table {name}")
    con.execute(
        "create table cluster (direction text, number integer, label text, terms text[], papers integer, model text,"
        " name text, name_zh text, named_by text, primary key (direction, number))"
    )
    con.execute(
        "create table cluster_member (direction text, paper_id text, number integer, similarity float, place integer,"
        " primary key (direction, paper_id))"
    )
    for number, papers in groups.items():
        name = "One" if number == 1 else None
        con.execute("insert into cluster values ('demo', ?, 'l', ['t'], ?, ?, ?, ?, ?)",
                    [number, len(papers), MODEL, name, name, name])  # fmt: skip
        for place, paper in enumerate(papers, 1):
            con.execute("insert into cluster_member values ('demo', ?, ?, 0.5, ?)", [paper, number, place])
    con.execute("delete from migration where number = 11")
