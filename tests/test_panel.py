"""Counts of many topics as arrays."""

from datetime import date

import numpy as np
import pytest

from littriage.errors import LittriageError
from littriage.model import MonthStatus, TrendPoint
from littriage.panel import Panel, panel_of

JANUARY = date(2020, 1, 1)


def point(direction: str, month: int, papers: float, status: MonthStatus = MonthStatus.COMPLETE) -> TrendPoint:
    return TrendPoint(direction, date(2020, month, 1), papers, int(papers), 100, status)


def panel(*papers: list[float]) -> Panel:
    counts = np.array(papers, dtype=float)
    return Panel(tuple("abc"[: len(papers)]), JANUARY, counts, np.full(counts.shape, 100.0), counts >= 0)


def test_a_month_that_lacks_papers_or_has_no_point_is_unusable_and_not_zero() -> None:
    found = panel_of({"b": [point("b", 1, 3), point("b", 2, 9, MonthStatus.PARTIAL)], "a": []}, date(2020, 3, 1))
    assert found.topics == ("a", "b")
    assert found.months == (JANUARY, date(2020, 2, 1), date(2020, 3, 1))
    assert found.usable.tolist() == [[False] * 3, [True, False, False]]
    assert found.papers.tolist() == [[0, 0, 0], [3, 0, 0]]


def test_a_panel_cut_at_a_month_holds_nothing_later_and_ends_with_it() -> None:
    whole = panel([1, 2, 3, 4])
    assert whole.until(date(2020, 2, 1)).papers.tolist() == [[1, 2]]
    assert whole.until(date(2020, 6, 1)).usable.tolist() == [[True, True, True, True, False, False]]
    assert whole.until(date(2020, 6, 1)).last == date(2020, 6, 1)
    assert whole.until(date(2019, 6, 1)).papers.shape == (1, 0)


def test_moving_sums_take_in_usable_months_alone() -> None:
    counts = np.array([[1.0, 2.0, 4.0, 8.0]])
    one = Panel(("a",), JANUARY, counts, np.full((1, 4), 10.0), np.array([[True, True, False, True]]))
    papers, exposure, months = one.windows(2)
    assert papers.tolist() == [[1, 3, 2, 8]]
    assert exposure.tolist() == [[10, 20, 10, 10]]
    assert months.tolist() == [[1, 2, 1, 1]]


def test_topics_can_be_chosen_by_place_or_by_mask() -> None:
    three = panel([1], [2], [3])
    assert three.rows([2, 0]).topics == ("c", "a")
    assert three.rows(np.array([False, True, True])).papers.tolist() == [[2], [3]]


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(LittriageError, match="must be equal"):
        Panel(("a",), JANUARY, np.zeros((1, 2)), np.zeros((1, 3)), np.ones((1, 2), dtype=bool))


def test_a_panel_of_nothing_has_a_month_and_no_topics() -> None:
    assert panel_of({}, JANUARY).papers.shape == (0, 1)
