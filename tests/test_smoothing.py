"""The trend of log shares: filter, smoother, counts, population, forecasts and draws."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from statistics import NormalDist

import numpy as np
import pytest

from littriage import simulate
from littriage.errors import LittriageError
from littriage.panel import Panel
from littriage.smoothing import (
    DEFAULT,
    GROWTH_SDS,
    WINDOW,
    Mixture,
    Population,
    Quarters,
    Series,
    Trend,
    dispersions,
    drawn_levels,
    fitted,
    kalman,
    quarters,
    settled,
    smooth,
    trends,
    without_spikes,
)

FIRST = date(2014, 1, 1)
KNOWN = Population(level_sd=0.03, damping=0.85, weights=DEFAULT.weights)


def panel_of(papers, exposure=1000.0, usable=True) -> Panel:
    papers = np.atleast_2d(np.asarray(papers, dtype=float))
    whole = np.broadcast_to(np.asarray(exposure, dtype=float), papers.shape).copy()
    known = np.broadcast_to(np.asarray(usable, dtype=bool), papers.shape).copy()
    names = tuple(f"t{row}" for row in range(len(papers)))
    return Panel(names, FIRST, np.where(known, papers, 0.0), np.where(known, whole, 0.0), known)


def small(topics: int = 30, months: int = 72, seed: int = 1) -> Panel:
    return simulate.simulate(topics, seed, months=months).panel


# --- filter and smoother ----------------------------------------------------------------------------------------


def test_filter_and_smoother_are_those_of_statsmodels():
    """Log likelihood, filtered and smoothed states, covariances: six series with a fifth of the periods lacking."""
    from statsmodels.tsa.statespace.mlemodel import MLEModel

    rng = np.random.default_rng(0)
    z, variance = np.cumsum(rng.normal(0, 0.3, (40, 6)), axis=0), rng.uniform(0.05, 1, (40, 6))
    z[rng.random(z.shape) < 0.2] = np.nan
    first, growth_sd = rng.normal(size=6), np.linspace(0.01, 0.2, 6)

    seen = kalman(Series(z, variance, first), Trend(0.1, growth_sd, 0.8))
    found = smooth(seen)

    for i in range(6):
        start = np.diag([25.0, growth_sd[i] ** 2 / (1 - 0.8**2)])
        known = {"initialization": "known", "initial_state": [first[i], 0.0], "initial_state_cov": start}
        model = MLEModel(z[:, i], k_states=2, **known)
        model["design"], model["transition"] = np.array([[1.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 0.8]])
        model["selection"], model["state_cov"] = np.eye(2), np.diag([0.1**2, growth_sd[i] ** 2])
        model.ssm["obs_cov"] = variance[None, None, :, i]
        theirs = model.smooth([])
        assert seen.log_likelihood[i] == pytest.approx(theirs.llf, abs=1e-6)
        for ours, state, covariance in (
            (seen.filtered, theirs.filtered_state, theirs.filtered_state_cov),
            (found.moments, theirs.smoothed_state, theirs.smoothed_state_cov),
        ):
            np.testing.assert_allclose([ours.level[:, i], ours.growth[:, i]], state, atol=1e-6)
            np.testing.assert_allclose(ours.level_variance[:, i], covariance[0, 0], atol=1e-6)
            np.testing.assert_allclose(ours.covariance[:, i], covariance[0, 1], atol=1e-6)
            np.testing.assert_allclose(ours.growth_variance[:, i], covariance[1, 1], atol=1e-6)


def dense(counts: Quarters, trend: Trend):
    """Mode, covariance and log evidence by Newton's method on one long vector: levels, then growths."""
    y, n, phi = counts.papers[0], counts.exposure[0], counts.dispersion[0]
    size = len(y)
    # Each row of `moves` is a shock: what a state is beyond what the one before it says.
    moves, spread = np.zeros((2 * size, 2 * size)), np.empty(2 * size)
    for t in range(size):
        moves[t, t] = moves[size + t, size + t] = 1.0
        spread[t], spread[size + t] = trend.level_sd, trend.growth_sd
        if t:
            moves[t, [t - 1, size + t - 1]] = -1.0
            moves[size + t, size + t - 1] = -trend.damping
    spread[0], spread[size] = 5.0, trend.growth_sd / np.sqrt(1 - trend.damping**2)
    precision = moves.T @ np.diag(spread**-2) @ moves
    centre = np.zeros(2 * size)
    centre[:size] = np.log((y.sum() + phi / 2) / n.sum())
    state = centre.copy()
    for _ in range(200):
        expected = n * np.exp(state[:size])
        gradient = -precision @ (state - centre)
        gradient[:size] += (y - expected) / phi
        curvature = precision.copy()
        curvature[np.arange(size), np.arange(size)] += expected / phi
        step = np.linalg.solve(curvature, gradient)
        state = state + step / max(1.0, np.abs(step).max())
    off = state - centre
    height = ((y * state[:size] - n * np.exp(state[:size])) / phi).sum() - off @ precision @ off / 2
    logs = np.linalg.slogdet(precision)[1] - np.linalg.slogdet(curvature)[1]
    return state, np.linalg.inv(curvature), height + logs / 2


@pytest.mark.parametrize("papers_a_quarter", [0.4, 3.0, 40.0])
def test_counts_enter_as_in_a_dense_posterior(papers_a_quarter):
    """Mode, covariances and evidence equal those of Newton's method on all quarters at once, unknown ones included."""
    rng = np.random.default_rng(2)
    papers = rng.poisson(papers_a_quarter, (1, 16)).astype(float)
    exposure = np.full((1, 16), 1000.0)
    papers[0, 5:7] = exposure[0, 5:7] = 0.0
    counts, trend = Quarters(papers, exposure, np.array([1.4])), Trend(0.03, 0.04, 0.85)

    found, evidence = settled(counts, trend)
    state, covariance, exact = dense(counts, trend)

    np.testing.assert_allclose(found.moments.level[:, 0], state[:16], atol=1e-5)
    np.testing.assert_allclose(found.moments.growth[:, 0], state[16:], atol=1e-5)
    np.testing.assert_allclose(found.moments.covariance[:, 0], np.diag(covariance[:16, 16:]), rtol=1e-4, atol=1e-7)
    assert evidence[0] == pytest.approx(exact, abs=1e-4)


def test_last_year_hangs_together_as_in_a_dense_posterior():
    """Growth and acceleration take their sd from the joint covariance of the first and last quarter of the year."""
    counts = quarters(panel_of(np.random.default_rng(3).poisson(4, 48)))
    found = trends(counts, KNOWN)

    for kind, growth_sd in enumerate(GROWTH_SDS):
        state, covariance, _ = dense(counts, Trend(KNOWN.level_sd, float(growth_sd), KNOWN.damping))
        last, year, pace, pace_before = 15, 11, 31, 27
        growth = covariance[last, last] + covariance[year, year] - 2 * covariance[last, year]
        slowing = covariance[pace, pace] + covariance[pace_before, pace_before] - 2 * covariance[pace, pace_before]
        assert found.growth.means[0, kind] == pytest.approx(state[last] - state[year], abs=1e-5)
        assert found.growth.sds[0, kind] == pytest.approx(growth**0.5, rel=1e-4)
        assert found.acceleration.means[0, kind] == pytest.approx(4 * (state[pace] - state[pace_before]), abs=1e-5)
        assert found.acceleration.sds[0, kind] == pytest.approx(4 * slowing**0.5, rel=1e-4)


# --- counts -----------------------------------------------------------------------------------------------------


def test_dispersion_of_two_months_by_hand():
    """(4 x 100 - 1 x 100)^2 / (100 x 100 x 5) = 1.8, alone and so its own median."""
    assert dispersions(np.array([[4.0, 1.0]]), np.array([[100.0, 100.0]])) == pytest.approx([1.8])


def test_dispersion_passes_over_holes():
    """The months on both sides of a hole are neighbours; a topic without papers has the median, or 1."""
    papers, exposure = np.array([[4.0, 0.0, 1.0], [0.0, 0.0, 0.0]]), np.array([[100.0, 0.0, 100.0], [100.0] * 3])

    assert dispersions(papers, exposure) == pytest.approx([1.8, 1.8])
    assert dispersions(np.zeros((1, 3)), np.ones((1, 3))) == pytest.approx([1.0])


def test_quarters_end_with_the_panel():
    """Of seven months the last quarter has the last three, the first one month; before them nothing is known."""
    counts = quarters(panel_of([1, 2, 3, 4, 5, 6, 7], usable=[True] * 5 + [False, True]))

    assert counts.papers.tolist() == [[0, 0, 1, 2 + 3 + 4, 5 + 7]]
    assert counts.exposure.tolist() == [[0, 0, 1000, 3000, 2000]]
    assert counts.known.tolist() == [[False, False, True, True, True]]


def test_unusable_months_are_not_zeros():
    """A year that nobody collected widens the interval and does not make a topic fall."""
    papers = np.full(72, 10.0)
    hole = np.arange(72) >= 60

    whole, lost, empty = (
        trends(quarters(panel), KNOWN).growth
        for panel in (panel_of(papers), panel_of(papers, usable=~hole), panel_of(np.where(hole, 0, papers)))
    )

    assert lost.mean[0] == pytest.approx(0, abs=0.02)
    assert lost.sd[0] > 1.5 * whole.sd[0]
    assert empty.mean[0] < -1


def test_spike_is_unknown_and_a_rise_is_not():
    """One month of ten times as many is taken out; the second month of a rise, and a month among few papers, stay."""
    spike, rise, few = ([5.0] * 30 for _ in range(3))
    spike[20], rise[20:], few[20] = 60.0, [60.0] * 10, 12.0
    last = [5.0] * 29 + [60.0]
    panel = panel_of(np.array([spike, rise, few, last]) + np.random.default_rng(12).integers(-1, 2, (4, 30)))

    steady = without_spikes(panel)

    assert np.argwhere(~steady.usable).tolist() == [[0, 20], [3, 29]]
    assert steady.papers[0, 20] == steady.exposure[0, 20] == 0
    twice = without_spikes(replace(panel, papers=2 * panel.papers, exposure=2 * panel.exposure))
    assert np.array_equal(steady.usable, twice.usable)


# --- the population ---------------------------------------------------------------------------------------------


def test_small_panel_falls_back():
    """Nineteen topics, or twenty with seven quarters, are not enough to fit."""
    assert fitted(quarters(small(19))) is DEFAULT
    assert fitted(quarters(small(20, months=21))) is DEFAULT
    assert fitted(quarters(small(20))) is not DEFAULT


@pytest.mark.parametrize(("damping", "among"), [(0.7, {0.7, 0.8}), (0.96, {0.93, 0.96})])
def test_damping_is_found(damping, among):
    """Topics drawn from the model give back about its damping."""
    rng = np.random.default_rng(4)
    level, growth, levels = np.log(rng.uniform(0.02, 0.1, 400)), rng.normal(0, 0.1, 400), []
    for _ in range(WINDOW):
        levels.append(level)
        level, growth = level + growth, damping * growth + rng.normal(0, 0.1, 400)
    counts = rng.poisson(5000 * np.exp(np.array(levels).T)).astype(float)

    found = fitted(Quarters(counts, np.full_like(counts, 5000.0), np.ones(400)))

    assert found.damping in among
    assert found.weights[GROWTH_SDS >= 0.08].sum() > 0.8


def test_order_changes_no_bit():
    """Shuffled topics have the same trends in the shuffled order."""
    panel = small(40)
    order = np.random.default_rng(5).permutation(40)

    first, second = trends(quarters(panel)), trends(quarters(panel.rows(order)))

    assert np.array_equal(first.shares[order], second.shares)
    assert np.array_equal(first.growth.mean[order], second.growth.mean)
    assert np.array_equal(first.ahead(12).change.sd[order], second.ahead(12).change.sd)


def test_every_paper_twice_changes_nothing():
    """Twice the papers in twice the field is the same evidence."""
    panel = small(40)
    twice = replace(panel, papers=2 * panel.papers, exposure=2 * panel.exposure)

    first, second = trends(quarters(panel)), trends(quarters(twice))

    np.testing.assert_allclose(first.growth.mean, second.growth.mean, atol=1e-9)
    np.testing.assert_allclose(first.growth.sd, second.growth.sd, atol=1e-9)


@pytest.mark.parametrize(
    "panel",
    [
        pytest.param(panel_of(np.zeros((0, 30))), id="no topic"),
        pytest.param(panel_of(np.zeros((2, 0))), id="no month"),
        pytest.param(panel_of(np.zeros((1, 60))), id="no paper"),
        pytest.param(panel_of([5.0] * 60, exposure=0.0), id="no field"),
        pytest.param(panel_of([5.0] * 60, usable=False), id="nothing usable"),
        pytest.param(panel_of([3.0] * 59 + [900.0]), id="one giant month"),
        pytest.param(panel_of([1e6] * 60, exposure=1e7), id="huge"),
        pytest.param(panel_of([0.0] * 59 + [1.0]), id="one paper"),
    ],
)
def test_odd_records_give_numbers(panel):
    """Whatever the record, what comes out is finite and has a width."""
    found = trends(quarters(panel))

    for mixture in (found.growth, found.acceleration, found.ahead(24).change):
        assert np.isfinite(mixture.mean).all()
        assert (mixture.sd > 0).all()


# --- forecasts and draws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("months", [3, 6, 12, 24])
def test_forecast_is_the_trend_with_unknown_months_at_the_end(months):
    """Looking ahead, and smoothing a record whose last months nobody has seen yet, are the same."""
    papers = np.random.default_rng(6).poisson(np.linspace(3, 12, 45), (4, 45))
    now, later = panel_of(papers), panel_of(np.pad(papers, ((0, 0), (0, months))), usable=np.arange(45 + months) < 45)

    ahead, then = trends(quarters(now), KNOWN).ahead(months), trends(quarters(later), KNOWN)

    np.testing.assert_allclose(ahead.log_share.mean, then.year.mean, atol=1e-4)
    np.testing.assert_allclose(ahead.log_share.sd, then.year.sd, rtol=1e-3)
    if months == 3:  # the mean of four quarters moves by a quarter of what the last has over the fifth
        np.testing.assert_allclose(ahead.change.mean, then.growth.mean / 4, atol=1e-4)
        np.testing.assert_allclose(ahead.change.sd, then.growth.sd / 4, rtol=1e-3)


@pytest.mark.parametrize("months", [0, -3, 7])
def test_forecast_goes_by_quarters(months):
    """Seven months ahead is refused with a word on what may be asked."""
    with pytest.raises(LittriageError, match="3, 6, 9"):
        trends(quarters(small(2)), KNOWN).ahead(months)


def test_draws_have_the_smoother_s_moments():
    """Mean, variance and the covariance over a year of 40,000 drawn paths."""
    counts = quarters(panel_of(np.random.default_rng(7).poisson(4, 48)))
    one = replace(trends(counts, KNOWN), shares=np.eye(6)[[3]])
    (levels,) = drawn_levels(counts, one, 40_000, seed=8)
    state, covariance, _ = dense(counts, Trend(KNOWN.level_sd, float(GROWTH_SDS[3]), KNOWN.damping))

    np.testing.assert_allclose(levels[:, 0].mean(axis=1), state[:16], atol=0.01)
    np.testing.assert_allclose(np.cov(levels[:, 0]), covariance[:16, :16], atol=0.03 * covariance[:16, :16].max())


def test_draws_are_of_all_topics_in_order_and_repeat():
    """Forty topics come in several arrays; the same seed gives the same paths, another seed others."""
    counts = quarters(small(40))
    found = trends(counts)

    first, again, other = (np.concatenate(list(drawn_levels(counts, found, 9, seed)), axis=1) for seed in (1, 1, 2))

    assert first.shape == (24, 40, 9)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_allclose(np.median(first[-1], axis=1), found.means[:, 3, 0], atol=1.5)


# --- mixtures ---------------------------------------------------------------------------------------------------


def test_mixture_of_one_is_a_normal():
    """Mean, sd, probability and quantile of N(1, 2)."""
    one = Mixture(np.ones((1, 1)), np.full((1, 1), 1.0), np.full((1, 1), 2.0))

    assert (one.mean[0], one.sd[0]) == (1.0, 2.0)
    assert one.below(0.0)[0] == pytest.approx(NormalDist(1, 2).cdf(0))
    assert one.quantile(0.9)[0] == pytest.approx(NormalDist(1, 2).inv_cdf(0.9))


def test_quantile_undoes_probability():
    """Of lopsided mixtures, too."""
    rng = np.random.default_rng(9)
    mixture = Mixture(rng.dirichlet(np.ones(3), 20), rng.normal(size=(20, 3)), rng.uniform(0.01, 2, (20, 3)))

    for part in (0.05, 0.5, 0.9):
        np.testing.assert_allclose(mixture.below(mixture.quantile(part)), part, atol=1e-9)
