"""The simulated panels are what they claim to be: shapes, sizes, noise and faults."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage.errors import LittriageError
from littriage.panel import Panel
from littriage.simulate import (
    S_SHAPES,
    Shape,
    Truth,
    coverage_loss,
    duplicates,
    giant_month,
    holes,
    outage,
    silent,
    simulate,
    title_only,
)

FIRST = date(2020, 1, 1)


def even(topics: int = 2, months: int = 24, papers: int = 100, field: int = 10_000) -> Panel:
    shape = (topics, months)
    names = tuple(f"topic-{number}" for number in range(topics))
    return Panel(names, FIRST, np.full(shape, float(papers)), np.full(shape, float(field)), np.ones(shape, np.bool_))


# --- counts -----------------------------------------------------------------------------------------------------


def test_equal_seeds_give_equal_panels_and_other_seeds_others() -> None:
    one, same, other = simulate(20, 1).panel, simulate(20, 1).panel, simulate(20, 2).panel
    assert np.array_equal(one.papers, same.papers)
    assert np.array_equal(one.exposure, same.exposure)
    assert not np.array_equal(one.papers, other.papers)
    assert one.topics == tuple(f"topic-{number:02}" for number in range(20))


def test_counts_scatter_around_the_truth_as_said() -> None:
    """Mean share x exposure, variance 1 or 2.5 times that, over 4,000 topics of one flat share."""
    for dispersion in (1.0, 2.5):
        found = simulate(4000, 3, months=24, mix={Shape.FLAT: 1}, sizes=(100,), dispersion=dispersion)
        expected = np.exp(found.truth.log_share) * found.panel.exposure
        error = found.panel.papers - expected
        assert error.mean() / expected.mean() == pytest.approx(0, abs=0.01)
        assert (error**2).mean() / expected.mean() == pytest.approx(dispersion, rel=0.05)


def test_a_topic_has_the_papers_that_its_size_says() -> None:
    found = simulate(4000, 4, mix={Shape.FLAT: 1, Shape.HUMP: 1}, sizes=(10, 30, 100, 400))
    year = found.panel.papers[:, -12:].sum(axis=1)
    assert year.mean() == pytest.approx((10 + 30 + 100 + 400) / 4, rel=0.05)
    assert np.exp(found.truth.log_share).max() <= 0.25 + 1e-9


def test_the_field_doubles_in_four_years_and_keeps_deadlines() -> None:
    exposure = simulate(1, 5, months=144, first=date(2012, 1, 1), field=4000).panel.exposure[0]
    years = exposure.reshape(12, 12)
    assert years[4].sum() / years[0].sum() == pytest.approx(2, rel=0.03)
    assert years[11].sum() / years[3].sum() == pytest.approx(4, rel=0.03)
    by_month = (years / years.mean(axis=1, keepdims=True)).mean(axis=0)
    assert by_month[9] > 1.15 > 1.0 > by_month[0]


@pytest.mark.parametrize(("topics", "months", "dispersion"), [(0, 24, 1.3), (1, 12, 1.3), (1, 24, 0.9)])
def test_what_cannot_be_simulated_is_refused(topics, months, dispersion) -> None:
    with pytest.raises(LittriageError, match="a simulation needs"):
        simulate(topics, 1, months=months, dispersion=dispersion)


# --- truth ------------------------------------------------------------------------------------------------------


def share_of(shape: Shape, **more: object) -> tuple[np.ndarray, Truth]:
    truth = simulate(200, 6, mix={shape: 1}, **more).truth  # type: ignore[arg-type]
    return np.exp(truth.log_share), truth


def test_every_shape_is_drawn_in_its_part() -> None:
    shapes = simulate(4000, 7, mix={Shape.FLAT: 3, Shape.STEP: 1}).truth.shapes
    assert shapes.count(Shape.FLAT) / 4000 == pytest.approx(0.75, abs=0.03)
    assert set(shapes) == {Shape.FLAT, Shape.STEP}
    assert set(simulate(4000, 7).truth.shapes) == set(Shape)


@pytest.mark.parametrize("shape", sorted(S_SHAPES))
def test_an_s_curve_is_steepest_at_its_inflection_and_ends_at_its_ceiling(shape) -> None:
    share, truth = share_of(shape, inflection=(50, 90), spread=(4, 6))
    steepest = np.diff(share, axis=1).argmax(axis=1) + 0.5
    assert np.abs(steepest - truth.inflection).max() <= 1.0
    assert share[:, -1] == pytest.approx(truth.ceiling, rel=0.01)
    assert (np.diff(share, axis=1) >= -1e-15).all()
    assert truth.peak().tolist() == share.argmax(axis=1).tolist()


def test_shapes_without_a_ceiling_say_so() -> None:
    for shape in set(Shape) - S_SHAPES:
        _, truth = share_of(shape)
        assert np.isnan(truth.ceiling).all()
        assert np.isnan(truth.inflection).all()


def test_flat_shares_do_not_grow_and_exponential_ones_grow_evenly() -> None:
    assert not np.abs(share_of(Shape.FLAT)[1].growth()).max() > 1e-12
    _, truth = share_of(Shape.EXPONENTIAL)
    assert truth.growth() == pytest.approx(truth.growth(40))
    assert 0.1 <= np.abs(truth.growth()).min() <= np.abs(truth.growth()).max() <= 0.6
    assert {-1.0, 1.0} == set(np.sign(truth.growth()))


def test_a_hump_rises_to_its_peak_and_falls_from_it() -> None:
    share, truth = share_of(Shape.HUMP, inflection=(60, 100))
    for row, peak in enumerate(truth.peak()):
        assert 59 <= peak <= 101
        assert (np.diff(share[row, : peak + 1]) >= 0).all()
        assert (np.diff(share[row, peak:]) <= 0).all()
    assert (truth.peak(40) == 40).all()


def test_a_step_and_a_break_happen_in_one_month() -> None:
    step, _ = share_of(Shape.STEP, inflection=(60, 100))
    moved = np.abs(np.diff(np.log(step), axis=1)) > 1e-9
    assert (moved.sum(axis=1) == 1).all()
    broken, _ = share_of(Shape.BREAK, inflection=(60, 100))
    bends = np.abs(np.diff(np.log(broken), n=2, axis=1)) > 1e-9
    assert (bends.sum(axis=1) <= 2).all()
    assert bends.any(axis=1).all()


def test_wandering_growth_wanders_as_said() -> None:
    """Growth changes by about 0.3 log units within a year, less what is drawn back."""
    truth = share_of(Shape.RANDOM_WALK)[1]
    monthly = 12 * np.diff(truth.log_share, axis=1)
    assert (monthly[:, 12:] - monthly[:, :-12]).std() == pytest.approx(0.3, abs=0.07)


def test_a_ceiling_is_right_near_the_true_one_or_where_the_share_then_stayed() -> None:
    truth = Truth(
        (Shape.LOGISTIC, Shape.LOGISTIC, Shape.FLAT, Shape.HUMP),
        np.log(np.array([[0.01] * 4, [0.01] * 4, [0.01] * 4, [0.01, 0.01, 0.01, 0.001]])),
        np.array([0.0, 0.0, np.nan, np.nan]),
        np.array([0.02, 0.02, np.nan, np.nan]),
    )
    assert truth.right(np.array([0.0259, 0.0261, 0.0101, 0.0101]), 0).tolist() == [True, False, True, False]
    assert truth.right(np.array([np.nan] * 4), 0).tolist() == [False] * 4
    assert truth.right(np.array([0.02, 0.01, 0.02, 0.01]), 0, months=2).tolist() == [True, False, False, True]


# --- faults -----------------------------------------------------------------------------------------------------


def test_a_known_outage_makes_the_months_it_touches_unusable() -> None:
    assert np.flatnonzero(~outage(even(), 10, 14, known=True).usable[0]).tolist() == [10]
    assert np.flatnonzero(~outage(even(), 10, 30, known=True).usable[0]).tolist() == [10, 11]
    assert np.flatnonzero(~outage(even(), 10, 90, known=True).usable[1]).tolist() == [10, 11, 12, 13]
    assert np.flatnonzero(~outage(even(), 23, 90, known=True).usable[1]).tolist() == [23]


def test_an_unknown_outage_takes_papers_of_topics_and_field_alike() -> None:
    """14 of 30 days: 47% of a month. 75 days: half of one, a whole one that is then unusable, and the next whole."""
    short = outage(even(topics=50), 10, 14, known=False, seed=1)
    assert short.usable.all()
    assert short.papers[:, 10].mean() == pytest.approx(53.3, rel=0.05)
    assert short.exposure[0, 10] == pytest.approx(5333, rel=0.03)
    assert (short.exposure == short.exposure[0]).all()
    assert np.delete(short.papers, 10, axis=1).tolist() == np.delete(even(topics=50).papers, 10, axis=1).tolist()
    long = outage(even(), 10, 75, known=False)
    assert np.flatnonzero(~long.usable[0]).tolist() == [11, 12]
    assert long.papers[:, 11:13].sum() == 0


def test_a_coverage_loss_takes_a_fifth_from_a_month_on() -> None:
    both = coverage_loss(even(topics=100), 12, seed=2)
    assert both.papers[:, :12].tolist() == even(topics=100).papers[:, :12].tolist()
    assert both.papers[:, 12:].mean() == pytest.approx(80, rel=0.01)
    assert both.exposure[:, 12:].mean() == pytest.approx(8000, rel=0.01)
    alone = coverage_loss(even(topics=100), 12, field_too=False, seed=2)
    assert alone.papers[:, 12:].mean() == pytest.approx(80, rel=0.01)
    assert (alone.exposure == 10_000).all()


def test_duplicates_and_a_giant_month_add_papers_there_only() -> None:
    doubled = duplicates(even(), [3, 5])
    assert doubled.papers[0, 2:7].tolist() == [100, 200, 100, 200, 100]
    giant = giant_month(replace(even(), papers=np.tile([[100.0], [0.0]], 24)), 4)
    assert giant.papers[:, 3:6].tolist() == [[100, 2000, 100], [0, 20, 0]]
    assert giant.exposure[:, 4].tolist() == [11_900, 10_020]


def test_holes_and_titles_are_unusable_and_silence_is_zero() -> None:
    torn = holes(even(months=400), 0.25, seed=3)
    assert 1 - torn.usable.mean() == pytest.approx(0.25, abs=0.06)
    assert (torn.usable == torn.usable[0]).all()
    assert np.flatnonzero(~title_only(even(), 4, 7).usable[0]).tolist() == [4, 5, 6]
    assert silent(even()).papers.sum() == 0
    assert silent(even()).usable.all()


@settings(max_examples=25, deadline=None)
@given(
    column=st.integers(0, 23),
    days=st.integers(0, 800),
    known=st.booleans(),
    part=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_no_fault_leaves_more_papers_than_the_field_has_or_counts_in_unusable_months(
    column, days, known, part, seed
) -> None:
    panel = simulate(5, seed, months=24, sizes=(5, 5000)).panel
    for spoilt in (
        outage(panel, column, days, known=known, seed=seed),
        coverage_loss(panel, column, part, seed=seed),
        coverage_loss(panel, column, part, field_too=False, seed=seed),
        duplicates(panel, [column]),
        giant_month(panel, column),
        holes(panel, part, seed),
        title_only(panel, column, column + 3),
    ):
        assert (spoilt.papers <= spoilt.exposure).all()
        assert not spoilt.papers[~spoilt.usable].any()
        assert not spoilt.exposure[~spoilt.usable].any()
        assert spoilt.topics == panel.topics
