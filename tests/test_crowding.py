"""Signs of saturation beside the counts, on papers whose truth is known."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from littriage.crowding import Lack, Sign, SignKind
from littriage.crowding import redundancy as redundant
from littriage.crowding.intervals import difference
from littriage.crowding.kinds import (
    POLICY_BREAKS,
    KindCount,
    is_first_application,
    is_review,
    kinds,
)
from littriage.crowding.papers import Authored, Papers, Reference, Span, month_number
from littriage.crowding.people import folded_name, people, shrunk
from littriage.crowding.redundancy import near_duplicates, redundancy
from littriage.crowding.subtopics import entropy, subtopics
from littriage.crowding.whole import FieldMaterial, Material, signs_of
from littriage.proportions import wilson

LAST = month_number(date(2020, 12, 1))
FIRST = LAST - 59
DIM = 12
ALL = Span(LAST, frozenset(range(FIRST, LAST + 1)))


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def drawn(each: int, *, seed: int, name: str, centre: float = 0.0, months: range = range(FIRST, LAST + 1)) -> Papers:
    """`each` random papers a month; with a centre, they crowd around one direction of the space."""
    random = np.random.default_rng(seed)
    count = each * len(months)
    rows = random.normal(size=(count, DIM)) + 0.5
    rows[:, 0] += centre
    return Papers.of([f"{name}{number}" for number in range(count)], np.repeat(list(months), each), unit(rows))


@cache
def the_field() -> Reference:
    return Reference(drawn(60, seed=1, name="field"))


def joined(*parts: Papers) -> Papers:
    return Papers.of(
        [one for part in parts for one in part.ids],
        np.concatenate([part.months for part in parts]),
        np.concatenate([part.vectors for part in parts]),
    )


def by_kind(signs: tuple[Sign, ...]) -> dict[SignKind, Sign]:
    return {one.kind: one for one in signs}


def value(sign: Sign) -> float:
    assert sign.value is not None
    return sign.value


# --- redundancy -------------------------------------------------------------------------------------------------


def test_with_50_earlier_papers_redundancy_is_the_mean_of_the_nearest_five():
    """Nothing is left to sample: 50 papers in one early month, and the centring, worked out by hand."""
    early, late = (drawn(each, seed=seed, name=name, months=range(month, month + 1))
                   for each, seed, name, month in ((50, 2, "a", FIRST), (20, 3, "b", LAST)))  # fmt: skip
    own, field = joined(early, late), the_field()
    sign = redundancy(own, field, ALL, "m")[0]

    def centred(papers: Papers, month: int) -> NDArray[np.float64]:
        rows = papers.vectors - field.papers.vectors[field.papers.months == month].mean(axis=0)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    cosines = centred(late, LAST) @ centred(early, FIRST).T
    assert sign.measured == pytest.approx(np.sort(cosines, axis=1)[:, -5:].mean(), abs=1e-5)
    assert (sign.n, sign.coverage) == (20, 1.0)


def test_the_sample_is_what_many_draws_would_give():
    """The expected value over samples of 50 of 400 earlier papers, beside 2,000 draws."""
    early = drawn(400, seed=2, name="a", months=range(FIRST, FIRST + 1))
    late = drawn(20, seed=3, name="b", months=range(LAST, LAST + 1))
    field = the_field()
    sign = redundancy(joined(early, late), field, ALL, "m")[0]
    cosines = field.centred(late).vectors @ field.centred(early).vectors.T
    random = np.random.default_rng(4)
    draws = [np.sort(cosines[:, random.permutation(400)[:50]], axis=1)[:, -5:].mean() for _ in range(2_000)]

    assert sign.measured == pytest.approx(np.mean(draws), abs=float(4 * np.std(draws) / 2_000**0.5))


def test_a_crowded_direction_is_redundant_and_one_that_closes_in_becomes_more_so():
    """Papers around one point repeat each other more than the field's do."""
    crowded = by_kind(redundancy(drawn(5, seed=5, name="own", centre=4.0), the_field(), ALL, "m"))
    assert crowded[SignKind.REDUNDANCY].low is not None
    assert crowded[SignKind.REDUNDANCY].low > 0.05
    assert value(crowded[SignKind.REDUNDANCY]) == pytest.approx(
        crowded[SignKind.REDUNDANCY].measured - crowded[SignKind.REDUNDANCY].base  # type: ignore[operator]
    )

    wide = drawn(5, seed=6, name="wide", months=range(FIRST, LAST - 11))
    close = drawn(5, seed=7, name="new", centre=6.0, months=range(LAST - 11, LAST + 1))
    closing = by_kind(redundancy(joined(wide, close), the_field(), ALL, "m"))
    assert closing[SignKind.REDUNDANCY_CHANGE].low is not None
    assert closing[SignKind.REDUNDANCY_CHANGE].low > 0


@pytest.mark.slow
def test_a_random_part_of_the_field_shows_no_redundancy_of_its_own():
    """80% intervals hold 0 in about 80% of 40 random parts, and the mean is near 0."""
    signs = [by_kind(redundancy(drawn(4, seed=seed, name="own"), the_field(), ALL, "m")) for seed in range(10, 50)]
    for kind in (SignKind.REDUNDANCY, SignKind.REDUNDANCY_CHANGE, SignKind.NOVELTY):
        hits = [one[kind].low <= 0 <= one[kind].high for one in signs]  # type: ignore[operator]
        assert sum(hits) >= 26, kind
        assert abs(np.mean([value(one[kind]) for one in signs])) < 0.02, kind
    assert sum(one[SignKind.REDUNDANCY].low <= 0 <= one[SignKind.REDUNDANCY].high for one in signs) <= 39  # type: ignore[operator]


def again(papers: Papers) -> Papers:
    """The same papers under second ids."""
    return replace(papers, ids=np.array([f"{one}-again" for one in papers.ids], dtype=object))


@pytest.mark.parametrize("seed", [20, 21, 22])
def test_doubling_a_direction_does_not_raise_redundancy(seed: int):
    """Every paper under a second id, and every paper of the past alone: 50 of them are no nearer than 50 were."""
    own = drawn(3, seed=seed, name="own", centre=1.0)
    past = own.take(np.flatnonzero(own.months < LAST - 13))
    plain, twice, past_twice = (
        redundancy(one, the_field(), ALL, "m")[0] for one in (own, joined(own, again(own)), joined(own, again(past)))
    )

    assert plain.measured is not None
    assert twice.measured is not None
    assert past_twice.measured is not None
    assert twice.measured <= plain.measured
    assert past_twice.measured <= plain.measured + 0.001  # the early months weigh more among the earlier papers now
    assert abs(value(twice) - value(plain)) < 0.01


def test_a_larger_past_alone_does_not_raise_redundancy():
    """Four times as many earlier papers of the same kind leave it where it was."""
    late = drawn(20, seed=3, name="b", centre=1.0, months=range(LAST - 11, LAST + 1))
    levels = []
    for each in (100, 400):
        early = drawn(each, seed=2, name="a", centre=1.0, months=range(FIRST, FIRST + 1))
        levels.append(value(redundancy(joined(early, late), the_field(), ALL, "m")[0]))

    assert levels[0] == pytest.approx(levels[1], abs=0.02)


def test_a_drift_of_the_encoder_that_all_papers_share_is_removed():
    """Every month's vectors are moved by the same amount, in the direction and in the field."""
    own, field = drawn(4, seed=8, name="own", centre=1.0), the_field()
    drift = np.random.default_rng(9).normal(size=(LAST + 1, DIM)).astype(np.float32)

    def moved(papers: Papers) -> Papers:
        return replace(papers, vectors=papers.vectors + drift[papers.months])

    before = (*redundancy(own, field, ALL, "m"), *subtopics(own, field, ALL, "m"))
    after = (*redundancy(moved(own), Reference(moved(field.papers)), ALL, "m"),
             *subtopics(moved(own), Reference(moved(field.papers)), ALL, "m"))  # fmt: skip
    for one, other in zip(before, after, strict=True):
        assert (one.lack, one.n) == (other.lack, other.n)
        assert one.value == pytest.approx(other.value, abs=1e-4)


def test_near_duplicates_are_told_by_their_authors():
    """Three doubles of 20 new papers: by others, by an author of the first, and one whose authors nobody knows."""
    past = drawn(1, seed=30, name="past", months=range(FIRST, LAST - 11))
    new = drawn(20, seed=31, name="new", months=range(LAST, LAST + 1))
    new.vectors[:3] = past.vectors[:3]
    authors = {one: frozenset([number]) for number, one in enumerate([*past.ids, *new.ids])}
    authors[new.ids[1]] = frozenset([9_999]) | authors[past.ids[1]]
    del authors[past.ids[2]]
    others, own = near_duplicates(joined(past, new), authors, ALL, "m")

    assert (others.measured, own.measured) == (1 / 19, 1 / 19)
    assert (others.n, others.coverage) == (19, 0.95)
    assert others.base is None
    assert (others.low, others.high) == wilson(1 / 19, 19)


# --- what is lacking --------------------------------------------------------------------------------------------


def test_too_little_gives_a_reason_and_no_figure():
    """No papers, few papers, few earlier papers, months that lack papers, no field."""
    none = Papers.of([], [], np.empty((0, DIM), np.float32))
    field, own = the_field(), drawn(4, seed=8, name="own")
    young = own.take(np.flatnonzero(own.months > LAST - 8))
    holes = Span(LAST, ALL.usable - frozenset(range(LAST - 5, LAST)))
    nothing = Reference(none)

    def lacks(papers: Papers, around: Reference, span: Span) -> set[Lack | None]:
        signs = (*redundancy(papers, around, span, "m"), *subtopics(papers, around, span, "m"))
        assert all((one.value is None) is (one.lack is not None) is (one.low is None) for one in signs)
        return {one.lack for one in signs}

    assert lacks(none, field, ALL) == {Lack.FEW_PAPERS}
    assert lacks(young, field, ALL) == {Lack.FEW_EARLIER, Lack.FEW_PAPERS}
    assert lacks(own, field, holes) == {Lack.FEW_MONTHS}
    assert lacks(own, nothing, ALL) == {Lack.NO_FIELD}


def test_a_short_year_before_takes_only_the_change():
    """The level needs one year, the change two."""
    own = drawn(6, seed=8, name="own", months=range(LAST - 23, LAST + 1))
    level, change, novelty = redundancy(own, the_field(), ALL, "m")

    assert level.lack is None
    assert (change.lack, novelty.lack) == (Lack.FEW_EARLIER, Lack.FEW_EARLIER)


# --- people -----------------------------------------------------------------------------------------------------


def authored(rows: list[tuple[int, list[int]]], *, unknown: dict[int, int] | None = None, name: str = "p") -> Authored:
    """Papers as (month, authors); `unknown` counts papers without known authors by month."""
    months = [month for month, _ in rows]
    papers = Counter(months) + Counter(unknown or {})
    return Authored.of([f"{name}{n}" for n in range(len(rows))], months, [own for _, own in rows], papers)


def crowd(each: int, pool: int, seed: int) -> list[tuple[int, list[int]]]:
    """Papers of two authors out of a pool, in every month."""
    random = np.random.default_rng(seed)
    return [
        (month, random.choice(pool, 2, replace=False).tolist()) for month in range(FIRST, LAST + 1) for _ in range(each)
    ]


def test_newcomers_are_counted_once_each():
    """20 papers of one author each in the last year; 5 of them wrote before: 15 of 20 are new."""
    past = [(FIRST + place, [place]) for place in range(5)] + [(LAST - 24, [100 + n]) for n in range(10)]
    year = [(LAST - place % 12, [place]) for place in range(20)] + [(LAST, [19])] * 3
    field = authored([(month, [1000 + n]) for n, month in enumerate(range(FIRST, LAST + 1))] * 3, name="f")
    signs = by_kind(people(authored(past + year), field, ALL))

    assert (signs[SignKind.NEWCOMERS].measured, signs[SignKind.NEWCOMERS].n) == (0.75, 20)
    assert signs[SignKind.NEW_TO_FIELD].measured == 1.0
    assert (signs[SignKind.TEAM].measured, signs[SignKind.TEAM].base) == (1.0, 1.0)
    assert signs[SignKind.NEWCOMERS_CHANGE].lack is Lack.FEW_PAPERS


def test_one_author_alone_is_no_newcomer():
    """Nobody is new, and the interval says that 0 of 1 is little to go by."""
    rows = [(month, [7]) for month in range(FIRST, LAST + 1) for _ in range(2)]
    sign = by_kind(people(authored(rows), authored(crowd(10, 500, 1), name="f"), ALL))[SignKind.NEWCOMERS]

    assert (sign.measured, sign.n) == (0.0, 1)
    assert sign.high is not None
    assert sign.low is not None
    assert sign.high - sign.low > 0.4


def test_a_random_part_of_the_field_has_the_newcomers_of_its_size():
    """However small it is: newcomers are most of the authors, and nothing beyond chance."""
    whole = crowd(40, 3_000, 2)
    for every in (20, 8):
        random = np.random.default_rng(every)
        part = [whole[place] for place in sorted(random.choice(len(whole), len(whole) // every, replace=False))]
        sign = by_kind(people(authored(part), authored(whole, name="f"), ALL))[SignKind.NEWCOMERS]
        assert sign.se is not None
        assert abs(value(sign)) < 3 * sign.se
        assert sign.measured is not None
        assert sign.measured > 0.5


def test_papers_without_authors_are_unknown_and_not_empty():
    """Where most authors are not known there is a reason; where some are not, the share is of the known ones."""
    rows, field = crowd(4, 400, 3), authored(crowd(40, 3_000, 2), name="f")
    complete = by_kind(people(authored(rows), field, ALL))
    some = by_kind(people(authored(rows, unknown={LAST: 40}), field, ALL))
    most = people(authored(rows, unknown=dict.fromkeys(range(LAST - 11, LAST + 1), 6)), field, ALL)
    past = people(authored(rows, unknown=dict.fromkeys(range(FIRST, LAST - 11), 6)), field, ALL)

    assert some[SignKind.NEWCOMERS].value == complete[SignKind.NEWCOMERS].value
    assert some[SignKind.NEWCOMERS].coverage == pytest.approx(48 / 88)
    assert {one.lack for one in (*most, *past)} == {Lack.NO_AUTHORS}
    assert most[0].coverage == pytest.approx(0.4)
    assert {one.lack for one in people(authored([]), field, ALL)} == {Lack.FEW_PAPERS}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José García", "JOSE GARCIA"),
        ("Łukasz Kaiser", "Lukasz Kaiser"),
        ("Bal\\'azs Nagy", "Balázs Nagy"),
        ("Lovelace, Ada", "Ada Lovelace"),
        ("Jean-Luc Picard", "Jean Luc  Picard"),
        ("J. R. R. Tolkien", "J R R Tolkien"),
        ("Ｊｕｎ Ｗａｎｇ", "Jun Wang"),
        ("Søren Æ", "soren ae"),
        ("Zoe\u0308", "Zoë"),
    ],
)
def test_one_name_in_two_spellings_is_one(one: str, other: str):
    assert folded_name(one) == folded_name(other) != ""


@pytest.mark.parametrize(("one", "other"), [("王伟", "王芳"), ("J. Smith", "John Smith"), ("Юрий", "Юлий")])
def test_two_names_stay_two(one: str, other: str):
    assert folded_name(one) != folded_name(other)
    assert folded_name(one)


def test_names_without_a_letter_are_none():
    assert (folded_name("..."), folded_name("")) == ("", "")


def sign_of(raw: float, se: float) -> Sign:
    return Sign(SignKind.NEWCOMERS, raw, raw - se, raw + se, raw, 0.0, 10, 1.0, None, raw, se, "names")


def test_shrinkage_draws_uncertain_directions_to_the_rest():
    """Four sure directions around 0.1 and an unsure one at 0.9: it moves most of the way, they hardly move."""
    signs = {f"d{n}": (sign_of(0.1 + 0.02 * n, 0.01),) for n in range(4)} | {"e": (sign_of(0.9, 0.5),)}
    found = {slug: value(own[0]) for slug, own in shrunk(signs).items()}

    assert found["e"] < 0.3
    assert all(found[f"d{n}"] == pytest.approx(0.1 + 0.02 * n, abs=0.01) for n in range(4))
    assert all(own[0].raw == signs[slug][0].raw for slug, own in shrunk(signs).items())
    renamed = shrunk({slug[::-1]: own for slug, own in signs.items()})
    assert {slug[::-1]: value(own[0]) for slug, own in renamed.items()} == found


def test_two_directions_make_no_prior():
    signs = {"a": (sign_of(0.1, 0.1),), "b": (sign_of(0.9, 0.1),)}
    assert {slug: value(own[0]) for slug, own in shrunk(signs).items()} == {"a": 0.1, "b": 0.9}


# --- sub-topics -------------------------------------------------------------------------------------------------


def topics(*where: tuple[int, range, int], seed: int = 1) -> Papers:
    """Dense groups as (axis, months, papers a month)."""
    random = np.random.default_rng(seed)
    parts = []
    for number, (axis, months, each) in enumerate(where):
        rows = random.normal(scale=0.15, size=(each * len(months), DIM))
        rows[:, axis % DIM] += 3.0 if axis < DIM else -3.0
        ids = [f"t{number}-{place}" for place in range(len(rows))]
        parts.append(Papers.of(ids, np.repeat(list(months), each), unit(rows)))
    return joined(*parts)


TWO_YEARS, NEW_YEAR = range(LAST - 23, LAST + 1), range(LAST - 11, LAST + 1)


def test_a_group_of_new_papers_is_a_birth():
    """Three old groups and a new one of 24 of 96 new papers: births are a quarter, beyond what chance makes."""
    own = topics((0, TWO_YEARS, 2), (1, TWO_YEARS, 2), (2, TWO_YEARS, 2), (3, NEW_YEAR, 2))
    births, spread = subtopics(own, the_field(), ALL, "m")

    assert births.measured == pytest.approx(0.25, abs=0.03)
    assert value(births) > 0.15
    assert (births.n, births.coverage) == (96, 1.0)
    assert spread.low is not None
    assert spread.low > 0


def test_growth_alone_is_no_birth():
    """Every group has four times as many papers in the new year: chance has the same births."""
    years = [(axis, months, each) for axis in range(3) for months, each in ((TWO_YEARS[:12], 1), (NEW_YEAR, 4))]
    births, spread = subtopics(topics(*years), the_field(), ALL, "m")

    assert births.low is not None
    assert births.high is not None
    assert births.low <= 0 <= births.high
    assert value(spread) == pytest.approx(0.0, abs=0.05)


def test_entropy_by_hand():
    """Halves: ln 2 + 1/(2n), without variance; one group: 0; (3, 1): 0.5623 + 1/8."""
    assert entropy(np.array([2, 2])) == pytest.approx((math.log(2) + 1 / 8, 0.0))
    assert entropy(np.array([5, 0])) == (0.0, 0.0)
    assert entropy(np.array([3, 1]))[0] == pytest.approx(0.562335 + 1 / 8, abs=1e-6)


# --- kinds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "abstract", "review"),
    [
        ("A Survey on Graph Learning", "", True),
        ("Diffusion models: a review", "", True),
        ("Systematic Literature Review of Prompting", "", True),
        ("Learning to rank", "In this survey we cover much.", True),
        ("Learning to rank", "This paper reviews the recent work on ranking.", True),
        ("Mining product reviews", "We classify the reviews of users.", False),
        ("Survey propagation revisited", "We solve SAT.", False),
        ("Learning to rank", "We propose a model.", False),
        ("", "", False),
    ],
)
def test_reviews_are_told_by_their_cues(title: str, abstract: str, review: bool):
    assert is_review(title, abstract) is review


@pytest.mark.parametrize(
    ("title", "abstract", "first"),
    [
        ("Nets", "To our knowledge we are the first to apply transformers to maps.", True),
        ("Nets", "For the first time, transformers are applied to maps.", True),
        ("Nets", "This is the first application of transformers to maps.", True),
        ("Application of deep learning to weather", "", True),
        ("Nets", "We first train, then apply.", False),
        ("Low-rank adaptation of models for speech", "", False),
    ],
)
def test_first_applications_are_told_by_their_cues(title: str, abstract: str, first: bool):
    assert is_first_application(title, abstract) is first


def monthly(papers: int, reviews: int, first: int = 0, months: range = NEW_YEAR) -> dict[int, KindCount]:
    return dict.fromkeys(months, KindCount(papers, reviews, first))


def test_shares_of_kinds_stand_beside_the_fields():
    """12 of 120 papers beside 5% of the field: 5 points more, and the field's interval is in it."""
    reviews, first = kinds(monthly(10, 1), monthly(1_000, 50), ALL, ("cs.CL",))

    assert (reviews.measured, reviews.base, reviews.n) == (0.1, pytest.approx(0.05), 120)
    assert (reviews.low, reviews.high) == pytest.approx(difference(0.1, 120, 0.05, 12_000))
    assert first.value == pytest.approx(0.0)


def test_the_field_is_weighed_by_the_months_of_the_direction():
    """All papers in the month in which half of the field are reviews."""
    own = {LAST: KindCount(50, 25, 0)}
    field = {**monthly(100, 0), LAST: KindCount(100, 50, 0)}

    assert kinds(own, field, ALL, ("cs.CL",))[0].value == pytest.approx(0.0)


def test_months_on_both_sides_of_a_policy_break_are_not_compared():
    """From November 2025 on only the months after it count; until there are 25 papers there is a reason."""
    assert POLICY_BREAKS[0].day == date(2025, 10, 31)
    october, may = (month_number(date(year, month, 1)) for year, month in ((2025, 10), (2026, 5)))
    own, field = monthly(10, 1, months=range(may - 30, may + 1)), monthly(500, 50, months=range(may - 30, may + 1))

    def reviews(last: int, categories: tuple[str, ...]) -> Sign:
        return kinds(own, field, Span(last, frozenset(range(may - 30, may + 1))), categories)[0]

    assert reviews(october, ("cs.CL",)).n == 120
    assert (reviews(october + 1, ("cs.CL",)).lack, reviews(october + 1, ("cs.CL",)).n) == (Lack.POLICY_BREAK, 10)
    assert (reviews(may, ("cs.CL", "stat.ML")).n, reviews(may, ("cs.CL",)).coverage) == (70, pytest.approx(7 / 12))
    assert reviews(may, ("stat.ML",)).n == 120
    assert reviews(may, ()).n == 70
    assert kinds(own, field, Span(may, frozenset(range(may - 30, may + 1))), ("cs.CL",))[1].n == 120


def test_the_wilson_interval_by_hand():
    """0 of 10: from 0 to z^2 / (n + z^2) = 0.1411; symmetrical for the other share."""
    z2 = 1.2816**2
    assert wilson(0.0, 10) == pytest.approx((0.0, z2 / (10 + z2)), abs=1e-4)
    assert wilson(1.0, 10) == pytest.approx((10 / (10 + z2), 1.0), abs=1e-4)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(1, 500))
@settings(max_examples=40)
def test_the_interval_of_a_difference_holds_it(one: int, n: int, other: int, base_n: int):
    share, base = min(one, n) / n, min(other, base_n) / base_n
    low, high = difference(share, n, base, base_n)
    assert -1 - 1e-9 <= low <= share - base <= high <= 1 + 1e-9


# --- all together -----------------------------------------------------------------------------------------------


def the_material(papers: Papers, order: NDArray[np.int64] | None = None) -> Material:
    """A direction of these papers, two authors each by their id; in another order, if one is given."""
    order = np.arange(len(papers.ids)) if order is None else order
    ids = [papers.ids[place] for place in order]
    names = {one: [sum(map(ord, one)) * 37 % 400, len(one) * 31 + sum(map(ord, one)) % 31 + 400] for one in ids}
    months = papers.months[order].tolist()
    return Material(
        Papers.of(ids, months, papers.vectors[order]),
        {one: frozenset(names[one]) for one in ids},
        Authored.of(ids, months, [names[one] for one in ids], Counter(months)),
        {month: KindCount(number, number // 3, 0) for month, number in Counter(months).items()},
    )


def the_surroundings(later: int = 0) -> FieldMaterial:
    """The field, with so many months after the last one that are of another kind."""
    after = range(LAST + 1, LAST + 1 + later)
    sample = joined(the_field().papers, drawn(60, seed=43, name="later-field", centre=-3.0, months=after))
    writers = crowd(20, 900, 5) + [(month, [0, 1, 2]) for month in after for _ in range(20)]
    counts = {**monthly(60, 2, 1), **dict.fromkeys(after, KindCount(60, 60, 60))}
    return FieldMaterial(("cs.CL",), Reference(sample), authored(writers, name="f"), counts)


def test_the_order_of_papers_does_not_matter():
    """Every sign is given, and the same to the last bit when the papers are shuffled."""
    own = drawn(5, seed=40, name="own", centre=1.0)
    plain = signs_of(the_material(own), the_surroundings(), ALL, "m")
    shuffled = the_material(own, np.random.default_rng(42).permutation(len(own.ids)))

    assert [one.kind for one in plain if one.lack] == []
    assert {one.kind for one in plain} == set(SignKind)
    assert len(plain) == len(SignKind)
    assert signs_of(shuffled, the_surroundings(), ALL, "m") == plain


def test_nothing_after_the_last_month_is_read():
    """Two more years of papers of another kind, in the direction and in its field, change no bit."""
    own = drawn(5, seed=40, name="own", centre=1.0)
    later = drawn(9, seed=41, name="later", centre=5.0, months=range(LAST + 1, LAST + 25))
    plain = signs_of(the_material(own), the_surroundings(), ALL, "m")

    assert signs_of(the_material(joined(own, later)), the_surroundings(24), ALL, "m") == plain


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="2 papers came with 1 months"):
        Papers.of(["a", "b"], [1], np.zeros((2, 3), np.float32))


@pytest.mark.parametrize("at_once", [1, 7, 256])
def test_doubles_are_those_of_single_comparisons_however_many_papers_are_compared_at_once(at_once, monkeypatch):
    """Blocks only say where to look: at all papers that have doubles, and at hardly another one."""
    monkeypatch.setattr(redundant, "_ROWS_AT_ONCE", at_once)
    random = np.random.default_rng(5)
    base = unit(random.normal(size=(40, DIM)))
    near = unit(base[:20] + random.normal(size=(20, DIM)) * 0.09)
    papers = Papers.of([f"p{number}" for number in range(60)], np.arange(60) // 2, np.concatenate([base, near]))
    ordered = papers.take(np.argsort(papers.months, kind="stable"))

    looked_at = redundant._near_something(ordered, np.arange(60))

    by_one = {
        place for place in range(60) if (ordered.vectors[:place] @ ordered.vectors[place] >= redundant.DUPLICATE).any()
    }
    assert by_one
    assert by_one <= looked_at
    assert len(looked_at - by_one) < 3
