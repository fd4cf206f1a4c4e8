"""Growth, peak and saturation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from littriage.model import MonthStatus, TrendPoint
from littriage.signals import Slope, growths, levels, peak, saturation_index, shrunk, slopes
from littriage.trends import month_after, month_span

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


def test_steady_growth_is_found():
    """Papers that grow by 30% a year without noise give log 1.3."""
    years = np.arange(len(MONTHS)) / 12

    found = slopes({"demo": record(500 * 1.3**years, 100_000)}, AS_OF)["demo"]

    assert found.slope == pytest.approx(np.log(1.3), abs=0.01)
    assert found.months == 48


def test_growth_is_of_the_last_year():
    """A direction that doubled each year and then stood still for two is no longer growing much."""
    papers = [20] * 24 + [20 * 2 ** (m / 12) for m in range(24)] + [80] * 24

    assert abs(slopes({"demo": record(papers, 100_000)}, AS_OF)["demo"].slope) < 0.1


def test_growth_is_of_the_share():
    """Papers that grow as fast as their field have no growth."""
    field = [int(1000 * 1.5 ** (m / 12)) for m in range(len(MONTHS))]
    points = [replace(p, exposure=e, papers=e * 0.02) for p, e in zip(record([1] * 72), field, strict=True)]

    assert slopes({"demo": points}, AS_OF)["demo"].slope == pytest.approx(0, abs=0.01)


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
    assert growths({"demo": points}, AS_OF) == {}


def test_no_directions_have_no_growth():
    """Nothing in, nothing out."""
    assert growths({}, AS_OF) == {}


def test_single_late_paper_has_a_wide_interval():
    """One paper in the last month is no proof of growth."""
    growth = growths({"demo": record([0] * 59 + [1])}, AS_OF)["demo"]

    assert growth.p_up < 0.95
    assert growth.high - growth.low > 1


def test_huge_counts_are_no_trouble():
    """A million papers a month give a finite and honest error."""
    growth = growths({"demo": record([10**6] * 72, exposure=10**7)}, AS_OF)["demo"]

    assert growth.mean == pytest.approx(0, abs=0.01)
    assert growth.raw_se >= 0.02


def test_gap_in_the_middle_changes_little():
    """Half a year that is known to be lost does not turn growth round."""
    whole = drawn(np.random.default_rng(3), 200, growth=0.4)
    cut = [replace(p, papers=0.0, status=MonthStatus.PARTIAL) if 40 <= i < 46 else p for i, p in enumerate(whole)]

    first, second = slopes({"demo": whole}, AS_OF)["demo"], slopes({"demo": cut}, AS_OF)["demo"]

    assert second.slope == pytest.approx(first.slope, abs=0.1)
    assert second.months == 42


def test_order_and_names_change_nothing():
    """Shuffled points, another order of directions and other names give the same bits."""
    points, _ = panel(np.random.default_rng(4), 20, 0.3)
    renamed = {f"x{99 - i}": tuple(reversed(points[slug])) for i, slug in enumerate(points)}

    first, second = growths(points, AS_OF), growths(renamed, AS_OF)

    for i, slug in enumerate(points):
        assert replace(second[f"x{99 - i}"], direction=slug) == first[slug]


def test_every_paper_twice_changes_no_growth():
    """Twice the papers in twice the field is the same evidence."""
    points, _ = panel(np.random.default_rng(5), 20, 0.3)
    twice = {s: [replace(p, papers=2 * p.papers, exposure=2 * p.exposure) for p in ps] for s, ps in points.items()}

    first, second = slopes(points, AS_OF), slopes(twice, AS_OF)

    for slug in points:
        assert second[slug].slope == pytest.approx(first[slug].slope, abs=1e-6)
        assert second[slug].se == pytest.approx(first[slug].se, rel=1e-5)
        assert second[slug].dispersion == pytest.approx(2 * first[slug].dispersion, rel=1e-5)


def test_future_is_not_read():
    """A month after the as-of date may hold anything."""
    points = {"demo": drawn(np.random.default_rng(6), 100)}
    marked = {"demo": (*points["demo"], *record([10**9], months=(month_after(MONTHS[-1]),)))}

    assert growths(points, AS_OF) == growths(marked, AS_OF)


def test_intervals_hold_what_they_promise():
    """80% intervals of 200 directions hold the truth in 75 to 88%, and flat ones are called rising in at most 5%."""
    points, truth = panel(np.random.default_rng(7), 200, 0.3)

    found = growths(points, AS_OF)

    covered = np.mean([g.low <= truth[slug] <= g.high for slug, g in found.items()])
    false_rising = np.mean([g.p_up >= 0.9 for slug, g in found.items() if truth[slug] == 0])
    assert 0.75 <= covered <= 0.88
    assert false_rising <= 0.05


# --- shrinkage --------------------------------------------------------------------------------------------------


def test_shrinkage_pulls_noise_and_leaves_growers():
    """Among flat directions an uncertain slope shrinks to nearly nothing; a certain one stays."""
    flat = {f"f{i}": Slope(0.02 * (-1) ** i, 0.1, 1.0, 48) for i in range(30)}

    found = shrunk({**flat, "noise": Slope(0.5, 0.5, 1.0, 48), "grower": Slope(1.0, 0.1, 1.0, 48)})

    assert found["noise"].mean < 0.2
    assert found["grower"].mean > 0.9
    assert found["grower"].p_up > 0.99 > found["noise"].p_up


def test_direction_alone_keeps_a_modest_prior():
    """One direction does not make a prior of itself: its interval stays about as wide as its error."""
    growth = shrunk({"demo": Slope(0.6, 0.2, 1.0, 48)})["demo"]

    assert 0.3 < growth.mean < 0.6
    assert 0.3 < growth.high - growth.low < 0.6


def test_probabilities_belong_together():
    """P(up) and P(down) are all there is; the interval lies around the mean; the mirror image is the mirror image."""
    one, other = (shrunk({"demo": Slope(slope, 0.2, 1.0, 48)})["demo"] for slope in (0.3, -0.3))

    assert one.p_up + one.p_down == pytest.approx(1)
    assert one.low < one.mean < one.high
    assert 0 < one.p_flat < 1
    assert (other.mean, other.low, other.p_up) == pytest.approx((-one.mean, -one.high, one.p_down))


def test_uncertain_directions_do_not_distort_the_prior():
    """A hundred directions that know nothing leave a good one where it was."""
    good = {f"g{i}": Slope(0.3 * (-1) ** i, 0.05, 1.0, 48) for i in range(20)}
    vague = {f"v{i}": Slope(3.0 * (-1) ** i, 3.0, 1.0, 12) for i in range(100)}

    alone, together = shrunk(good)["g0"], shrunk({**good, **vague})["g0"]

    assert together.mean == pytest.approx(alone.mean, abs=0.02)


# --- peak and saturation ----------------------------------------------------------------------------------------


def test_peak_is_the_last_highest():
    """Half of the peak, reached twice."""
    months = month_span(date(2020, 1, 1), date(2020, 4, 1))

    found = peak(dict(zip(months, [0.2, 0.2, None, 0.1], strict=True)))

    assert (found.share, found.ratio, found.month) == (0.1, 0.5, months[1])
    assert peak({}) is None
    assert peak({months[0]: 0.0}) is None


def test_levels_are_places():
    """The part below, and half of the equals; alone it is the middle."""
    assert levels({"a": 0.1, "b": 0.3, "c": 0.3, "d": 0.5}) == {"a": 0.125, "b": 0.5, "c": 0.5, "d": 0.875}
    assert levels({"a": 0.4}) == {"a": 0.5}
    assert levels({}) == {}


def test_saturation_needs_the_neighbourhood_of_the_peak():
    """P(flat) x level near the peak; nothing once 30% are lost."""
    assert saturation_index(0.8, 0.9, 0.5) == 0.4
    assert saturation_index(0.8, 0.70, 0.5) == 0.0
    assert saturation_index(0.8, 0.71, 0.5) == 0.4
    assert saturation_index(0.8, 0.0, 0.5) == 0.0
