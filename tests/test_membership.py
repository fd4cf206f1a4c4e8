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
from littriage.membership import (
    FEATURES,
    RULES,
    SIGNS,
    Curve,
    GreyBand,
    Rule,
    first_sentence,
    grey_band,
    hit_features,
    memberships,
    prototypes,
    rule_for,
    rule_named,
)
from littriage.model import Direction, Exemplar, Label, LexicalHit, Query

RULE = Rule(
    "v2/test",
    core=Curve(-1.0, (2.0, -0.5, 0.25, -1.0)), threshold=0.5,
    any=Curve(0.0, (2.0, -0.5, 0.25, -1.0)), threshold_any=0.6,
)  # fmt: skip
SOUP = Direction(
    "soup", "food", "Soup", "汤", "How to boil vegetables. Bread is outside.",
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


def hit(direction: str, mentions: int = 1, read_share: float = 1.0) -> LexicalHit:
    return LexicalHit(direction, False, 0, 1, mentions, read_share)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_a_prototype_is_half_scope_and_half_exemplars() -> None:
    """Name with the scope's first sentence on one side, the mean of the exemplars' titles on the other."""
    scope, *titles = vectors("Soup. How to boil vegetables.", "Tomato soup", "Onion broth", "Leek")
    expected = unit(scope + unit(np.mean(titles, axis=0)))

    assert np.allclose(PROTOTYPES.matrix[PROTOTYPES.row("soup", "9999.00001")], expected)


def test_a_paper_is_no_evidence_for_itself() -> None:
    """An exemplar is judged by the prototype that is made without it, in its own direction only."""
    scope, onion, leek = vectors("Soup. How to boil vegetables.", "Onion broth", "Leek")

    assert np.allclose(PROTOTYPES.matrix[PROTOTYPES.row("soup", "2001.00001")], unit(scope + unit((onion + leek) / 2)))
    assert PROTOTYPES.row("bread", "2001.00001") == PROTOTYPES.row("bread", "9999.00001")


def test_without_exemplars_the_scope_is_the_prototype() -> None:
    """No exemplar at all, or only the one that is being judged."""
    bread, lone = vectors("Bread. How to bake dough", "Lone. One exemplar")

    assert np.allclose(PROTOTYPES.matrix[PROTOTYPES.row("bread", "x")], bread)
    assert np.allclose(PROTOTYPES.matrix[PROTOTYPES.row("lone", "2001.00009")], lone)


@pytest.mark.parametrize(
    ("scope", "first"),
    [
        ("What belongs. What does not.", "What belongs."),
        ("Only one sentence, e.g. this one", "Only one sentence, e.g. this one"),
        ("Is it this? Not that! Nor that.", "Is it this?"),
        ("Models of about 1.5 billion weights vs. small ones. Others are outside.",
         "Models of about 1.5 billion weights vs. small ones."),
        ("属于它的。不属于它的。", "属于它的。"),
        ("", ""),
    ],
)  # fmt: skip
def test_only_the_first_sentence_of_a_scope_makes_the_prototype(scope: str, first: str) -> None:
    """The others say what is outside."""
    assert first_sentence(scope) == first


def test_features_by_hand() -> None:
    """A paper whose vector is bread's: no other is nearer to it than bread; of soup's two rivals one is nearer."""
    paper = vectors("Bread. How to bake dough")
    found = hit_features(PROTOTYPES, ["p"], paper, [(hit("bread", 2, 0.25), hit("soup", 1, 1.0))])

    assert FEATURES == ("similarity", "nearer", "repeated", "reach")
    assert found[0] == pytest.approx([1.0, 0.0, 1.0, 0.5], abs=1e-6)
    assert found[1] == pytest.approx([float(paper[0] @ PROTOTYPES.matrix[0]), math.log(51), 0.0, 1.0], abs=1e-6)


def test_the_rule_by_hand() -> None:
    """logit = -1 + 2 s - 0.5 log(1 + 0) + 0.25 x 1 - 1 x 0.5; core or related lies 1 higher."""
    paper = vectors("Soup. How to boil vegetables")
    (found,) = memberships(PROTOTYPES, ["p"], paper, [(hit("soup", 3, 0.25),)], RULE)
    similarity = float(paper[0] @ PROTOTYPES.matrix[0])
    logit = -1 + 2 * similarity + 0.25 - 0.5

    assert found.similarity == pytest.approx(similarity)
    assert found.probability == pytest.approx(1 / (1 + math.exp(-logit)))
    assert found.probability_any == pytest.approx(1 / (1 + math.exp(-logit - 1)))
    assert (found.paper_id, found.direction, found.rule) == ("p", "soup", "v2/test")


@pytest.mark.parametrize(
    ("core", "either", "label", "probability_any"),
    [
        (3.0, 4.0, Label.CORE, 0.982),
        (-3.0, 3.0, Label.RELATED, 0.953),
        (-3.0, 0.0, Label.OUT, 0.5),
        (3.0, -3.0, Label.CORE, 0.953),  # the two curves cross: core is core or related
    ],
)
def test_a_label_is_the_nearest_that_the_rule_reaches(
    core: float, either: float, label: Label, probability_any: float
) -> None:
    """Core from one threshold on, related from the other; core or related is never less likely than core."""
    rule = Rule("v2/test", Curve(core, (0.0,) * 4), 0.5, Curve(either, (0.0,) * 4), 0.6)
    (found,) = memberships(PROTOTYPES, ["p"], vectors("x"), [(hit("soup"),)], rule)

    assert found.label is label
    assert found.member is (label is Label.CORE)
    assert found.probability_any == pytest.approx(probability_any, abs=1e-3)


def test_an_exemplar_does_not_make_its_own_direction_a_rival() -> None:
    """An exemplar of soup is judged for bread, too, beside a prototype of soup that is made without it."""
    paper = vectors("Tomato soup bread with dough for it")
    of_another, of_itself = (
        hit_features(PROTOTYPES, [name], paper, [(hit("bread"), hit("soup"))]) for name in ("9999.1", "2001.00001")
    )
    without = float(paper[0] @ PROTOTYPES.matrix[PROTOTYPES.row("soup", "2001.00001")])
    bread, lone = (float(paper[0] @ PROTOTYPES.matrix[PROTOTYPES.rows[slug]]) for slug in ("bread", "lone"))

    assert of_itself[1, 0] == pytest.approx(without)
    assert of_itself[0, 1] == pytest.approx(math.log1p(50 * ((without > bread) + (lone > bread))))
    assert of_another[1, 0] > of_itself[1, 0]


def test_a_catalogue_of_one_direction_has_no_rivals() -> None:
    """Nothing is nearer where nothing else is."""
    alone = prototypes([BREAD], EMBEDDER)

    assert hit_features(alone, ["p"], vectors("soup"), [(hit("bread"),)])[0, 1] == 0.0


def test_every_hit_of_every_paper_is_answered_in_order() -> None:
    """Two hits, none, one."""
    bread, soup = hit("bread"), hit("soup", 2)
    found = memberships(PROTOTYPES, ["a", "b", "c"], vectors("x", "y", "z"), [(bread, soup), (), (soup,)], RULE)

    assert [(one.paper_id, one.direction) for one in found] == [("a", "bread"), ("a", "soup"), ("c", "soup")]
    assert [one.hit for one in found] == [bread, soup, soup]


def test_no_papers_no_memberships() -> None:
    """An empty batch is no error."""
    assert memberships(PROTOTYPES, [], np.empty((0, 256), np.float32), [], RULE) == ()
    assert memberships(PROTOTYPES, ["a", "b"], vectors("x", "y"), [(), ()], RULE) == ()
    assert prototypes([], FakeEmbedder(dim=4)).matrix.shape == (0, 4)


def test_large_batches_are_cut_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hits that are weighed at once change no bit, exemplars and papers without a hit among them."""
    papers = ["2001.00001", "2201.00003", *(f"p{number}" for number in range(48))]
    rows = vectors(*(f"soup {number} leek bread" for number in range(50)))
    hits = [(hit("soup"), hit("bread"))[: number % 3] for number in range(50)]
    whole = hit_features(PROTOTYPES, papers, rows, hits)
    monkeypatch.setattr("littriage.membership._HITS_AT_ONCE", 7)

    assert np.array_equal(whole, hit_features(PROTOTYPES, papers, rows, hits))


def test_a_hit_of_an_unknown_direction_is_an_error() -> None:
    """Prototypes must be made from all the directions that were matched."""
    with pytest.raises(UnknownDirection, match="no prototype of cake"):
        memberships(PROTOTYPES, ["p"], vectors("x"), [(hit("cake"),)], RULE)


def test_a_model_without_a_rule_is_an_error() -> None:
    """Cosines of another model are on another scale: no rule is guessed, and the error says what to do."""
    with pytest.raises(SettingsError, match="fit_membership") as caught:
        rule_for("other-model@abc")
    assert pickle.loads(pickle.dumps(caught.value)).parts == {"model": "other-model@abc"}


@pytest.mark.parametrize("name", sorted(RULES))
def test_shipped_rules_never_punish_evidence(name: str) -> None:
    """Nearer, unrivalled, again and early are never less likely; the revision does not choose the rule."""
    rule = rule_for(f"{name}@any")

    assert rule.name == f"v2/{name}"
    assert rule_named(rule.name) is rule
    for curve in (rule.core, rule.any):
        assert all(weight * sign >= 0 for weight, sign in zip(curve.weights, SIGNS, strict=True))
    assert 0 < rule.grey.low < rule.threshold < rule.grey.high < 1
    assert 0 < rule.threshold_any < 1


def test_memberships_of_an_older_rule_are_an_error_that_says_what_to_do() -> None:
    """A stored rule that this version does not have cannot be read as another."""
    with pytest.raises(SettingsError, match=r"v1/fast.*v2/fast.*littriage run"):
        rule_named("v1/fast")


# --- the grey band ----------------------------------------------------------------------------------------------


def test_a_grey_band_by_hand() -> None:
    """Core at .9 .8 .6 .3, the rest at .7 .5 .2: one of four core may be lost; from .8 on every second is right."""
    probabilities = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.3, 0.2])
    core = np.array([1, 1, 0, 1, 0, 1, 0], bool)

    assert grey_band(probabilities, core, recall_floor=0.75, precision_floor=1.0) == GreyBand(0.6, 0.8)
    assert grey_band(probabilities, core, recall_floor=0.76, precision_floor=1.0) == GreyBand(0.3, 0.8)
    assert grey_band(probabilities, core, recall_floor=1.0, precision_floor=0.75) == GreyBand(0.3, 0.6)
    assert GreyBand(0.3, 0.6).grey(probabilities).tolist() == [False, False, False, False, True, True, False]


def test_equal_probabilities_are_never_told_apart() -> None:
    """Of two hits at .5 one is core: the precision from .5 on is a half, not the 1 of the first alone."""
    both = np.array([0.5, 0.5, 0.1])

    assert grey_band(both, np.array([True, False, False]), 1.0, 0.9) == GreyBand(0.5, 1.0)


def test_nothing_is_grey_where_one_value_keeps_both_promises() -> None:
    """All core above, all others below: from .8 on all are core, and so they are from any value above .2 on."""
    assert grey_band(np.array([0.9, 0.8, 0.2]), np.array([True, True, False]), 1.0, 0.9) == GreyBand(0.8, 0.8)
    assert grey_band(np.array([0.9, 0.8, 0.2]), np.array([True, True, False]), 1.0, 0.6) == GreyBand(0.2, 0.2)
    with pytest.raises(ValueError, match="core hit"):
        grey_band(np.array([0.9]), np.array([False]))


@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40).filter(
        lambda hits: any(core for _, core in hits)
    ),
    st.floats(0.5, 1),
    st.floats(0.5, 1),
)
def test_a_grey_band_keeps_both_promises(hits: list[tuple[int, bool]], recall: float, precision: float) -> None:
    """Enough of the core papers lie at or above `low`; enough of the hits at or above `high` are core."""
    probabilities, core = np.array([p / 20 for p, _ in hits]), np.array([core for _, core in hits])
    band = grey_band(probabilities, core, recall, precision)
    above = probabilities >= band.high

    assert band.low <= band.high
    assert (probabilities[core] >= band.low).mean() >= recall - 1e-9
    assert band.high == 1.0 or core[above].mean() >= precision - 1e-9


hits = st.lists(
    st.one_of(
        st.builds(hit, st.just("soup"), st.integers(1, 5), st.floats(0.01, 1)),
        st.builds(hit, st.just("bread"), st.integers(1, 5), st.floats(0.01, 1)),
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
