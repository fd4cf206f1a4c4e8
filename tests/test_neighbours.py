"""Nearest neighbours: exact where that is cheap, near enough above, and the same however the papers came."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from littriage.neighbours import Neighbours, graph, neighbours, updated, without

Vectors = NDArray[np.float32]


def unit(rows: NDArray[np.floating]) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def topics(count: int, dim: int = 32, *, seed: int = 0) -> Vectors:
    """Unit rows around forty centres."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((40, dim))
    return unit(centres[random.integers(0, 40, count)] + 0.8 * random.standard_normal((count, dim)))


def by_hand(vectors: Vectors, k: int) -> NDArray[np.float32]:
    """The cosines of the k nearest others, by comparing all and sorting; -inf where there are fewer."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    highest = -np.sort(-cosines, axis=1)[:, :k]
    return np.pad(highest, ((0, 0), (0, k - highest.shape[1])), constant_values=-np.inf)


def recall(found: Neighbours, vectors: Vectors) -> float:
    k = found.indices.shape[1]
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    true = np.argsort(-cosines, axis=1)[:, :k]
    return float((found.indices[:, :, None] == true[:, None, :]).any(axis=1).mean())


def is_whole(found: Neighbours, vectors: Vectors) -> None:
    """What holds of every graph, exact or not."""
    rows, k = np.arange(len(vectors))[:, None], found.indices.shape[1]
    known = found.indices >= 0
    assert (known.sum(axis=1)[:, None] > np.arange(k)).tolist() == known.tolist()  # the empty places are the last
    assert not (found.indices == rows).any()
    named = np.sort(np.where(known, found.indices, -1 - np.arange(k)), axis=1)
    assert (np.diff(named, axis=1) > 0).all()  # none twice
    assert np.isneginf(found.cosines[~known]).all()
    cosines = np.einsum("rkd,rd->rk", vectors[found.indices], vectors) if len(vectors) else found.cosines
    np.testing.assert_allclose(found.cosines[known], cosines[known], atol=1e-5)
    assert (found.cosines[:, :-1] >= found.cosines[:, 1:]).all()


def test_three_papers_worked_by_hand() -> None:
    """Cosines 0.8, 0.6 and 0.96."""
    found = neighbours(np.array([[1, 0], [0.8, 0.6], [0.6, 0.8]], np.float32), 2, seed=1)
    assert found.indices.tolist() == [[1, 2], [2, 0], [1, 0]]
    np.testing.assert_allclose(found.cosines, [[0.8, 0.6], [0.96, 0.8], [0.96, 0.6]], rtol=1e-6)
    assert (found.method, found.recall, found.indices.dtype, found.cosines.dtype) == ("exact", 1.0, "int32", "float32")


def test_fewer_papers_than_neighbours_leave_places_empty() -> None:
    assert neighbours(np.empty((0, 8), np.float32), 3, seed=1).indices.shape == (0, 3)
    alone = neighbours(np.eye(1, 4, dtype=np.float32), 3, seed=1)
    assert alone.indices.tolist() == [[-1, -1, -1]]
    assert np.isneginf(alone.cosines).all()
    two = neighbours(np.array([[1, 0], [0, 1]], np.float32), 3, seed=1)
    assert two.indices.tolist() == [[1, -1, -1], [0, -1, -1]]
    assert two.cosines[:, 0].tolist() == [0, 0]


def test_papers_of_one_text_are_each_others_neighbours_and_never_their_own() -> None:
    same = np.repeat(np.eye(1, 4, dtype=np.float32), 50, axis=0)
    for exact_up_to in (50, 0):
        found = neighbours(same, 5, seed=1, exact_up_to=exact_up_to)
        is_whole(found, same)
        assert (found.cosines == 1).all()


@given(count=st.integers(0, 60), k=st.integers(1, 8), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_the_exact_graph_holds_the_highest_cosines(count: int, k: int, seed: int) -> None:
    vectors = topics(count, 4, seed=seed)
    found = neighbours(vectors, k, seed=1)
    is_whole(found, vectors)
    np.testing.assert_allclose(found.cosines, by_hand(vectors, k), atol=1e-6)


def test_the_exact_graph_is_exact_over_several_blocks() -> None:
    vectors = topics(2_500, 16)
    np.testing.assert_allclose(neighbours(vectors, 15, seed=1).cosines, by_hand(vectors, 15), atol=1e-6)


@given(counts=st.lists(st.integers(0, 25), min_size=1, max_size=4), k=st.integers(1, 6), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_papers_in_any_portions_give_the_graph_of_all(counts: list[int], k: int, seed: int) -> None:
    vectors = topics(sum(counts), 4, seed=seed)
    found = neighbours(vectors[: counts[0]], k, seed=1)
    for end in np.cumsum(counts)[1:]:
        found = updated(found, vectors[:end], seed=1)
    is_whole(found, vectors)
    np.testing.assert_allclose(found.cosines, by_hand(vectors, k), atol=1e-6)


@given(gone=st.lists(st.booleans(), min_size=1, max_size=50), k=st.integers(1, 6), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_papers_that_go_leave_the_graph_of_the_rest(gone: list[bool], k: int, seed: int) -> None:
    vectors, out = topics(len(gone), 4, seed=seed), np.array(gone)
    left = without(neighbours(vectors, k, seed=1), vectors[~out], out, seed=1)
    is_whole(left, vectors[~out])
    np.testing.assert_allclose(left.cosines, by_hand(vectors[~out], k), atol=1e-6)


def test_the_approximate_graph_reaches_its_recall_and_says_so() -> None:
    vectors = topics(3_000)
    found = neighbours(vectors, 10, seed=3, exact_up_to=0)
    is_whole(found, vectors)
    assert found.lists is not None
    assert 1 < found.lists.probes < found.lists.reach < len(found.lists.centres) / 2  # it did not compare all
    assert found.recall >= 0.95
    assert recall(found, vectors) == pytest.approx(found.recall, abs=0.02)
    assert found.method == f"ivf lists=153 nprobe={found.lists.probes} recall={found.recall:.3f}"


def test_more_recall_asks_for_more_lists() -> None:
    vectors = topics(2_000)
    low, high = (neighbours(vectors, 10, seed=3, recall=asked, exact_up_to=0) for asked in (0.7, 0.99))
    assert low.lists
    assert high.lists
    assert low.lists.probes < high.lists.probes
    assert recall(low, vectors) < 0.95 < recall(high, vectors)


def test_the_same_seed_gives_the_same_graph() -> None:
    vectors = topics(1_000)
    one, other = (neighbours(vectors, 10, seed=3, exact_up_to=0) for _ in range(2))
    np.testing.assert_array_equal(one.indices, other.indices)
    np.testing.assert_array_equal(one.cosines, other.cosines)


def test_ten_weeks_of_new_papers_cost_no_recall() -> None:
    """New papers find their neighbours, and old papers find the new ones."""
    vectors = topics(2_200)
    found = neighbours(vectors[:2_000], 10, seed=3, exact_up_to=0)
    centres = found.lists.centres if found.lists else None
    for end in range(2_020, 2_201, 20):
        found = updated(found, vectors[:end], seed=3, exact_up_to=0)
    is_whole(found, vectors)
    assert found.lists
    assert found.lists.centres is centres  # it was not made anew
    assert found.lists.measured == 2_200  # a tenth more: its recall was measured again
    assert recall(found, vectors) >= 0.95
    new = found.indices[:2_000] >= 2_000
    true = np.argsort(-(vectors[:2_000] @ vectors.T), axis=1)[:, 1:11] >= 2_000
    assert new.sum() >= 0.95 * true.sum()


def test_an_approximate_graph_without_some_papers_keeps_its_recall() -> None:
    vectors = topics(2_000)
    gone = np.zeros(2_000, np.bool_)
    gone[::150] = True
    old = neighbours(vectors, 10, seed=3, exact_up_to=0)
    left = without(old, vectors[~gone], gone, seed=3, exact_up_to=0)
    is_whole(left, vectors[~gone])
    assert (left.indices >= 0).all()
    assert left.lists
    assert old.lists
    assert left.lists.centres is old.lists.centres
    assert recall(left, vectors[~gone]) >= 0.95


def test_a_paper_that_is_nobodys_neighbour_goes_without_a_trace() -> None:
    vectors = np.append(topics(500), unit(-topics(500).mean(axis=0)[None]), axis=0)
    gone = np.arange(501) == 500
    old = neighbours(vectors, 5, seed=3, exact_up_to=0)
    assert not (old.indices == 500).any()
    left = without(old, vectors[:500], gone, seed=3, exact_up_to=0)
    np.testing.assert_array_equal(left.indices, old.indices[:500])


def test_a_graph_that_outgrows_the_exact_way_is_made_anew() -> None:
    vectors = topics(1_000)
    found = updated(neighbours(vectors[:900], 5, seed=3, exact_up_to=900), vectors, seed=3, exact_up_to=900)
    assert found.lists
    assert found.lists.measured == 1_000


def test_recall_that_has_fallen_below_what_is_asked_makes_the_graph_anew() -> None:
    vectors = topics(2_200)
    poor = neighbours(vectors[:2_000], 10, seed=3, recall=0.5, exact_up_to=0)
    found = updated(poor, vectors, seed=3, recall=0.95, exact_up_to=0)
    assert recall(found, vectors) >= 0.95


def test_nothing_new_and_nothing_gone_changes_nothing() -> None:
    vectors = topics(30)
    found = neighbours(vectors, 5, seed=1)
    assert updated(found, vectors, seed=1) is found
    assert without(found, vectors, np.zeros(30, np.bool_), seed=1) is found


def test_the_graph_for_clustering_is_symmetric_and_weighted_by_cosine() -> None:
    """The third paper points away from the first: no edge. The first two are 0.8 apart, the last two 0.28."""
    vectors = np.array([[1, 0], [0.8, 0.6], [-0.352, 0.936]], np.float32)
    edges = graph(neighbours(vectors, 2, seed=1))
    np.testing.assert_allclose(edges.toarray(), [[0, 0.8, 0], [0.8, 0, 0.28], [0, 0.28, 0]], atol=1e-6)


def test_what_does_not_fit_is_refused() -> None:
    vectors = topics(5)
    found = neighbours(vectors, 2, seed=1)
    with pytest.raises(ValueError, match="no 0 neighbours"):
        neighbours(vectors, 0, seed=1)
    with pytest.raises(ValueError, match="shape"):
        neighbours(vectors[0], 2, seed=1)
    with pytest.raises(ValueError, match="5 rows cannot be brought up to 4"):
        updated(found, vectors[:4], seed=1)
    with pytest.raises(ValueError, match="4 vectors came for 5 rows"):
        without(found, vectors[:4], np.zeros(5, np.bool_), seed=1)
