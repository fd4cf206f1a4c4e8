from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage.backtest import scores
from littriage.backtest.plot import COUNTS, LEFT, SIDE, TOP, ReliabilityPanel, reliability_svg
from littriage.backtest.scores import ReliabilityBin, Undefined
from littriage.errors import LittriageError

nan = float("nan")


def sample(seed: int, rows: int = 400, origins: int = 5, topics: int = 60):
    """Outcome, probability with ties, growth, origin and topic of made-up rows."""
    random = np.random.default_rng(seed)
    probability = np.round(random.beta(2, 5, rows), 2)
    outcome = (random.random(rows) < probability).astype(float)
    growth = np.round(probability - 0.3 + random.normal(0, 0.5, rows), 1)
    return outcome, probability, growth, random.integers(0, origins, rows), random.integers(0, topics, rows)


# --- ranking ----------------------------------------------------------------------------------------------------


def test_auc_of_a_worked_example_counts_ties_one_half():
    # Risen: 0.9, 0.5. Not: 0.5, 0.1. Pairs won: 1 + 1 + 0.5 + 1 of 4.
    assert scores.auc_pooled([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.1]).point == 3.5 / 4


def test_auc_is_the_mean_over_the_origins_that_hold_both_classes():
    outcome = [1, 0, 1, 0, 0, 1, 1]
    score = [2, 1, 1, 2, 3, 5, 4]
    origin = [1, 1, 2, 2, 2, 3, 3]
    assert scores.auc(outcome, score, origin).point == (1.0 + 0.0) / 2


def test_auc_agrees_with_scikit_learn_pooled_and_by_origin():
    from sklearn.metrics import roc_auc_score

    outcome, probability, _, origin, _ = sample(1)
    assert scores.auc_pooled(outcome, probability).point == pytest.approx(roc_auc_score(outcome, probability))
    each = [roc_auc_score(outcome[origin == o], probability[origin == o]) for o in np.unique(origin)]
    assert scores.auc(outcome, probability, origin).point == pytest.approx(np.mean(each))


def test_weights_count_as_repeated_rows():
    from sklearn.metrics import roc_auc_score

    outcome, probability, growth, origin, _ = sample(2, rows=150)
    times = np.random.default_rng(5).integers(0, 4, 150)
    again = np.repeat(np.arange(150), times)
    makers = [
        lambda i: scores.auc(outcome[i], probability[i], origin[i]),
        lambda i: scores.spearman(growth[i], probability[i], origin[i]),
        lambda i: scores.csi(outcome[i], probability[i], origin[i]),
        lambda i: scores.precision_top_tenth(outcome[i], probability[i], origin[i]),
        lambda i: scores.brier_skill(outcome[i], probability[i]),
        lambda i: scores.calibration_slope(outcome[i], probability[i]),
        lambda i: scores.coverage(growth[i], -probability[i], probability[i]),
        lambda i: scores.csi_of_calls(outcome[i], probability[i] > 0.3),
    ]
    for maker in makers:
        statistic = maker(np.arange(150))
        weighted = statistic.of(times[statistic.rows].astype(float)[:, None])[0]
        assert weighted == pytest.approx(maker(again).point)
    pooled = scores.auc_pooled(outcome, probability)
    weighted = pooled.of(times[pooled.rows].astype(float)[:, None])[0]
    assert weighted == pytest.approx(roc_auc_score(outcome, probability, sample_weight=times))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(-5, 5), st.integers(0, 2)),
        min_size=2,
        max_size=30,
    )
)
def test_auc_keeps_under_rising_maps_and_turns_under_a_minus(rows):
    outcome, score, origin = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    plain = scores.auc(outcome, score, origin).point
    assert scores.auc(outcome, np.exp(score) + 3, origin).point == pytest.approx(plain, nan_ok=True)
    assert scores.auc(outcome, -score, origin).point == pytest.approx(1 - plain, nan_ok=True)
    shuffled = np.random.default_rng(0).permutation(len(score))
    again = scores.auc(outcome[shuffled], score[shuffled], origin[shuffled]).point
    assert again == pytest.approx(plain, nan_ok=True)
    one = scores.csi(outcome, score, origin).point
    assert scores.csi(outcome[shuffled], score[shuffled], origin[shuffled]).point == pytest.approx(one, nan_ok=True)


def test_all_tied_scores_rank_like_chance():
    outcome = np.repeat([1.0, 0.0], [24, 76])
    level, origin = np.full(100, 0.24), np.zeros(100)
    assert scores.auc(outcome, level, origin).point == 0.5
    assert scores.csi(outcome, level, origin).point == pytest.approx(0.24 / (2 - 0.24))
    assert scores.precision_top_tenth(outcome, level, origin).point == pytest.approx(0.24)
    rank = scores.spearman(outcome, level, origin)
    assert np.isnan(rank.point)
    assert rank.reason is Undefined.ALL_TIED


def test_csi_calls_as_many_as_rose_in_each_origin():
    # Origin 1: two rose, the top two are one hit and one false alarm. Origin 2: one rose and is on top.
    outcome = [1, 0, 1, 0, 1, 0]
    score = [4, 3, 2, 1, 9, 8]
    origin = [1, 1, 1, 1, 2, 2]
    assert scores.csi(outcome, score, origin).point == 2 / (2 + 1 + 1)


def test_rows_that_tie_for_the_last_place_share_it():
    # One place for two tied rows, of which one rose: half a hit.
    assert scores.csi([1, 0, 0], [5, 5, 1], [0, 0, 0]).point == pytest.approx(0.5 / 1.5)


def test_precision_looks_at_the_best_tenth_of_each_origin():
    outcome = np.zeros(40)
    outcome[[39, 19]] = 1
    score = np.arange(40.0)
    # Origin 0 holds 0..19, its best two are 18 and 19; origin 1 holds 20..39.
    origin = np.repeat([0, 1], 20)
    assert scores.precision_top_tenth(outcome, score, origin).point == 0.5
    outcome[[18, 38]] = 1
    assert scores.precision_top_tenth(outcome, score, origin).point == 1.0


def test_spearman_agrees_with_scipy():
    from scipy.stats import spearmanr

    _, probability, growth, origin, _ = sample(3)
    each = [spearmanr(growth[origin == o], probability[origin == o]).statistic for o in np.unique(origin)]
    assert scores.spearman(growth, probability, origin).point == pytest.approx(np.mean(each))


def test_a_rules_own_calls_are_judged_by_hits_misses_and_false_alarms():
    outcome, call = [1, 1, 0, 0, 1, 0], [1, 0, 1, 0, nan, nan]
    assert scores.csi_of_calls(outcome, call).point == 1 / 3
    assert scores.precision_of_calls(outcome, call).point == 1 / 2
    silent = scores.precision_of_calls(outcome, np.zeros(6))
    assert np.isnan(silent.point)
    assert silent.reason is Undefined.NO_CALLS


# --- probabilities ----------------------------------------------------------------------------------------------


def test_brier_and_its_skill_by_hand():
    outcome, probability = [1, 0, 0, 1], [0.8, 0.2, 0.4, 0.6]
    assert scores.brier(outcome, probability).point == pytest.approx((0.04 + 0.04 + 0.16 + 0.16) / 4)
    assert scores.brier_skill(outcome, probability).point == pytest.approx(1 - 0.1 / 0.25)
    known_then = [0.3, 0.3, 0.4, 0.4]
    reference = (0.49 + 0.09 + 0.16 + 0.36) / 4
    assert scores.brier_skill(outcome, probability, known_then).point == pytest.approx(1 - 0.1 / reference)
    assert scores.brier_skill(outcome, known_then, known_then).point == 0.0


def test_brier_agrees_with_scikit_learn():
    from sklearn.metrics import brier_score_loss

    outcome, probability, *_ = sample(4)
    assert scores.brier(outcome, probability).point == pytest.approx(brier_score_loss(outcome, probability))


def test_ece_of_bins_that_are_right_is_zero():
    probability = np.repeat([0.2, 0.6], [10, 5])
    outcome = np.array([1, 1, *[0] * 8, 1, 1, 1, 0, 0])
    assert scores.ece(outcome, probability).point == pytest.approx(0.0)
    assert scores.ece_equal_width(outcome, probability).point == pytest.approx(0.0)


def test_ece_weighs_the_gap_of_each_bin_by_its_rows():
    probability = np.repeat([0.15, 0.85], [30, 10])
    outcome = np.repeat([0.0, 1.0], [30, 10])
    assert scores.ece_equal_width(outcome, probability).point == pytest.approx((30 * 0.15 + 10 * 0.15) / 40)


def test_bins_of_equal_numbers_keep_ties_together_and_hold_a_tenth_each():
    rows = scores.reliability(np.zeros(1000), np.linspace(0, 1, 1000))
    assert [part.rows for part in rows] == [100] * 10
    tied = scores.reliability(np.zeros(100), np.repeat([0.1, 0.3], 50))
    assert [(part.predicted, part.rows) for part in tied] == [(pytest.approx(0.1), 50), (pytest.approx(0.3), 50)]
    assert len(scores.reliability([1, 0, 1], [0.4, 0.4, 0.4])) == 1
    # Seven tied rows of thirteen: their mean rank lies in the upper half, though the first of them does not.
    assert [part.rows for part in scores.reliability(np.zeros(13), np.repeat([0.1, 0.2], [6, 7]), bins=2)] == [6, 7]


def test_a_sure_forecast_falls_in_the_last_bin_of_equal_width():
    table = scores.reliability([1, 0, 1], [1.0, 0.0, 0.95], equal_width=True)
    assert [(part.predicted, part.rows, part.rose) for part in table] == [(0.0, 1, 0), (pytest.approx(0.975), 2, 2)]


def test_wilson_interval_of_known_examples():
    # Brown, Cai and DasGupta's formula by hand for 2 of 10, z = 1.959964.
    low, high = scores.wilson(2, 10)
    assert low == pytest.approx(0.05668, abs=1e-5)
    assert high == pytest.approx(0.50984, abs=1e-5)
    assert scores.wilson(0, 10)[0] == pytest.approx(0.0, abs=1e-12)
    assert scores.wilson(0, 0) == (0.0, 1.0)


def test_wilson_agrees_with_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    assert scores.wilson(37, 120) == pytest.approx(proportion_confint(37, 120, method="wilson"))


def test_calibration_slope_and_intercept_are_those_of_a_logistic_regression():
    import statsmodels.api as sm

    outcome, probability, *_ = sample(6)
    held = np.clip(probability, 1e-6, 1 - 1e-6)
    fitted = sm.Logit(outcome, sm.add_constant(np.log(held / (1 - held)))).fit(disp=0, tol=1e-10)
    assert scores.calibration_intercept(outcome, probability).point == pytest.approx(fitted.params[0], abs=1e-5)
    assert scores.calibration_slope(outcome, probability).point == pytest.approx(fitted.params[1], abs=1e-5)


def test_bold_forecasts_have_a_slope_below_one_and_a_halved_logit_doubles_it():
    outcome, probability, *_ = sample(7, rows=4000)
    held = np.clip(probability, 0.02, 0.98)
    logit = np.log(held / (1 - held))
    slope = scores.calibration_slope(outcome, held).point
    bold = scores.calibration_slope(outcome, 1 / (1 + np.exp(-2 * logit))).point
    assert bold == pytest.approx(slope / 2, rel=1e-6)


@pytest.mark.parametrize(
    ("outcome", "probability"),
    [([1, 1, 1], [0.2, 0.5, 0.7]), ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), ([0, 1, 0, 1], [0.3, 0.3, 0.3, 0.3])],
)
def test_calibration_that_cannot_be_fitted_says_so(outcome, probability):
    slope = scores.calibration_slope(outcome, probability)
    assert np.isnan(slope.point)
    assert slope.reason is Undefined.NO_FIT


def test_calibration_gap_is_predicted_less_observed():
    assert scores.calibration_gap([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5]).point == 0.25


def test_coverage_counts_both_ends_of_an_interval():
    assert scores.coverage([0.0, 1.0, 2.0, 3.0, nan], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]).point == 0.5


# --- what is not defined ----------------------------------------------------------------------------------------


def test_one_class_alone_has_no_auc_but_a_brier_score():
    outcome, probability, origin = [0, 0], [0.1, 0.2], [1, 1]
    for statistic in (
        scores.auc(outcome, probability, origin),
        scores.auc_pooled(outcome, probability),
        scores.csi(outcome, probability, origin),
        scores.brier_skill(outcome, probability),
    ):
        assert np.isnan(statistic.point)
        assert statistic.reason is Undefined.ONE_CLASS
    assert scores.brier(outcome, probability).point == pytest.approx(0.025)
    assert scores.brier(outcome, probability).reason is None


def test_no_rows_give_no_value_anywhere():
    for statistic in (
        scores.auc([], [], []),
        scores.auc([1, nan], [nan, 0.5], [0, 0]),
        scores.spearman([], [], []),
        scores.csi([], [], []),
        scores.precision_top_tenth([], [], []),
        scores.brier([], []),
        scores.brier_skill([], [], []),
        scores.ece([], []),
        scores.calibration_slope([], []),
        scores.coverage([], [], []),
    ):
        assert np.isnan(statistic.point)
        assert statistic.reason is Undefined.NO_ROWS
        estimate = scores.resampled({"it": statistic}, np.zeros(2)).estimate("it")
        assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
        assert (estimate.rows, estimate.topics, estimate.reason) == (0, 0, Undefined.NO_ROWS)
    assert scores.reliability([], []) == ()


def test_rows_without_outcome_or_score_do_not_enter():
    statistic = scores.auc([1, 0, nan, 1], [0.9, 0.1, 0.5, nan], [0, 0, 0, 0])
    assert statistic.point == 1.0
    assert len(statistic.rows) == 2


def test_columns_of_different_length_are_refused():
    with pytest.raises(LittriageError, match="one length"):
        scores.brier([1, 0], [0.5])
    with pytest.raises(LittriageError, match="label every row"):
        scores.resampled({"brier": scores.brier([1, 0], [0.5, 0.5])}, ["a"])


# --- intervals --------------------------------------------------------------------------------------------------


def test_a_resampled_measure_is_the_measure_of_the_drawn_topics():
    from sklearn.metrics import roc_auc_score

    outcome, probability, _, _, topic = sample(8)
    drawn = scores.resampled({"auc": scores.auc_pooled(outcome, probability)}, topic, resamples=3, seed=11)
    labels = np.unique(topic)
    times = np.random.default_rng(11).multinomial(len(labels), np.full(len(labels), 1 / len(labels)), size=3)
    for values, own in zip(drawn.values["auc"], times, strict=True):
        weight = own[np.searchsorted(labels, topic)]
        assert values == pytest.approx(roc_auc_score(outcome, probability, sample_weight=weight))


def test_intervals_do_not_depend_on_the_order_of_rows_or_the_names_of_topics_in_the_same_order():
    outcome, probability, _, origin, topic = sample(9)
    shuffled = np.random.default_rng(1).permutation(len(outcome))
    one = scores.resampled({"auc": scores.auc(outcome, probability, origin)}, topic).estimate("auc")
    two = scores.resampled(
        {"auc": scores.auc(outcome[shuffled], probability[shuffled], origin[shuffled])},
        np.array([f"主题{place:03}" for place in topic])[shuffled],
    ).estimate("auc")
    assert (two.value, two.low, two.high) == pytest.approx((one.value, one.low, one.high))
    assert one.low < one.value < one.high


def test_rows_of_one_topic_that_say_the_same_widen_the_interval():
    random = np.random.default_rng(3)
    outcome = np.repeat(random.integers(0, 2, 50), 20).astype(float)
    probability = np.full(1000, 0.5)
    spread = {}
    for name, topic in {"clustered": np.repeat(np.arange(50), 20), "single": np.arange(1000)}.items():
        found = scores.resampled({"gap": scores.calibration_gap(outcome, probability)}, topic).estimate("gap")
        spread[name] = found.high - found.low
    # Fifty coins against a thousand: sqrt(20) times as wide.
    assert spread["clustered"] / spread["single"] == pytest.approx(20**0.5, rel=0.2)


def test_a_difference_of_a_measure_from_itself_is_zero_and_of_pairs_is_narrower():
    outcome, probability, _, origin, topic = sample(10, rows=2000, topics=200)
    blurred = probability + np.random.default_rng(2).normal(0, 0.05, 2000)
    drawn = scores.resampled(
        {"a": scores.auc(outcome, probability, origin), "b": scores.auc(outcome, blurred, origin)}, topic
    )
    none = drawn.difference("a", "a")
    assert (none.value, none.low, none.high) == (0.0, 0.0, 0.0)
    paired, alone = drawn.difference("a", "b"), drawn.estimate("a")
    assert paired.low <= paired.value <= paired.high
    assert paired.high - paired.low < (alone.high - alone.low) / 2


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(4)
    inside = 0
    for trial in range(100):
        outcome = (random.random(300) < 0.3).astype(float)
        statistic = scores.calibration_gap(outcome, np.full(300, 0.3))
        found = scores.resampled({"gap": statistic}, np.arange(300), resamples=200, seed=trial, level=0.8)
        estimate = found.estimate("gap")
        inside += estimate.low <= 0 <= estimate.high
    assert 68 <= inside <= 90


def test_one_topic_has_a_value_and_no_interval():
    found = scores.resampled({"brier": scores.brier([1, 0, 1], [0.5, 0.5, 0.5])}, ["a", "a", "a"]).estimate("brier")
    assert found.value == 0.25
    assert np.isnan([found.low, found.high]).all()
    assert found.reason is Undefined.ONE_TOPIC


def test_shared_rows_are_those_that_every_score_speaks_of():
    one, two = scores.shared_rows([1.0, nan, 3.0], [nan, 2.0, 4.0])
    np.testing.assert_array_equal(one, [nan, nan, 3.0])
    np.testing.assert_array_equal(two, [nan, nan, 4.0])


def test_many_rows_are_resampled_fast():
    outcome, probability, _, origin, topic = sample(12, rows=25_000, origins=20, topics=3000)
    began = time.process_time()
    scores.resampled({"auc": scores.auc(outcome, probability, origin)}, topic, resamples=300)
    assert time.process_time() - began < 5


# --- the diagram ------------------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"
BINS = (ReliabilityBin(0.1, 0.2, 200, 40, 0.1, 0.3), ReliabilityBin(0.5, 0.5, 100, 50, 0.4, 0.6))


def drawn(svg: str, tag: str, kind: str) -> list[ET.Element]:
    return [node for node in ET.fromstring(svg).iter(SVG + tag) if node.get("class") == kind]


def test_points_stand_where_predicted_and_observed_say():
    svg = reliability_svg([ReliabilityPanel("12 months", BINS)])
    at = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in drawn(svg, "circle", "dot")]
    assert at == [(LEFT + 0.1 * SIDE, TOP + 0.8 * SIDE), (LEFT + 0.5 * SIDE, TOP + 0.5 * SIDE)]
    assert [bar.get("d") for bar in drawn(svg, "path", "wilson")] == [
        "M70 242V198M67 242H73M67 198H73",
        "M158 176V132M155 176H161M155 132H161",
    ]
    assert [path.get("d") for path in drawn(svg, "path", "ideal")] == ["M48 264L268 44"]


def test_bars_below_are_as_high_as_their_counts():
    svg = reliability_svg([ReliabilityPanel("12 months", BINS)])
    bars = drawn(svg, "rect", "bar")
    assert [float(bar.attrib["height"]) for bar in bars] == [COUNTS, COUNTS / 2]
    feet = {float(bar.attrib["y"]) + float(bar.attrib["height"]) for bar in bars}
    assert len(feet) == 1
    assert [text.text for text in drawn(svg, "text", "count")] == ["200", "100"]


def test_figures_that_would_run_into_one_another_are_left_out_but_told():
    close = [ReliabilityBin(place / 100, 0.1, 900 + place, 90, 0.08, 0.12) for place in range(10)]
    svg = reliability_svg([ReliabilityPanel("12 months", close)])
    places = sorted(float(text.attrib["x"]) for text in drawn(svg, "text", "count"))
    assert all(after - before > 15 for before, after in pairwise(places))
    described = ET.fromstring(svg).findtext(SVG + "desc") or ""
    assert all(f"of {900 + place}" in described for place in range(10))


def test_the_diagram_tells_its_figures_in_words_in_both_languages():
    english = ET.fromstring(reliability_svg([ReliabilityPanel("12 months", BINS)]))
    assert english.get("role") == "img"
    assert english.get("aria-labelledby") == "title desc"
    assert english.findtext(SVG + "title") == "Reliability of the forecasts"
    assert "12 months: predicted 10%, rose 20% of 200; predicted 50%, rose 50% of 100." in english.findtext(
        SVG + "desc"
    )
    chinese = ET.fromstring(reliability_svg([ReliabilityPanel("12个月", BINS)], "zh"))
    assert chinese.findtext(SVG + "title") == "预测的可靠性"
    assert "12个月: 预测 10%，200 个中上升 20%" in chinese.findtext(SVG + "desc")


def test_six_full_panels_fit_the_page_are_small_need_nothing_else_and_never_change():
    full = tuple(ReliabilityBin(p / 10 + 0.05, p / 10, 1234 + p, 100, p / 20, p / 10 + 0.02) for p in range(10))
    panels = [ReliabilityPanel(f"{place} <&> 月", full, "9,634 forecasts") for place in range(6)]
    svg = reliability_svg(panels)
    assert svg == reliability_svg(panels)
    assert len(svg.encode()) < 30_000
    assert "href" not in svg
    assert "prefers-color-scheme:dark" in svg
    root = ET.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    shifts = [node.attrib["transform"][10:-1].split() for node in root if node.tag == SVG + "g"]
    assert len(set(map(tuple, shifts))) == 6
    assert max(float(x) for x, _ in shifts) + LEFT + SIDE < width
    lowest = max(float(text.get("y", 0)) for text in root.iter(SVG + "text"))
    assert max(float(y) for _, y in shifts) + lowest < height


def test_a_panel_without_forecasts_says_so():
    assert "no forecasts" in reliability_svg([ReliabilityPanel("24 months", ())])
    assert ET.fromstring(reliability_svg([])).tag == SVG + "svg"
