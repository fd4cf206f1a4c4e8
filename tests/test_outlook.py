"""The outlook's parts: the shelf as it stood, features that know no future, and a model that is right about chance."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planted_world as world
from littriage import signals
from littriage.errors import LittriageError
from littriage.model import HORIZONS
from littriage.outlook import model
from littriage.outlook.features import HORIZON, NAMES, Topics, features, phrase_topics
from littriage.outlook.model import EVENTS, Cases
from littriage.outlook.shelf import Shelf
from littriage.outlook.wording import FEATURE_TEXTS
from littriage.panel import Panel

T = 35
"""The last month that is known in most tests."""
MARKER = "zyxomarker"


@pytest.fixture(scope="module")
def record() -> world.World:
    return world.planted(months=48, a_month=110, words=36, seed=3)


@pytest.fixture(scope="module")
def shelf(record: world.World) -> Shelf:
    return world.shelf_of(record.papers, record.months)


def known(shelf: Shelf) -> tuple[tuple[str, ...], np.ndarray]:
    """Topics and their features at the end of a shelf."""
    topics = phrase_topics(shelf)
    return topics.panel.topics, features(shelf, topics, topics)


# --- the shelf --------------------------------------------------------------------------------------------------


def test_a_shelf_until_a_month_holds_the_papers_up_to_it_and_no_other(record, shelf):
    then = shelf.until(T)

    assert then.ids == tuple(one.id for one in record.papers if one.month <= T)
    assert then.months == T + 1
    assert then.month.max() == T
    assert len(then.inside) == then.authors.shape[0] == then.categories.shape[0] == len(then.ids)
    assert (then.phrases.texts != shelf.phrases.texts[: len(then.ids)]).nnz == 0


def test_a_half_and_the_rest_hold_every_paper_once(shelf):
    chosen = np.random.default_rng(0).random(len(shelf.ids)) < 0.5
    one, other = shelf.half(chosen), shelf.half(~chosen)

    assert sorted([*one.ids, *other.ids]) == sorted(shelf.ids)
    assert (one.sizes() + other.sizes() == shelf.sizes()).all()
    np.testing.assert_array_equal(one.phrases.counts(48) + other.phrases.counts(48), shelf.phrases.counts(48))


def test_a_panel_counts_the_papers_of_the_field_in_its_usable_months(record, shelf):
    word = record.words[0]
    place = shelf.phrases.names.index(word)
    holed = replace(shelf, usable=np.arange(48) != 7)

    panel = holed.panel(shelf.phrases.texts[:, [place]], (word,))

    def of(month: int) -> list[world.Paper]:
        return [one for one in record.papers if one.month == month and "cs.CL" in one.categories]

    assert panel.papers[0, 5] == sum(word in f"{one.title} {one.abstract}" for one in of(5))
    assert panel.exposure[0, 5] == len(of(5))
    assert (panel.papers[0, 7], panel.exposure[0, 7], panel.usable[0, 7]) == (0, 0, False)


# --- features know no future -------------------------------------------------------------------------------------


def futures(record: world.World) -> dict[str, tuple[world.Paper, ...]]:
    """The record with other papers after T: scrambled, none, of another world, and with a marker in each."""
    random = np.random.default_rng(1)
    past = tuple(one for one in record.papers if one.month <= T)
    later = [one for one in record.papers if one.month > T]
    other = [one for one in world.planted(months=48, a_month=110, words=36, seed=99).papers if one.month > T]
    texts = [(one.title, one.abstract, one.authors, one.categories) for one in later]
    mixed = [texts[place] for place in random.permutation(len(texts))]
    scrambled = [
        replace(one, title=title, abstract=abstract, authors=authors, categories=categories)
        for one, (title, abstract, authors, categories) in zip(later, mixed, strict=True)
    ]
    marked = [
        replace(one, title=f"{MARKER}, {record.words[0]}", abstract=MARKER, authors=(MARKER,), categories=("cs.CL",))
        for one in later
    ]
    return {"scrambled": (*past, *scrambled), "none": past, "another": (*past, *other), "marked": (*past, *marked)}


@pytest.mark.parametrize("kind", ["scrambled", "none", "another", "marked"])
def test_what_comes_after_a_month_changes_no_bit_of_its_features(record, shelf, kind):
    papers = futures(record)[kind]
    other = world.shelf_of(papers, 48, world.columns_of(record.papers))
    assert not other.phrases.names or papers[-1].month <= T or len(other.ids) == len(shelf.ids)

    names, values = known(shelf.until(T))
    again, values_again = known(other.until(T))

    assert names == again
    assert len(names) > 20
    assert MARKER not in again
    assert values.tobytes() == values_again.tobytes()


def test_what_is_counted_in_the_month_itself_does_change_them(record, shelf):
    """The test above can fail: a paper of T that says a word is seen."""
    word = record.words[0]
    papers = [
        replace(one, title=f"{one.title}, {word}") if one.month == T and place % 3 == 0 else one
        for place, one in enumerate(record.papers)
    ]
    names, values = known(shelf.until(T))
    again, values_again = known(world.shelf_of(papers, 48, world.columns_of(record.papers)).until(T))

    assert names == again
    row = names.index(word)
    assert values_again[row, NAMES.index("size")] > values[row, NAMES.index("size")]


def test_the_order_of_papers_within_a_month_changes_nothing(record, shelf):
    random = np.random.default_rng(5)
    order = sorted(range(len(record.papers)), key=lambda place: (record.papers[place].month, random.random()))
    papers = [record.papers[place] for place in order]
    names, values = known(shelf.until(T))
    again, values_again = known(world.shelf_of(papers, 48, world.columns_of(record.papers)).until(T))

    assert names == again
    np.testing.assert_allclose(values, values_again, rtol=1e-9, atol=1e-9)


def test_the_names_of_topics_change_nothing(shelf):
    then = shelf.until(T)
    topics = phrase_topics(then)
    panel = topics.panel
    other = Topics(
        topics.papers,
        topics.titles,
        replace(panel, topics=tuple(f"topic {place}" for place in range(len(panel.topics)))),
        topics.state,
    )
    np.testing.assert_array_equal(features(then, topics, topics), features(then, other, topics))


def test_every_feature_has_a_name_and_is_known_for_some_topic(shelf):
    names, values = known(shelf.until(T))

    assert values.shape == (len(names), len(NAMES))
    assert tuple(FEATURE_TEXTS) == NAMES
    nowhere = {name for name, column in zip(NAMES, values.T, strict=True) if not np.isfinite(column).any()}
    assert nowhere == set()
    assert not np.isinf(values).any()


def test_features_of_shares_are_those_of_the_definition(record, shelf):
    then = shelf.until(T)
    names, values = known(then)
    word = record.words[1]
    panel = phrase_topics(then).panel
    row = panel.topics.index(word)
    papers, exposure = panel.papers[row], panel.exposure[row]

    def log_share(part: slice) -> float:
        return float(np.log((papers[part].sum() + 0.5) / exposure[part].sum()))

    found = dict(zip(NAMES, values[names.index(word)], strict=True))
    year, before = slice(T - 11, T + 1), slice(T - 23, T - 11)
    assert found["size"] == pytest.approx(np.log(papers[year].sum() + 1))
    assert found["share"] == pytest.approx(log_share(year))
    assert found["change_12"] == pytest.approx(log_share(year) - log_share(before))
    noise = np.sqrt(1 / (papers[year].sum() + 0.5) + 1 / (papers[before].sum() + 0.5))
    assert found["z"] == pytest.approx((log_share(year) - log_share(before)) / noise)


def test_a_topic_without_papers_is_unknown_where_nothing_can_be_said(shelf):
    from scipy.sparse import csr_matrix

    then = shelf.until(T)
    near = phrase_topics(then)
    none = csr_matrix((len(then.ids), 1))
    panel = then.panel(none, ("nothing",))
    found = features(then, Topics(none, None, panel, signals.state(panel)), near)[0]

    unknown = {name for name, value in zip(NAMES, found, strict=True) if np.isnan(value)}
    assert {"in_titles", "growth", "p_up", "near_growth", "heat", "category_growth"} <= unknown
    assert not np.isinf(found).any()


def test_a_topic_whose_months_are_unknown_has_no_share(shelf):
    holed = replace(shelf.until(T), usable=np.arange(T + 1) < T - 11)
    topics = phrase_topics(shelf.until(T))
    panel = holed.panel(topics.papers, topics.panel.topics)
    found = features(holed, Topics(topics.papers, None, panel, signals.state(panel)), topics)

    for name in ("size", "share", "change_12", "peak", "risen"):
        assert np.isnan(found[:, NAMES.index(name)]).all(), name


def test_features_of_an_empty_field_are_no_crash():
    empty = world.shelf_of([], 30)
    topics = phrase_topics(empty)
    assert features(empty, topics, topics).shape == (0, len(NAMES))


# --- outcomes ---------------------------------------------------------------------------------------------------


def cases(base: list[float], later: list[float], exposure: float = 1000.0, known_features=None) -> Cases:
    rows = len(base)
    found = np.zeros((rows, len(NAMES))) if known_features is None else known_features
    return Cases(
        found,
        np.column_stack([base, np.full(rows, exposure)]).astype(float),
        np.column_stack([later, np.full(rows, exposure)]).astype(float),
        np.ones(rows),
    )


def test_events_are_told_by_the_ratio_of_shares():
    one = cases([10, 10, 10, 10, 0, 0], [13, 12, 10, 7, 3, 0])

    assert one.happened("rise").tolist() == [True, False, False, False, True, False]
    assert one.happened("up").tolist() == [True, True, False, False, True, False]
    assert one.happened("fall").tolist() == [False, False, False, True, False, False]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("later", [4, 12, 60])
def test_a_soft_chance_is_that_of_counting_the_later_year_once_more(event, later):
    one = cases([10], [later])
    random = np.random.default_rng(2)
    drawn = random.poisson(random.gamma(later + 0.5, size=200_000))
    limit = EVENTS[event] * 10
    came = drawn < limit if event == "fall" else drawn > limit

    assert one.chance(event)[0] == pytest.approx(came.mean(), abs=0.005)


# --- the fit ----------------------------------------------------------------------------------------------------


def regression(seed: int = 0, rows: int = 800, columns: int = 6):
    random = np.random.default_rng(seed)
    design = random.normal(size=(rows, columns))
    chance = 1 / (1 + np.exp(-(design @ random.normal(size=columns) - 0.5 + random.normal(size=rows))))
    return design, chance, random.uniform(0.5, 2, rows)


def test_a_head_is_the_logistic_regression_of_every_row_twice():
    from sklearn.linear_model import LogisticRegression

    design, chance, weight = regression()
    twice = np.concatenate([design, design])
    outcome = np.concatenate([np.ones(len(design)), np.zeros(len(design))])
    weights = np.concatenate([weight * chance, weight * (1 - chance)])
    theirs = LogisticRegression(C=1 / model.PENALTY, tol=1e-10, max_iter=10_000).fit(twice, outcome, weights)

    ours = model.fitted_head(design, chance, weight)

    np.testing.assert_allclose(ours.weights, theirs.coef_[0], atol=1e-4)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_a_head_does_not_depend_on_where_the_search_begins():
    design, chance, weight = regression(1)
    plain = model.fitted_head(design, chance, weight)
    far = model.fitted_head(design, chance, weight, model.Head(1.0, np.full(6, 0.5)))

    np.testing.assert_allclose(plain.weights, far.weights, atol=1e-6)
    assert plain.intercept == pytest.approx(far.intercept, abs=1e-6)


def test_a_column_that_says_nothing_has_no_weight():
    design, chance, weight = regression(2)
    with_nothing = np.insert(design, 2, 0.0, axis=1)

    found = model.fitted_head(with_nothing, chance, weight)

    assert found.weights[2] == 0
    np.testing.assert_allclose(np.delete(found.weights, 2), model.fitted_head(design, chance, weight).weights)


def test_an_outcome_that_always_comes_gives_no_endless_weights():
    design = np.random.default_rng(0).normal(size=(50, 3))
    head = model.fitted_head(design, np.ones(50), np.ones(50))
    assert np.isfinite(head.weights).all()
    assert head.logit(design).min() > 3


def test_calibration_brings_a_boaster_to_the_truth():
    """Logits of twice the truth, and 0.7 too high, of 50,000 forecasts."""
    random = np.random.default_rng(4)
    truth = random.normal(-1, 1, 50_000)
    happened = random.random(50_000) < 1 / (1 + np.exp(-truth))
    paces = random.integers(0, 3, 50_000)

    found = model.calibrated(2 * truth + 0.7, paces, happened)
    p = 1 / (1 + np.exp(-found.logit(2 * truth + 0.7, paces)))

    assert found.slope == pytest.approx(0.5, abs=0.05)
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 1)):
        of = (p >= low) & (p < high)
        assert p[of].mean() == pytest.approx(happened[of].mean(), abs=0.02)


def test_without_past_forecasts_nothing_is_calibrated():
    none = model.calibrated(np.empty(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=bool))
    assert none is model.UNCALIBRATED
    assert none.logit(np.array([-1.0, 2.0]), np.array([0, 2])).tolist() == [-1, 2]


def test_pace_is_told_by_sure_growth():
    found = np.zeros((4, len(NAMES)))
    found[:, NAMES.index("p_up")] = [-1.3, 0.0, 1.3, np.nan]
    assert model.pace(found).tolist() == [0, 1, 2, 1]


def test_scale_is_median_and_half_the_width_of_the_middle():
    values = np.column_stack([np.arange(101.0), np.full(101, np.nan), np.full(101, 3.0)])
    values[0, 0] = np.nan
    found = model.scale_of(values)
    known_values = np.arange(1, 101)
    low, middle, high = np.percentile(known_values, [16, 50, 84])
    assert found.centre.tolist() == [middle, 0, 3]
    assert found.spread.tolist() == [(high - low) / 2, 1, 1e-3]


def test_a_design_knows_no_feature_of_another_horizon_and_no_unknown_one():
    random = np.random.default_rng(0)
    values = random.normal(size=(20, len(NAMES)))
    values[3, 5] = np.nan
    scale = model.scale_of(values)
    for horizon in HORIZONS:
        design = scale.design(values, horizon)
        for name, own in HORIZON.items():
            column = NAMES.index(name)
            assert bool(design[:, column].any()) == (own == horizon)
        assert design[3, 5] == 0
        size = design[:, NAMES.index("size")]
        np.testing.assert_allclose(design[:, len(NAMES) :], design[:, : len(NAMES)] * size[:, None])


# --- the whole model --------------------------------------------------------------------------------------------


def made_model(seed: int = 0) -> model.Model:
    """A model of arbitrary weights."""
    random = np.random.default_rng(seed)

    def head() -> model.Head:
        return model.Head(float(random.normal(-1, 1)), random.normal(0, 0.1, 2 * len(NAMES)))

    def calibration() -> model.Calibration:
        return model.Calibration(random.uniform(0.5, 1.5), random.normal(0, 0.3), random.normal(0, 0.2, 3), 100)

    count = random.integers(0, 90, (3, 20))
    return model.Model(
        "made",
        "made-up topics",
        "2020-01",
        {
            horizon: model.Horizon(
                model.Scale(random.normal(size=len(NAMES)), random.uniform(0.5, 2, len(NAMES))),
                {event: head() for event in EVENTS},
                {event: calibration() for event in EVENTS},
                model.Change(head(), 0.05, 1.0, -1.2, 1.3),
                model.Like(count, count // 3, count * 0.3),
            )
            for horizon in HORIZONS
        },
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(HORIZONS))
def test_probabilities_agree_with_each_other(seed, horizon):
    random = np.random.default_rng(seed)
    values = np.where(random.random((30, len(NAMES))) < 0.2, np.nan, random.normal(0, 3, (30, len(NAMES))))
    told = made_model(seed % 7).forecast(values, random.uniform(0, 200, 30), horizon)

    assert (told.p_rise >= 0).all()
    assert (told.p_rise <= told.p_up).all()
    assert (told.p_up <= 1 - told.p_fall + 1e-12).all()
    assert (told.p_fall >= 0).all()
    assert (told.low < told.mean).all()
    assert (told.mean < told.high).all()


@pytest.mark.parametrize("horizon", HORIZONS)
def test_the_parts_of_an_outlook_add_up_to_its_logit(horizon):
    """With the part of a topic of the usual kind, and of calibration; parts below 0.005 are left out."""
    made = made_model(2)
    random = np.random.default_rng(9)
    values = random.normal(size=(5, len(NAMES)))
    told = made.forecast(values, np.full(5, 30.0), horizon)
    known_horizon = made.horizons[horizon]
    calibration = known_horizon.calibrations["rise"]
    for row, parts in enumerate(made.parts(values, horizon)):
        base = calibration.slope * known_horizon.heads["rise"].intercept
        rest = calibration.offset + calibration.paces[model.pace(values)[row]]
        named = [part.logit for part in parts if part.feature in NAMES]
        logit = np.log(told.p_rise[row] / (1 - told.p_rise[row]))
        assert base + rest + sum(named) == pytest.approx(logit, abs=0.005 * len(NAMES))
        assert [abs(one) for one in named] == sorted((abs(one) for one in named), reverse=True)


def test_an_unknown_feature_has_no_part():
    values = np.random.default_rng(9).normal(size=(1, len(NAMES)))
    values[0, NAMES.index("heat")] = np.nan
    (parts,) = made_model().parts(values, 12)
    assert "heat" not in {part.feature for part in parts}


def test_a_change_is_right_on_average_and_its_intervals_hold():
    random = np.random.default_rng(3)
    rows = 6000
    values = np.zeros((rows, len(NAMES)))
    values[:, 0] = random.normal(size=rows)
    base = random.uniform(20, 200, rows)
    truth = 0.3 * values[:, 0]
    later = random.poisson(base * np.exp(truth))
    given_cases = cases(base.tolist(), later.tolist(), known_features=values)
    design = np.concatenate([values, np.zeros_like(values)], axis=1)

    change = model.fitted_change(design, given_cases)
    errors = model.errors(change, design, given_cases)

    assert change.head.weights[0] == pytest.approx(0.3, abs=0.03)
    assert abs(errors.mean()) < 0.05
    assert np.mean(np.abs(errors) < model.NORMAL_10) == pytest.approx(0.8, abs=0.05)


def test_like_cases_are_of_the_size_and_about_the_probability():
    papers = np.array([10.0] * 100 + [100.0] * 100)
    p = np.array([0.52] * 100 + [0.52] * 100)
    rose = np.array([True] * 60 + [False] * 40 + [True] * 20 + [False] * 80)
    table = model.like_of(papers, p, rose)

    small, large = table.cases(5, 0.5), table.cases(60, 0.5)
    assert (small.count, small.rose) == (100, 60)
    assert (large.count, large.rose) == (100, 20)
    assert large.predicted == pytest.approx(0.52)
    assert table.cases(30, 0.5) is None
    assert table.cases(5, 0.9) is None


def test_a_probability_of_one_is_of_the_last_twentieth():
    table = model.like_of(np.full(40, 10.0), np.ones(40), np.ones(40, dtype=bool))
    assert table.cases(10, 1.0).count == 40


# --- outlooks, and the file -------------------------------------------------------------------------------------


def panel_of_two() -> Panel:
    months = 36
    papers = np.stack([np.full(months, 4.0), np.zeros(months)])
    return Panel(
        ("known", "silent"), world.FIRST, papers, np.full((2, months), 500.0), np.ones((2, months), dtype=bool)
    )


def test_an_abstention_has_its_reason_and_no_figure():
    panel = panel_of_two()
    values = np.zeros((2, len(NAMES)))
    told = model.outlooks(made_model(), panel, values, panel.last, panel.last, {"silent": "few papers"})

    assert [(one.direction, one.horizon) for one in told] == [
        (name, horizon) for horizon in HORIZONS for name in ("known", "silent")
    ]
    for one in told:
        figures = (one.p_rise, one.p_up, one.p_fall, one.growth_low, one.growth_high, one.added)
        if one.direction == "silent":
            assert one.abstained == "few papers"
            assert figures == (None,) * 6
        else:
            assert one.abstained in (None, "")
            assert None not in figures


def test_added_papers_are_those_of_the_mean_change():
    panel = panel_of_two()
    made = made_model(5)
    values = np.random.default_rng(1).normal(size=(2, len(NAMES)))
    for one in model.outlooks(made, panel, values, panel.last, panel.last, {"silent": "few papers"}):
        if one.direction == "known":
            mean = made.forecast(values, np.array([48.0, 0.0]), one.horizon).mean[0]
            assert one.added == pytest.approx(48 * np.expm1(mean))


def test_a_model_comes_back_from_its_text():
    made = made_model(4)
    text = model.dumped(made)
    again = model.parsed(text)

    assert model.dumped(again) == text
    values = np.random.default_rng(2).normal(size=(10, len(NAMES)))
    for horizon in HORIZONS:
        one, other = (each.forecast(values, np.full(10, 30.0), horizon) for each in (made, again))
        np.testing.assert_allclose(one.p_rise, other.p_rise, atol=1e-3)
        np.testing.assert_allclose(one.high, other.high, atol=1e-3)


@pytest.mark.parametrize("wrong", [{"features": ["heat"]}, {"features": list(NAMES[::-1])}, {"format": 99}])
def test_a_model_of_other_features_is_refused_and_says_what_to_do(wrong):
    data = {**json.loads(model.dumped(made_model())), **wrong}
    with pytest.raises(LittriageError, match=r"'made' was fitted to other features.*--save-model"):
        model.parsed(json.dumps(data))


def test_the_model_that_comes_along_is_of_these_features_and_horizons():
    shipped = model.shipped()
    assert tuple(sorted(shipped.horizons)) == HORIZONS
    assert shipped.fitted_on
    assert len(shipped.last_closed) == 7
    for horizon in HORIZONS:
        assert {len(head.weights) for head in shipped.horizons[horizon].heads.values()} == {2 * len(NAMES)}
