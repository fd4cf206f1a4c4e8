"""Membership: what the rule reads, what it answers, and what must not change it."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import FakeEmbedder
from littriage.errors import SettingsError, UnknownDirection
from littriage.membership import RULES, Rule, hit_features, memberships, prototypes, rule_for
from littriage.model import Direction, Exemplar, LexicalHit, Query

RULE = Rule("v1/test", intercept=-1.0, weights=(2.0, 0.5, 0.25), threshold=0.5)
SOUP = Direction(
    "soup", "food", "Soup", "汤", "How to boil vegetables",
    Query((("soup", "broth"), ("boil",))),
    (Exemplar("Tomato soup", 2020, "2001.00001"), Exemplar("Onion broth", 2021), Exemplar("Leek", 2022, "2201.00003")),
)  # fmt: skip
BREAD = Direction("bread", "food", "Bread", "面包", "How to bake dough", Query((("bread",),)))
LONE = Direction(
    "lone", "food", "Lone", "孤", "One exemplar", Query((("lone",),)), (Exemplar("It", 2020, "2001.00009"),)
)
DIRECTIONS = (SOUP, BREAD, LONE)
EMBEDDER = FakeEmbedder()
PROTOTYPES = prototypes(DIRECTIONS, EMBEDDER)


def vectors(*texts: str) -> np.ndarray:
    return EMBEDDER.encode(texts)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_a_prototype_is_half_scope_and_half_exemplars() -> None:
    """Name with scope sentence on one side, the mean of the exemplars' titles on the other."""
    scope, *titles = vectors("Soup. How to boil vegetables", "Tomato soup", "Onion broth", "Leek")
    expected = unit(scope + unit(np.mean(titles, axis=0)))

    assert np.allclose(PROTOTYPES.matrix[PROTOTYPES.row("soup", "9999.00001")], expected)


def test_a_paper_is_no_evidence_for_itself() -> None:
    """An exemplar is judged by the prototype that is made without it, in its own direction only."""
    scope, onion, leek = vectors("Soup. How to boil vegetables", "Onion broth", "Leek")

    assert np.allclose(PROTOTYPES.matrix[PROTOTYPES.row("soup", "2001.00001")], unit(scope + unit((onion + leek) / 2)))
    assert PROTOTYPES.row("bread", "2001.00001") == PROTOTYPES.row("bread", "9999.00001")


def test_without_exemplars_the_scope_is_the_prototype() -> None:
    """No exemplar at all, or only the one that is being judged."""
    bread, lone = vectors("Bread. How to bake dough", "Lone. One exemplar")

    assert np.allclose(PROTOTYPES.matrix[PROTOTYPES.row("bread", "x")], bread)
    assert np.allclose(PROTOTYPES.matrix[PROTOTYPES.row("lone", "2001.00009")], lone)


def test_the_rule_by_hand() -> None:
    """similarity s, the title matches 1 of 2 groups: logit = -1 + 2 s + 0.5 x 0 + 0.25 x 0.5."""
    paper = vectors("Soup. How to boil vegetables")
    (found,) = memberships(PROTOTYPES, ["p"], paper, [(LexicalHit("soup", False, 1, 3),)], RULE)
    similarity = float(paper[0] @ PROTOTYPES.matrix[0])

    assert found.similarity == pytest.approx(similarity)
    assert found.probability == pytest.approx(1 / (1 + math.exp(-(-1 + 2 * similarity + 0.125))))
    assert found.member is (found.probability >= 0.5)
    assert (found.paper_id, found.direction, found.rule) == ("p", "soup", "v1/test")


def test_every_hit_of_every_paper_is_answered_in_order() -> None:
    """Two hits, none, one."""
    bread, soup = LexicalHit("bread", True, 1, 1), LexicalHit("soup", True, 2, 2)
    found = memberships(PROTOTYPES, ["a", "b", "c"], vectors("x", "y", "z"), [(bread, soup), (), (soup,)], RULE)

    assert [(one.paper_id, one.direction) for one in found] == [("a", "bread"), ("a", "soup"), ("c", "soup")]
    assert [one.hit for one in found] == [bread, soup, soup]


def test_no_papers_no_memberships() -> None:
    """An empty batch is no error."""
    assert memberships(PROTOTYPES, [], np.empty((0, 256), np.float32), [], RULE) == ()
    assert prototypes([], FakeEmbedder(dim=4)).matrix.shape == (0, 4)


def test_large_batches_are_cut_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pairs that are multiplied at once change no bit."""
    hit = LexicalHit("soup", True, 2, 2)
    papers = [f"p{number}" for number in range(50)]
    rows = vectors(*(f"soup {number} leek" for number in range(50)))
    whole = hit_features(PROTOTYPES, papers, rows, [(hit,)] * 50)
    monkeypatch.setattr("littriage.membership._PAIRS_AT_ONCE", 7)

    assert np.array_equal(whole, hit_features(PROTOTYPES, papers, rows, [(hit,)] * 50))


def test_a_hit_of_an_unknown_direction_is_an_error() -> None:
    """Prototypes must be made from all the directions that were matched."""
    with pytest.raises(UnknownDirection, match="no prototype of cake"):
        memberships(PROTOTYPES, ["p"], vectors("x"), [(LexicalHit("cake", True, 1, 1),)], RULE)


def test_a_model_without_a_rule_is_an_error() -> None:
    """Cosines of another model are on another scale: no rule is guessed, and the error says what to do."""
    with pytest.raises(SettingsError, match="fit_membership") as caught:
        rule_for("other-model@abc")
    assert pickle.loads(pickle.dumps(caught.value)).parts == {"model": "other-model@abc"}


@pytest.mark.parametrize("name", sorted(RULES))
def test_shipped_rules_never_punish_evidence(name: str) -> None:
    """Nearer, and more of the query in the title, is never less likely; the revision does not choose the rule."""
    rule = rule_for(f"{name}@any")

    assert rule.name == f"v1/{name}"
    assert min(rule.weights) > 0
    assert 0 < rule.threshold < 1


hits = st.lists(
    st.one_of(
        st.builds(LexicalHit, st.just("soup"), st.booleans(), st.integers(0, 2), st.integers(1, 5)),
        st.builds(LexicalHit, st.just("bread"), st.booleans(), st.integers(0, 1), st.integers(1, 5)),
    ),
    max_size=3,
)
papers = st.lists(st.tuples(st.text("soup bread 汤", min_size=1, max_size=20), hits), max_size=6)


@settings(max_examples=40)
@given(papers=papers, order=st.randoms(use_true_random=False))
def test_shuffling_papers_changes_nothing(papers: list[tuple[str, list[LexicalHit]]], order: object) -> None:
    """Probabilities lie between 0 and 1, and each paper's answer is its own."""

    def judge(chosen: list[int]) -> dict[tuple[str, str], object]:
        rows = vectors(*(papers[number][0] for number in chosen))
        found = memberships(PROTOTYPES, [f"p{number}" for number in chosen], rows, [papers[n][1] for n in chosen])
        assert all(0 <= one.probability <= 1 for one in found)
        return {(one.paper_id, f"{one.hit}"): one for one in found}

    shuffled = list(range(len(papers)))
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge(shuffled) == judge(list(range(len(papers))))
