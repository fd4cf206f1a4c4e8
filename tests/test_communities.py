"""Communities of the graph of nearest neighbours, and phrases that find a group's papers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from littriage.clusters.communities import LEAST, communities
from littriage.clusters.phrasing import MOST, Phrasing, phrasings
from littriage.neighbours import graph, neighbours


def planted(sizes: tuple[int, ...], dim: int = 24, seed: int = 1, noise: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    """Unit rows around as many axes as there are sizes, shuffled, and the axis of each."""
    random = np.random.default_rng(seed)
    of = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    rows = np.eye(dim, dtype=np.float32)[of] + noise * random.standard_normal((len(of), dim)).astype(np.float32)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), of


def groups(vectors: np.ndarray) -> list[np.ndarray]:
    return communities(graph(neighbours(vectors, seed=1)), vectors)


def test_planted_groups_are_found():
    """Four groups of different sizes come back whole, the largest first."""
    vectors, of = planted((200, 120, 80, 50))

    found = groups(vectors)

    assert [len(rows) for rows in found] == [200, 120, 80, 50]
    assert [set(of[rows]) for rows in found] == [{0}, {1}, {2}, {3}]
    assert all((np.diff(rows) > 0).all() for rows in found)


def test_the_same_papers_give_the_same_groups():
    """There is no chance in it: a second call, in the same process, gives the same rows."""
    vectors, _ = planted((150,) * 6, noise=0.5)

    assert all(np.array_equal(one, other) for one, other in zip(groups(vectors), groups(vectors), strict=True))


def test_a_group_too_small_to_tell_a_trend_goes_to_the_nearest():
    vectors, of = planted((200, 150, LEAST - 1))

    found = groups(vectors)

    assert [len(rows) >= LEAST for rows in found] == [True, True]
    assert sorted(np.concatenate(found)) == list(range(len(of)))


@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=5))
@settings(max_examples=25, deadline=None)
def test_every_paper_is_in_exactly_one_group(sizes: list[int]):
    """Whatever the sizes; and each paper is as near to its group's mean as one that came later would be put."""
    vectors, of = planted(tuple(sizes))

    found = groups(vectors)

    assert sorted(np.concatenate(found)) == list(range(len(of)))
    assert [len(rows) for rows in found] == sorted((len(rows) for rows in found), reverse=True)


def test_few_papers_are_one_group_and_none_are_none():
    vectors, _ = planted((12,))

    assert [rows.tolist() for rows in groups(vectors)] == [list(range(12))]
    assert [rows.tolist() for rows in groups(vectors[:1])] == [[0]]
    assert communities(csr_array((0, 0)), np.empty((0, 24), np.float32)) == []


def test_papers_without_any_edge_are_one_group():
    """Rows at right angles have no neighbour that is alike at all."""
    vectors = np.eye(4, dtype=np.float32)

    assert [rows.tolist() for rows in groups(vectors)] == [[0, 1, 2, 3]]


def test_a_graph_of_other_papers_is_refused():
    vectors, _ = planted((40,))

    with pytest.raises(ValueError, match=r"graph of shape \(39, 39\) came with 40 vectors"):
        communities(csr_array((39, 39)), vectors)


# --- phrases ----------------------------------------------------------------------------------------------------


def phrasing(own: list[str], others: list[str], papers: int) -> Phrasing | None:
    """Of titles alone; the others stand for all papers of the field that are not the group's own."""
    texts = [(title, None) for title in [*own, *others]]
    (found,) = phrasings(texts, [np.arange(len(own))], np.arange(len(own), len(texts)), papers)
    return found


def test_the_phrases_of_a_group_find_it_and_little_else():
    """10 of 12 have one of two phrases, which 1 of 100 others has, each of which stands for two."""
    own = [*["Kelp forests in spring"] * 5, *["Sea urchins"] * 5, "Nothing", "Matters otherwise"]
    others = ["Sea urchins", *["Roads and bridges"] * 99]

    found = phrasing(own, others, 12 + 200)

    assert found is not None
    assert len(found.phrases) == 2
    assert found.found == pytest.approx(10 / 12)
    assert found.exact == pytest.approx(10 / 12)


def test_phrases_that_all_papers_have_are_not_taken():
    own = ["Deep networks for kelp"] * 20
    others = ["Deep networks for roads"] * 200

    found = phrasing(own, others, 2_000)

    assert found is not None
    assert "kelp" in " ".join(found.phrases)
    assert (found.found, found.exact) == (1.0, 1.0)


def test_a_sampled_paper_of_the_group_is_not_held_against_it():
    """The sample is of the whole field, and may hold the group's own papers."""
    texts = [*[("Kelp forests", None)] * 8, *[("Roads", None)] * 30]

    (found,) = phrasings(texts, [np.arange(8)], np.arange(len(texts)), 1_000)

    assert found is not None
    assert (found.found, found.exact) == (1.0, 1.0)


def test_without_common_phrases_there_is_no_query():
    assert phrasing(["One thing", "Another matter"], ["Roads"], 10) is None


def test_a_query_stays_short():
    """However many phrases would help."""
    kinds = ("ash", "birch", "cedar", "elm", "fir", "gum", "holly", "ivy", "juniper", "larch", "maple", "oak", "pine")
    own = [f"The {kind} tree-{kind}" for kind in kinds for _ in range(6)]

    found = phrasing(own, ["Roads"] * 50, 200)

    assert found is not None
    assert len(found.phrases) <= MOST
