from __future__ import annotations

import time
from datetime import date
from itertools import product

import numpy as np
import pytest

from littriage.backtest import baselines
from littriage.backtest.baselines import BASELINES, Scored
from littriage.panel import Panel

nan = float("nan")
NAMES = sorted(BASELINES)
GROWTH = sorted(set(BASELINES) - {"climatology", "persistence", "small share"})


def panel_of_counts(papers, exposure=1000.0, usable=None, first: date = date(2010, 1, 1)) -> Panel:
    papers = np.atleast_2d(np.asarray(papers, dtype=float))
    known = np.ones(papers.shape, dtype=bool) if usable is None else np.broadcast_to(usable, papers.shape).copy()
    field = np.broadcast_to(np.asarray(exposure, dtype=float), papers.shape).copy()
    return Panel(tuple(f"topic {row}" for row in range(len(papers))), first, papers, field, known)


def years(*papers: float) -> np.ndarray:
    """Monthly counts of years with so many papers each, evenly."""
    return np.repeat(np.array(papers) / 12, 12)


def random_panel(seed: int = 0, topics: int = 30, months: int = 150) -> Panel:
    random = np.random.default_rng(seed)
    share = np.exp(random.normal(-5, 1, topics))[:, None] * np.exp(
        random.normal(0, 0.3, topics)[:, None] * np.linspace(-3, 3, months)
    )
    exposure = np.linspace(200, 2000, months)
    return panel_of_counts(random.poisson(exposure * np.minimum(share, 0.5)), exposure)


# --- what holds for all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("topics", [0, 1, 5])
@pytest.mark.parametrize("months", [0, 1, 7, 40])
def test_every_method_scores_every_topic_or_says_nothing(name, topics, months):
    papers = np.random.default_rng(1).poisson(5, (topics, months)).astype(float).reshape(topics, months)
    panel = Panel(
        tuple(map(str, range(topics))),
        date(2020, 1, 1),
        papers,
        np.full(papers.shape, 100.0),
        np.ones(papers.shape, dtype=bool),
    )
    found = BASELINES[name](panel, 12)
    assert found.score.shape == (topics,)
    assert found.silent == np.isnan(found.score).sum()
    assert not np.isinf(found.score).any()
    if found.call is not None:
        np.testing.assert_array_equal(np.isnan(found.call), np.isnan(found.score))
        assert set(found.call[~np.isnan(found.call)]) <= {0.0, 1.0}
    if months < 9:
        assert found.silent == topics


@pytest.mark.parametrize("name", NAMES)
def test_every_method_is_silent_where_the_last_year_is_unknown(name):
    usable = np.ones(120, dtype=bool)
    usable[-12:] = False
    assert BASELINES[name](panel_of_counts(np.full((3, 120), 5.0), usable=usable), 12).silent == 3
    none = BASELINES[name](panel_of_counts(np.full((3, 120), 5.0), usable=np.zeros(120, dtype=bool)), 12)
    assert none.silent == 3


@pytest.mark.parametrize("name", NAMES)
def test_no_method_reads_a_month_that_is_not_usable(name):
    panel = random_panel(2, topics=8)
    usable = np.ones(panel.papers.shape, dtype=bool)
    usable[:, [20, 70, 100, 110, 140]] = False
    blank = Panel(
        panel.topics, panel.first, np.where(usable, panel.papers, 0), np.where(usable, panel.exposure, 0), usable
    )
    junk = Panel(
        panel.topics, panel.first, np.where(usable, panel.papers, 999), np.where(usable, panel.exposure, 1), usable
    )
    same(BASELINES[name](blank, 12), BASELINES[name](junk, 12))


@pytest.mark.parametrize("name", NAMES)
def test_unknown_months_before_the_record_change_nothing(name):
    panel = random_panel(3, topics=8)
    before = np.zeros((8, 25))
    longer = Panel(
        panel.topics,
        date(2007, 12, 1),
        np.hstack([before, panel.papers]),
        np.hstack([before, panel.exposure]),
        np.hstack([before > 0, panel.usable]),
    )
    same(BASELINES[name](panel, 12), BASELINES[name](longer, 12))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_topics_changes_nothing(name):
    panel = random_panel(4)
    order = np.random.default_rng(0).permutation(30)
    straight, turned = BASELINES[name](panel, 12), BASELINES[name](panel.rows(order), 12)
    same(Scored(straight.score[order], None if straight.call is None else straight.call[order]), turned)


@pytest.mark.parametrize("horizon", [6, 12, 24])
@pytest.mark.parametrize("name", GROWTH)
def test_a_steady_climber_ranks_above_a_steady_sinker(name, horizon):
    t = np.arange(132) / 12
    exposure = np.full(132, 5000.0)
    panel = panel_of_counts(np.vstack([20 * np.exp(0.3 * t), 500 * np.exp(-0.3 * t), np.full(132, 60.0)]), exposure)
    up, down, _ = BASELINES[name](panel, horizon).score
    assert up > down


@pytest.mark.parametrize("name", NAMES)
def test_a_topic_without_a_paper_is_no_error(name):
    found = BASELINES[name](panel_of_counts(np.vstack([np.zeros(120), np.full(120, 5.0)])), 12)
    assert not np.isinf(found.score).any()
    assert not np.isnan(found.score[1])


def test_all_methods_together_are_fast():
    panel = random_panel(5, topics=2000, months=168)
    began = time.process_time()
    for method in BASELINES.values():
        assert method(panel, 12).silent == 0
    assert time.process_time() - began < 6


def same(one: Scored, other: Scored) -> None:
    np.testing.assert_allclose(one.score, other.score, rtol=1e-9, atol=1e-12)
    assert (one.call is None) == (other.call is None)
    if one.call is not None and other.call is not None:
        np.testing.assert_array_equal(one.call, other.call)


# --- simple ones ------------------------------------------------------------------------------------------------


def test_climatology_and_persistence_tell_topics_apart_by_nothing():
    panel = random_panel()
    assert set(BASELINES["climatology"](panel, 12).score) == {0.0}
    persistence = BASELINES["persistence"](panel, 12)
    assert persistence.call is not None
    assert set(persistence.call) == {0.0}


def test_last_growth_compares_two_years():
    found = baselines.last_growth(panel_of_counts([years(12, 24), years(24, 12)]), 12)
    expected = np.log(24.5 / 12.5)
    assert found.score == pytest.approx([expected, -expected])
    np.testing.assert_array_equal(found.call, [1.0, 0.0])


def test_last_growth_is_of_the_share_and_not_of_the_count():
    found = baselines.last_growth(panel_of_counts([years(1200, 2400)], np.repeat([1000.0, 2000.0], 12)), 12)
    assert found.score == pytest.approx([np.log(2400.5 / 1200.5 / 2)])


def test_a_year_with_three_unknown_months_is_scaled_and_with_four_is_unknown():
    usable = np.ones(24, dtype=bool)
    usable[[13, 17, 20]] = False
    assert baselines.last_growth(panel_of_counts([years(12, 24)], usable=usable), 12).score == pytest.approx(
        [np.log(24.5 / 12.5)]
    )
    usable[21] = False
    assert baselines.last_growth(panel_of_counts([years(12, 24)], usable=usable), 12).silent == 1


def test_the_smallest_share_scores_highest():
    found = baselines.small_share(panel_of_counts([years(12), years(120)]), 12)
    assert found.score == pytest.approx([-np.log(12.5 / 12000), -np.log(120.5 / 12000)])
    assert found.call is None


# --- monotone trend ---------------------------------------------------------------------------------------------


def test_theil_sen_and_mann_kendall_agree_with_loops_and_scipy():
    from scipy.stats import theilslopes

    panel = random_panel(6, topics=5, months=50)
    share = (panel.papers / panel.exposure)[:, -36:]
    slopes = baselines.theil_sen(panel, 12).score
    z = baselines.mann_kendall(panel, 12).score
    for row, own in enumerate(share):
        assert slopes[row] == pytest.approx(theilslopes(own).slope * 12 / own.mean())
        s = sum(np.sign(own[b] - own[a]) for a in range(36) for b in range(a + 1, 36))
        ties = np.unique(own, return_counts=True)[1]
        variance = (36 * 35 * 77 - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
        assert z[row] == pytest.approx((s - np.sign(s)) / variance**0.5)


def test_mann_kendall_by_hand_for_a_straight_climb():
    # All 630 pairs rise: S = 630, Var = 36 x 35 x 77 / 18 = 5390.
    found = baselines.mann_kendall(panel_of_counts(np.arange(1.0, 37.0)), 12)
    assert found.score == pytest.approx([629 / 5390**0.5])
    np.testing.assert_array_equal(found.call, [1.0])


def test_a_trend_passes_over_unknown_months():
    usable = np.ones(36, dtype=bool)
    usable[5:14] = False
    panel = panel_of_counts(np.arange(1.0, 37.0), usable=usable)
    # 27 months are left, all 351 pairs rise, and the slope in time stays 1 paper a month.
    assert baselines.mann_kendall(panel, 12).score == pytest.approx([350 / (27 * 26 * 59 / 18) ** 0.5])
    assert baselines.theil_sen(panel, 12).score == pytest.approx([12 / np.arange(1.0, 37.0)[usable].mean()])
    usable[14] = False
    assert baselines.theil_sen(panel_of_counts(np.ones(36), usable=usable), 12).silent == 1


# --- MACD -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shares", [(0.01, 0.01, 0.02, 0.05, 0.04), (0.05, 0.03, 0.01, 0.02, 0.01)])
def test_macd_is_that_of_moving_averages_with_normalised_weights(shares):
    shares = np.array(shares)

    def ema(values, span):
        keep = 1 - 2 / (span + 1)
        return np.array(
            [np.average(values[: place + 1], weights=keep ** np.arange(place, -1, -1)) for place in range(len(values))]
        )

    line = ema(shares, 6) - ema(shares, 12)
    expected = (line - ema(line, 3))[-1] / np.sqrt(ema(shares, 3)[2:].max())
    found = baselines.macd(panel_of_counts([years(*(shares * 12000))]), 12)
    assert found.score == pytest.approx([expected])
    np.testing.assert_array_equal(found.call, [float(expected > 0)])


def test_macd_needs_three_years_and_finds_no_burst_in_a_flat_share():
    assert baselines.macd(panel_of_counts([years(9, 9)]), 12).silent == 1
    flat = baselines.macd(panel_of_counts([years(9, 9, 9, 9), years(0, 0, 0, 0)]), 12)
    assert flat.score == pytest.approx([0.0, 0.0], abs=1e-12)


# --- Kleinberg's bursts -----------------------------------------------------------------------------------------


def cheapest(papers, exposure, usable):
    """Cost of the cheapest sequence that ends in each state, and the weight of the burst that ends the one for 1."""
    n = int(usable.sum())
    p0 = papers[usable].sum() / exposure[usable].sum()
    rates = (p0, min(2 * p0, 0.9999))
    best = [(np.inf, ()), (np.inf, ())]
    for states in product((0, 1), repeat=len(papers)):
        cost, before = 0.0, 0
        for month, state in enumerate(states):
            cost += np.log(n) if state > before else 0.0
            if usable[month]:
                q = rates[state]
                cost -= papers[month] * np.log(q) + (exposure[month] - papers[month]) * np.log(1 - q)
            before = state
        if cost < best[states[-1]][0] - 1e-12:
            best[states[-1]] = (cost, states)
    states = best[1][1]
    start = max((place + 1 for place, state in enumerate(states) if state == 0), default=0)
    weight = 0.0
    for month in range(start, len(papers)):
        if usable[month]:
            r, d = papers[month], exposure[month]
            weight += r * np.log(rates[1] / rates[0]) + (d - r) * np.log((1 - rates[1]) / (1 - rates[0]))
    return best[0][0], best[1][0], weight


def bursty(seed: int) -> np.ndarray:
    """Counts of twelve months with a burst that has ended where the seed is odd."""
    random = np.random.default_rng(seed)
    month, start = np.arange(12), int(random.integers(2, 6))
    end = start + 4 if seed % 2 else 12
    return random.poisson(np.where((month >= start) & (month < end), 9.0, 1.5)).astype(float)


@pytest.mark.parametrize("seed", range(6))
def test_bursts_are_those_of_the_cheapest_of_all_sequences(seed):
    random = np.random.default_rng(seed)
    papers, exposure = bursty(seed), random.integers(40, 80, 12).astype(float)
    usable = np.ones(12, dtype=bool)
    usable[random.integers(0, 11, 2)] = False
    in_0, in_1, weight = cheapest(papers, exposure, usable)
    found = baselines.kleinberg(panel_of_counts(papers, exposure, usable), 12)
    assert found.call is not None
    assert found.call[0] == (in_1 < in_0)
    assert found.score[0] == pytest.approx(weight if in_1 < in_0 else in_0 - in_1)


def test_the_bursts_tried_end_in_both_states():
    calls = baselines.kleinberg(panel_of_counts([bursty(seed) for seed in range(6)], 60.0), 12).call
    assert calls is not None
    assert set(calls) == {0.0, 1.0}


def test_one_good_month_is_no_burst_but_a_year_of_them_is():
    one, year = np.full(60, 5.0), np.full(60, 5.0)
    one[-1], year[-12:] = 9.0, 15.0
    np.testing.assert_array_equal(baselines.kleinberg(panel_of_counts([one, year]), 12).call, [0.0, 1.0])


# --- E-score ----------------------------------------------------------------------------------------------------


def test_escore_by_hand():
    base, active = (4, 4, 4), (4, 5, 6, 9, 10, 14, 20)
    panel = panel_of_counts([years(*base, *active)], 400 / 12)
    root = 20.0
    trend = (10 + 14 + 20) / (3 * root) - (4 + 5 + 6) / (3 * root)
    recent = 10 * ((14 + 20) / (2 * root) - (9 + 10) / (2 * root))
    slope = 10 * (20 / root - 9 / root) / 3
    found = baselines.escore(panel, 12)
    assert found.score == pytest.approx([2 * trend + recent + slope])
    np.testing.assert_array_equal(found.call, [1.0])


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((4, 4, 4, 1, 1, 2, 2, 3, 4, 5), "not twice the base"),
        ((0, 0, 0, 4, 5, 6, 9, 10, 14, 20), "nothing in the base"),
        ((80, 80, 80, 90, 90, 90, 90, 95, 99, 99), "too large a part of the field"),
        ((0.2, 0.2, 0.2, 0.3, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9), "fewer than seven papers"),
    ],
)
def test_escore_calls_only_what_passes_its_filters(counts, why):
    found = baselines.escore(panel_of_counts([years(*counts)], 400 / 12), 12)
    assert found.score[0] > 0, why
    np.testing.assert_array_equal(found.call, [0.0])


def test_escore_takes_tenths_of_a_shorter_record_and_nothing_below_thirty_months():
    tenths = np.repeat([4.0, 4, 4, 4, 5, 6, 9, 10, 14, 20], 4)
    quarters = baselines.escore(panel_of_counts(tenths / 4, 400 / 4), 12)
    assert quarters.score == pytest.approx(
        baselines.escore(panel_of_counts([years(4, 4, 4, 4, 5, 6, 9, 10, 14, 20)], 400 / 12), 12).score
    )
    assert baselines.escore(panel_of_counts(np.ones(29)), 12).silent == 1


# --- life cycle -------------------------------------------------------------------------------------------------


def bell(length: int, ceiling: float, peak: float, spread: float) -> np.ndarray:
    t = np.arange(1, length + 1) - peak
    rate = np.log(81) / spread
    tail = np.exp(-np.abs(rate * t))
    return ceiling * rate * tail / (1 + tail) ** 2


@pytest.mark.parametrize("peak", [4.0, 8.5, 11.0])
def test_a_planted_life_cycle_is_found_again(peak):
    papers = bell(10, 900, peak, 8.0)
    curve = baselines.fitted_life_cycle(panel_of_counts([years(*papers)]))
    assert curve.ceiling == pytest.approx([900], rel=0.02)
    assert curve.peak == pytest.approx([peak - 10], abs=0.05)
    assert curve.spread == pytest.approx([8.0], rel=0.02)
    found = baselines.life_cycle(panel_of_counts([years(*papers)]), 12)
    now, then = papers[-1], bell(11, 900, peak, 8.0)[-1]
    assert found.score == pytest.approx([np.log(then / now)], abs=0.02)
    np.testing.assert_array_equal(found.call, [float(peak > 10)])


def test_the_fit_is_no_worse_than_that_of_scipy_from_many_starts():
    from scipy.optimize import minimize

    random = np.random.default_rng(7)
    for _ in range(3):
        papers = random.poisson(bell(12, 400, random.uniform(4, 16), random.uniform(4, 12))).astype(float)
        papers[0] += 1
        total = papers.sum()
        curve = baselines.fitted_life_cycle(panel_of_counts([years(*papers)]))
        ours = ((papers - bell(12, curve.ceiling[0], curve.peak[0] + 12, curve.spread[0])) ** 2).sum()
        assert 1.0099 * total <= curve.ceiling[0] <= 10.001 * total

        def error(at, papers=papers):
            return ((papers - bell(12, *at)) ** 2).sum()

        bounds = [(1.01 * total, 10 * total), (0.5, 36), (0.1, 60)]
        starts = [(2.5 * total, peak, spread) for peak in (5, 10, 16) for spread in (4, 10)]
        theirs = min(minimize(error, start, method="L-BFGS-B", bounds=bounds).fun for start in starts)
        assert ours <= theirs * 1.001 + 1e-6


def test_the_life_cycle_begins_with_the_first_paper_and_needs_four_years():
    late = bell(6, 300, 5.0, 6.0)
    alone = baselines.life_cycle(panel_of_counts([years(*late)]), 12).score
    with_blank_years = baselines.life_cycle(panel_of_counts([years(0, 0, 0, *late)]), 12).score
    assert with_blank_years == pytest.approx(alone)
    assert baselines.life_cycle(panel_of_counts([years(0, 0, 0, 5, 6, 7)]), 12).silent == 1


# --- BERTrend's rule --------------------------------------------------------------------------------------------


def test_popularity_adds_up_and_fades_ever_faster():
    papers = [2.0, 3, 0, 0, 0, 4, 0]
    expected, now = [2.0, 5.0], 5.0
    for slices in (1, 2, 3):
        now *= np.exp(-0.01 * slices**2)
        expected.append(now)
    expected += [now + 4, (now + 4) * np.exp(-0.01)]
    np.testing.assert_allclose(baselines._popularity(panel_of_counts(papers))[0], expected)


def test_an_unusable_month_neither_adds_nor_fades():
    usable = np.array([True, True, False, True])
    np.testing.assert_allclose(
        baselines._popularity(panel_of_counts([2.0, 0, 9, 0], usable=usable))[0],
        [2, 2 * np.exp(-0.01), 2 * np.exp(-0.01), 2 * np.exp(-0.01) * np.exp(-0.04)],
    )


def test_bertrend_calls_weak_signals_that_rise_and_strong_ones_that_need_not():
    rows = [np.full(24, count) for count in (0.5, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2, 3.4)]
    strong, fading = np.full(24, 50.0), np.full(24, 2.5)
    strong[-3:], fading[-3:] = 0.0, 0.0
    found = baselines.bertrend(panel_of_counts([*rows, strong, fading]), 12)
    np.testing.assert_array_equal(found.call, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0])
    assert (found.score[1:9] > 0).all()
    assert (found.score[9:] < 0).all()
    # Popularity of 2 a month after 22, 23 and 24 months: slope 2 over the mean of 46.
    assert found.score[1] == pytest.approx(2 / 46)


# --- double exponential smoothing -------------------------------------------------------------------------------


def test_smoothing_agrees_with_statsmodels():
    from statsmodels.tsa.holtwinters import Holt

    values = np.random.default_rng(8).normal(0, 1, (3, 20)).cumsum(axis=1)
    level, trend, error = baselines._holt(values, 0.5, 0.1)
    squares = 0.0
    for row, own in enumerate(values):
        fitted = Holt(own, initialization_method="known", initial_level=own[0], initial_trend=0.0).fit(
            smoothing_level=0.5, smoothing_trend=0.1, optimized=False
        )
        assert level[row] == pytest.approx(fitted.level[-1])
        assert trend[row] == pytest.approx(fitted.trend[-1])
        squares += fitted.sse
    assert error == pytest.approx(squares)


def test_smoothing_carries_a_steady_trend_on():
    quarters = np.repeat(1000 * np.exp(0.05 * np.arange(60)), 3)
    panel = panel_of_counts(quarters, 1e6)
    for horizon in (6, 12, 24):
        score = baselines.double_smoothing(panel, horizon).score[0]
        assert score == pytest.approx(0.05 * horizon / 3, rel=0.02)


def test_smoothing_passes_over_an_unknown_quarter_at_its_forecast():
    level, trend, error = baselines._holt(np.array([[1.0, 2.0, nan, nan]]), 0.5, 0.4)
    # After 1 and 2: level 1.5, trend 0.4 x 0.5.
    assert level[0] == pytest.approx(1.5 + 2 * 0.2)
    assert trend[0] == pytest.approx(0.2)
    assert error == pytest.approx(1.0)
