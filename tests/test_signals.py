"""Growth, acceleration, peak, shift-share and saturation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from littriage import simulate
from littriage.errors import LittriageError
from littriage.model import Growth, MonthStatus, TrendPoint
from littriage.panel import Panel, panel_of
from littriage.signals import (
    State,
    growths,
    peak_odds,
    saturation_index,
    shift_share,
    state,
)
from littriage.simulate import Shape, Simulated
from littriage.trends import last_settled_month, month_after, month_span

AS_OF = date(2020, 1, 11)
MONTHS = month_span(date(2014, 1, 1), date(2019, 12, 1))


def record(papers, exposure=1000, months=MONTHS) -> tuple[TrendPoint, ...]:
    """Points with those papers a month, the last ones at the end of the record."""
    papers = list(papers)
    used = months[len(months) - len(papers) :]
    return tuple(
        TrendPoint("demo", m, float(p), int(p), exposure, MonthStatus.COMPLETE)
        for m, p in zip(used, papers, strict=True)
    )


def drawn(rng, papers_a_year: float, growth: float = 0.0) -> tuple[TrendPoint, ...]:
    years = (np.arange(len(MONTHS)) - len(MONTHS) + 6.5) / 12
    return record(rng.poisson(papers_a_year / 12 * np.exp(growth * years)), exposure=100_000)


def panel(rng, size: int, spread: float) -> tuple[dict[str, tuple[TrendPoint, ...]], dict[str, float]]:
    """Directions of 10 to 400 papers a year; half of them flat, the others with normal growth."""
    truth = {f"d{i}": float(spread * rng.normal()) if i % 2 else 0.0 for i in range(size)}
    return {slug: drawn(rng, float(np.exp(rng.uniform(2.3, 6.0))), growth) for slug, growth in truth.items()}, truth


def grown(points: Mapping[str, Sequence[TrendPoint]], as_of: date) -> dict[str, Growth]:
    """Growth of each direction that has one, from what was known on that day."""
    seen = panel_of(points, last_settled_month(as_of))
    return growths(seen, state(seen))


def test_steady_growth_is_found():
    """Papers that grow by 30% a year without noise give log 1.3."""
    years = np.arange(len(MONTHS)) / 12

    found = grown({"demo": record(500 * 1.3**years, 100_000)}, AS_OF)["demo"]

    assert found.mean == pytest.approx(np.log(1.3), abs=0.01)
    assert found.raw == pytest.approx(np.log(1.3), abs=0.01)
    assert found.months == 48


def test_growth_is_of_the_last_year():
    """A direction that doubled each year and then stood still for two is no longer growing much."""
    papers = [20] * 24 + [20 * 2 ** (m / 12) for m in range(24)] + [80] * 24

    found = grown({"demo": record(papers, 100_000)}, AS_OF)["demo"]

    assert abs(found.mean) < 0.1
    assert abs(found.raw) < 0.1


def test_growth_is_of_the_share():
    """Papers that grow as fast as their field have no growth."""
    field = [int(1000 * 1.5 ** (m / 12)) for m in range(len(MONTHS))]
    points = [replace(p, exposure=e, papers=e * 0.02) for p, e in zip(record([1] * 72), field, strict=True)]

    assert grown({"demo": points}, AS_OF)["demo"].mean == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    "points",
    [
        pytest.param((), id="no months"),
        pytest.param(record([5]), id="one month"),
        pytest.param(record([5] * 11), id="eleven months"),
        pytest.param(record([0] * 60), id="no paper"),
        pytest.param(record([5] * 60, exposure=0), id="empty field"),
        pytest.param(record([9] * 24 + [0] * 48), id="no paper in the window"),
    ],
)
def test_no_growth_without_a_record(points):
    """Too little to fit is no growth, not a growth of zero."""
    assert grown({"demo": points}, AS_OF) == {}


def test_no_directions_have_no_growth():
    """Nothing in, nothing out."""
    assert grown({}, AS_OF) == {}


def test_single_late_paper_has_a_wide_interval():
    """One paper in the last month is no proof of growth."""
    growth = grown({"demo": record([0] * 59 + [1])}, AS_OF)["demo"]

    assert growth.p_up < 0.8
    assert growth.high - growth.low > 0.5


def test_huge_counts_are_no_trouble():
    """A million papers a month give a finite and honest error."""
    growth = grown({"demo": record([10**6] * 72, exposure=10**7)}, AS_OF)["demo"]

    assert growth.mean == pytest.approx(0, abs=0.01)
    assert growth.raw_se >= 0.02


def test_gap_in_the_middle_changes_little():
    """Half a year that is known to be lost does not turn growth round."""
    whole = drawn(np.random.default_rng(3), 200, growth=0.4)
    cut = [replace(p, papers=0.0, status=MonthStatus.PARTIAL) if 40 <= i < 46 else p for i, p in enumerate(whole)]

    first, second = grown({"demo": whole}, AS_OF)["demo"], grown({"demo": cut}, AS_OF)["demo"]

    assert second.mean == pytest.approx(first.mean, abs=0.1)
    assert second.raw == pytest.approx(first.raw, abs=0.1)
    assert second.months == 42


def test_order_and_names_change_nothing():
    """Shuffled points, another order of directions and other names give the same bits."""
    points, _ = panel(np.random.default_rng(4), 20, 0.3)
    renamed = {f"x{99 - i}": tuple(reversed(points[slug])) for i, slug in enumerate(points)}

    first, second = grown(points, AS_OF), grown(renamed, AS_OF)

    for i, slug in enumerate(points):
        assert replace(second[f"x{99 - i}"], direction=slug) == first[slug]


def test_future_is_not_read():
    """A month after the as-of date may hold anything."""
    points = {"demo": drawn(np.random.default_rng(6), 100)}
    marked = {"demo": (*points["demo"], *record([10**9], months=(month_after(MONTHS[-1]),)))}

    assert grown(points, AS_OF) == grown(marked, AS_OF)


# --- the state of a panel ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed() -> Simulated:
    """2,000 topics of about 10, 30, 100 and 400 papers a year, of every shape, 168 months."""
    return simulate.simulate(2000, seed=20)


@pytest.fixture(scope="module")
def judged(mixed: Simulated) -> State:
    return state(mixed.panel)


def sizes(mixed: Simulated) -> np.ndarray:
    """0 to 3 for about 10, 30, 100 and 400 papers expected in the last year."""
    year = np.exp(mixed.truth.log_share[:, -12:]) * mixed.panel.exposure[:, -12:]
    return np.digitize(year.sum(axis=1), [20, 60, 200])


def same(one: State, other: State, rows=slice(None)) -> bool:
    """Bit for bit, NaN beside NaN."""
    return all(
        np.array_equal(getattr(one, name)[rows], getattr(other, name), equal_nan=name not in ("known", "months"))
        for name in (field.name for field in fields(State) if field.name != "trends")
    )


def test_state_is_that_of_the_directions():
    """What `growths` says of directions is a panel's state, row by row."""
    points, _ = panel(np.random.default_rng(8), 12, 0.3)

    found, whole = grown(points, AS_OF), state(panel_of(points, MONTHS[-1]))

    for row, slug in enumerate(sorted(points)):
        assert (found[slug].mean, found[slug].p_up) == (whole.mean[row], whole.p_up[row])
        assert (found[slug].raw, found[slug].raw_se) == (whole.raw[row], whole.raw_se[row])
        assert found[slug].low < found[slug].mean < found[slug].high
        assert whole.quantile(0.1)[row] == whole.low[row]


def test_one_giant_month_is_not_growth():
    """Twenty times the papers in one month, and then as before."""
    papers = np.random.default_rng(10).poisson(10, 72)
    for month in (40, 58, 66, 71):
        one = papers.copy()
        one[month] = 200
        found = grown({"demo": record(one)}, AS_OF)["demo"]

        assert found.p_up < 0.9
        assert found.p_down < 0.9


def test_no_neighbours_make_a_modest_claim():
    """A direction alone is judged by a broad prior: clear growth is found, one good quarter is not."""
    rng = np.random.default_rng(11)
    years = np.arange(72) / 12
    grower, lucky = (
        grown({"a": record(np.rint(20 * 1.5**years))}, AS_OF),
        grown({"a": (*record(rng.poisson(5, 69), months=MONTHS[:69]), *record([8, 6, 8]))}, AS_OF),
    )

    assert grower["a"].p_up > 0.95
    assert 0.5 < lucky["a"].p_up < 0.9


def test_vague_neighbours_do_not_distort_a_good_record():
    """A hundred directions of a paper a year leave a large one about where it was."""
    rng = np.random.default_rng(9)
    good = {f"g{i}": drawn(rng, 400, 0.3 * (-1) ** i) for i in range(20)}
    vague = {f"v{i}": drawn(rng, 1) for i in range(100)}

    alone, together = grown(good, AS_OF)["g0"], grown(good | vague, AS_OF)["g0"]

    assert together.mean == pytest.approx(alone.mean, abs=0.05)


@pytest.mark.parametrize("holes", [0.0, 0.3])
def test_curve_is_the_highest_point_of_its_likelihood(holes):
    """A general optimiser, one topic at a time, finds the same slope and error as the Newton steps of all together."""
    from scipy.optimize import minimize

    drawn = simulate.holes(simulate.simulate(8, seed=21, months=48).panel, holes, seed=1)
    t = np.arange(1, 49) / 12
    design = np.stack([np.ones(48), t, *(np.maximum(t - knot / 12, 0) for knot in range(3, 48, 3))], axis=1)
    penalty = np.diag([0.0, 1 / 9] + [4 / 0.09] * 15)
    year = design[-1] - design[-13]
    found = state(drawn)

    for row in np.flatnonzero(found.known):
        y, n, phi = drawn.papers[row], drawn.exposure[row], found.dispersion[row]

        def cost(curve, y=y, n=n, phi=phi):
            expected = n * np.exp(design @ curve)
            value = (expected.sum() - y @ (design @ curve)) / phi + curve @ penalty @ curve / 2
            return value, design.T @ (expected - y) / phi + penalty @ curve

        start = np.zeros(17)
        start[0] = np.log(y.sum() / n.sum())
        best = minimize(cost, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000}).x
        weight = n * np.exp(design @ best) / phi
        variance = year @ np.linalg.inv(design.T @ (weight[:, None] * design) + penalty) @ year
        assert found.raw[row] == pytest.approx(year @ best, abs=1e-5)
        assert found.raw_se[row] == pytest.approx(max(0.02, variance**0.5), rel=1e-4)


def test_flat_topics_are_seldom_called_rising(mixed: Simulated, judged: State):
    """At most 5% of the topics whose share stands still have P(growth > 0) of 0.9, in every size and over all."""
    flat = judged.known & (np.abs(mixed.truth.growth()) < 1e-3)
    size = sizes(mixed)

    assert np.bincount(size[flat]).min() > 100
    for rows in (flat, *(flat & (size == number) for number in range(4))):
        assert np.mean(judged.p_up[rows] >= 0.9) <= 0.05
        assert np.mean(judged.p_down[rows] >= 0.9) <= 0.05


def test_intervals_hold_what_they_promise(mixed: Simulated, judged: State):
    """Of topics that move, 80% intervals hold 75 to 85% of the truth and 90% intervals 85 to 95%.

    A growth of exactly 0 lies in nearly every interval around it; with such topics 80% intervals may hold up to 90%.
    """
    growth, size = mixed.truth.growth(), sizes(mixed)
    in_80 = (judged.low <= growth) & (growth <= judged.high)
    in_90 = (judged.quantile(0.05) <= growth) & (growth <= judged.quantile(0.95))
    moving = judged.known & (np.abs(growth) >= 1e-3)

    assert 0.75 <= in_80[moving].mean() <= 0.85
    assert 0.85 <= in_90[moving].mean() <= 0.95
    assert 0.80 <= in_80[judged.known].mean() <= 0.90
    for number in range(4):
        rows = moving & (size == number)
        assert 0.73 <= in_80[rows].mean() <= 0.88  # of about 350 topics: two standard errors are 0.04
        assert 0.83 <= in_90[rows].mean() <= 0.96


def test_growers_are_found(mixed: Simulated, judged: State):
    """Two in three topics that grew by a tenth or more are called rising, nine in ten of the largest; few wrongly."""
    growth, size = mixed.truth.growth(), sizes(mixed)
    called = judged.known & (judged.p_up >= 0.9)

    assert np.mean(called[growth > 0.1]) > 0.6
    assert np.mean(called[(growth > 0.1) & (size == 3)]) > 0.8
    assert np.mean(growth[called] <= 0) < 0.06


def test_scrambled_future_changes_no_bit(mixed: Simulated):
    """What comes after the month is not read."""
    some = mixed.panel.rows(range(60))
    when, after = some.months[119], np.random.default_rng(22).permutation(48) + 120
    papers, usable = some.papers.copy(), some.usable.copy()
    papers[:, 120:], usable[:, 125] = 7 * papers[:, after], False

    seen = [panel.until(when) for panel in (some, replace(some, papers=papers, usable=usable))]

    first, second = (state(panel) for panel in seen)
    odds = [peak_odds(panel, first).p_recent for panel in seen]

    assert same(first, second)
    assert np.array_equal(*odds, equal_nan=True)


def test_order_of_topics_changes_no_bit(mixed: Simulated):
    """Shuffled and renamed topics have the same state in the shuffled order."""
    some = mixed.panel.rows(range(60))
    order = np.random.default_rng(23).permutation(60)
    other = replace(some.rows(order), topics=tuple(f"neu-{n}" for n in range(60)))

    first, second = state(some), state(other)

    assert same(first, second, order)
    odds = peak_odds(some, first).months_high[order], peak_odds(other, second).months_high
    assert np.array_equal(*odds, equal_nan=True)


def test_every_paper_twice_changes_no_state(mixed: Simulated):
    """Twice the papers in twice the field: the same posterior, and twice the dispersion."""
    some = mixed.panel.rows(range(60))

    first, second = state(some), state(replace(some, papers=2 * some.papers, exposure=2 * some.exposure))

    for name in ("mean", "sd", "low", "high", "p_up", "p_flat", "acceleration", "p_slowing"):
        np.testing.assert_allclose(getattr(second, name), getattr(first, name), atol=1e-9)
    np.testing.assert_allclose(second.raw, first.raw, atol=1e-6)
    np.testing.assert_allclose(second.dispersion, 2 * first.dispersion)


def test_known_outage_makes_nothing_fall(mixed: Simulated):
    """Two weeks that the ledger knows to be lost hardly change a probability of falling."""
    some = mixed.panel.rows(range(200))

    first, second = state(some), state(simulate.outage(some, 166, 14, known=True))

    assert not ((second.p_down >= 0.9) & (first.p_down < 0.8)).any()


def test_unknown_topics_stay_unknown():
    """Eleven usable months, or no paper in the last 48, are no state; their neighbour keeps its own."""
    papers = np.full((3, 60), 5.0)
    papers[2, 12:] = 0
    usable = np.ones((3, 60), dtype=bool)
    usable[1, :49] = False

    found = state(Panel(("a", "b", "c"), MONTHS[0], np.where(usable, papers, 0), usable * 1000.0, usable))

    assert found.known.tolist() == [True, False, False]
    assert found.months.tolist() == [48, 11, 48]
    for name in ("raw", "mean", "low", "p_up", "p_rise20", "acceleration", "p_slowing"):
        assert np.isfinite(getattr(found, name)).tolist() == [True, False, False]


def test_growth_that_stops_has_slowed_down():
    """Four years of steady growth and one of none: slowing. Growth that goes on: not. A sudden start: the reverse."""
    years = np.arange(72) / 12
    shares = [np.minimum(0.5 * years, 2.5), 0.5 * years, np.maximum(0.5 * (years - 5), 0)]
    papers = np.rint(40 * np.exp(np.array(shares)))
    crowd = simulate.simulate(60, seed=24, months=72).panel

    found = state(
        Panel(
            ("stops", "goes-on", "starts", *crowd.topics),
            crowd.first,
            np.concatenate([papers, crowd.papers]),
            np.concatenate([np.full((3, 72), 10_000.0), crowd.exposure]),
            np.ones((63, 72), dtype=bool),
        )
    )

    assert found.p_slowing[0] > 0.9
    assert 0.2 < found.p_slowing[1] < 0.9
    assert found.p_slowing[2] < 0.1
    assert found.acceleration[0] < -0.2 < 0.2 < found.acceleration[2]


# --- from where --------------------------------------------------------------------------------------------------


def test_shift_share_by_hand():
    """All of one category: the field doubles, the category trebles, the direction grows sixfold."""
    found = shift_share(
        np.array([[[10.0]], [[60.0]]]), np.array([[[100.0]], [[300.0]]]), np.array([[1000.0], [2000.0]])
    )

    assert found.total[0] == pytest.approx(np.log(6))
    assert found.field[0] == pytest.approx(np.log(2))
    assert found.categories[0] == pytest.approx(np.log(1.5))
    assert found.within[0] == pytest.approx(np.log(2))


counted = arrays(float, (2, 3, 4), elements=st.floats(0, 1e6).map(lambda x: 0.0 if x < 1e-3 else x))


@settings(max_examples=60, deadline=None)
@given(counted, arrays(float, (2, 3, 4), elements=st.floats(1, 1e7)), arrays(float, (2, 3), elements=st.floats(1, 1e8)))
def test_parts_of_growth_add_up(papers, category_sizes, field_sizes):
    """Whatever the counts: a direction with papers before and after has three finite parts that make the whole."""
    found = shift_share(papers, category_sizes, field_sizes)

    some = (papers.sum(axis=2) > 0).all(axis=0)
    np.testing.assert_allclose(found.field + found.within + found.categories, found.total, atol=1e-9)
    assert np.isfinite(found.total).tolist() == some.tolist()
    assert np.isfinite(found.categories).tolist() == some.tolist()


@settings(max_examples=30, deadline=None)
@given(arrays(float, (3, 4), elements=st.floats(1, 1e6)), arrays(float, (2, 3, 4), elements=st.floats(1, 1e7)))
def test_growth_within_is_that_of_every_category(before, category_sizes):
    """Where a direction's share grows by half in each of its categories, half is its growth within."""
    after = 1.5 * before / category_sizes[0] * category_sizes[1]

    found = shift_share(np.stack([before, after]), category_sizes, category_sizes.sum(axis=2))

    np.testing.assert_allclose(found.within, np.log(1.5), atol=1e-9)


def test_category_that_opens_is_growth_within():
    """Papers in a category that had none of the direction's before are neither the field's nor the categories' work."""
    papers = np.array([[[10.0, 0.0]], [[10.0, 10.0]]])

    found = shift_share(papers, np.full((2, 1, 2), 100.0), np.full((2, 1), 200.0))

    assert (found.field[0], found.categories[0]) == (0, 0)
    assert found.within[0] == pytest.approx(np.log(2))


def test_papers_of_an_empty_category_are_refused():
    """Counts that contradict each other are not explained away."""
    with pytest.raises(LittriageError, match="count it anew"):
        shift_share(np.ones((2, 1, 1)), np.array([[[5.0]], [[0.0]]]), np.ones((2, 1)))


def test_peak_of_a_hump_is_found():
    """Of humps with 100 papers a year, the middle of the interval is within half a year of the true peak in 80%."""
    drawn = simulate.simulate(120, seed=40, mix={Shape.HUMP: 1.0}, sizes=(100,))
    found = state(drawn.panel)
    odds = peak_odds(drawn.panel, found)
    shares = np.exp(drawn.truth.log_share)
    years = np.lib.stride_tricks.sliding_window_view(shares, 12, axis=1).mean(axis=2)
    since = years.shape[1] - 1 - years.argmax(axis=1)

    middle = (odds.months_low + odds.months_high) / 2
    assert np.mean(np.abs(middle - since)[found.known] <= 6) >= 0.8
    assert np.mean(odds.p_recent[since == 0]) > 0.8
    assert np.mean(odds.p_recent[since >= 24]) < 0.1


def test_noise_has_no_certain_peak():
    """A share that stands still may have peaked at any time; one that nobody knows has no odds."""
    rng = np.random.default_rng(41)
    flat, none = rng.poisson(4, (1, 120)), np.zeros((1, 120))
    drawn = Panel(("a", "b"), MONTHS[0], np.concatenate([flat, none]), np.full((2, 120), 1e3), np.ones((2, 120), bool))

    odds = peak_odds(drawn, state(drawn))

    assert 0.02 < odds.p_recent[0] < 0.6
    assert odds.months_high[0] - odds.months_low[0] >= 24
    assert np.isnan([odds.p_recent[1], odds.months_low[1], odds.months_high[1]]).all()


def test_saturation_needs_the_neighbourhood_of_the_peak():
    """P(flat) x level near the peak; nothing once 30% are lost."""
    assert saturation_index(0.8, 0.9, 0.5) == 0.4
    assert saturation_index(0.8, 0.70, 0.5) == 0.0
    assert saturation_index(0.8, 0.71, 0.5) == 0.4
    assert saturation_index(0.8, 0.0, 0.5) == 0.0
