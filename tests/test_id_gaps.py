"""Holes in the run of ids that chance does not explain."""

from __future__ import annotations

import random
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from littriage.idgaps import Audit, Sequence, audits

MARCH = date(2024, 3, 1)


def audit(numbers: NDArray[np.integer] | list[int], month: date = MARCH) -> Audit:
    (found,) = audits([Sequence(month, "", np.asarray(numbers, np.int32))])
    return found


def thinned(rng: np.random.Generator, part: float, top: int = 20_000) -> NDArray[np.int32]:
    """A copy that holds so much of a month's numbers, by chance."""
    return (np.flatnonzero(rng.random(top) < part) + 1).astype(np.int32)


def without(numbers: NDArray[np.int32], first: int, last: int) -> NDArray[np.int32]:
    return numbers[(numbers < first) | (numbers > last)]


EVERY_TENTH = np.arange(5, 10_000, 10, dtype=np.int32)
"""1,000 papers: 5, 15, ... 9995."""


def test_a_run_of_missing_ids_is_named() -> None:
    """A hundred of every tenth id are missing: the hole goes from the last before to the first after them."""
    found = audit(without(EVERY_TENTH, 4000, 5000))

    (hole,) = found.holes
    assert (hole.first, hole.last) == ("2403.03996", "2403.05004")
    assert hole.expected_lost == pytest.approx(1009 / 10, rel=0.01)
    assert (found.held, found.numbers) == (900, 9995)
    assert found.lost_share == pytest.approx(101 / 1001, rel=0.01)
    assert found.reason == "ids 2403.03996 to 2403.05004 are missing: about 101 papers of 1,001"
    assert not found.dense


def test_without_a_hole_there_is_nothing_to_say() -> None:
    """And no share is lost."""
    found = audit(EVERY_TENTH)

    assert (found.holes, found.reason, found.lost, found.lost_share) == ((), "", 0.0, 0.0)


def test_a_month_that_begins_late_lacks_its_head() -> None:
    """Ids run from 1: a copy whose first is 2,005 lacks 200 papers."""
    found = audit(without(EVERY_TENTH, 1, 2000))

    assert [(hole.first, hole.last) for hole in found.holes] == [("2403.00001", "2403.02004")]
    assert found.lost == pytest.approx(200, rel=0.02)


def test_several_holes_are_found_and_the_largest_named() -> None:
    """A hole does not hide the one beside it, whatever the order."""
    numbers = without(without(without(EVERY_TENTH, 1000, 2000), 3000, 5000), 8000, 9000)
    found = audit(numbers)

    assert len(found.holes) == 3
    assert found.reason.startswith("ids 2403.02996 to 2403.05004 and 2 more runs are missing: about 40")


def test_ids_have_four_digits_up_to_2014() -> None:
    """And five from 2015 on."""
    assert audit(without(EVERY_TENTH, 4000, 5000), date(2014, 12, 1)).holes[0].first == "1412.3996"
    assert audit(without(EVERY_TENTH, 4000, 5000), date(2015, 1, 1)).holes[0].first == "1501.03996"


def test_old_ids_run_in_each_archive() -> None:
    """Before 2007-04 every archive begins at 1: a hole in one is a hole of the month, the other's run is its own."""
    month = date(1999, 1, 1)
    found = audits(
        [
            Sequence(month, "hep-th", without(np.arange(1, 301, dtype=np.int32), 101, 200)),
            Sequence(month, "math", np.arange(1, 151, dtype=np.int32)),
        ]
    )[0]

    assert [(hole.first, hole.last) for hole in found.holes] == [("hep-th/9901101", "hep-th/9901200")]
    assert found.lost == pytest.approx(100, rel=0.01)
    assert (found.held, found.numbers) == (350, 450)


def test_a_copy_with_all_ids_is_dense() -> None:
    """97% of the numbers up to the highest are enough, 95% are not; nor is a handful."""
    rng = np.random.default_rng(1)

    assert audit(thinned(rng, 0.98)).dense
    assert not audit(thinned(rng, 0.95)).dense
    assert not audit(list(range(1, 100))).dense
    assert not audit(without(thinned(rng, 1.0), 10_000, 10_199)).dense


def test_a_month_of_few_papers_has_no_resolution() -> None:
    """Nothing can be seen, and nothing is claimed; an empty month neither."""
    assert audit([10, 5000, 9000]).resolution is None
    assert audit([10, 5000, 9000]).holes == ()
    assert audit([]) == Audit(MARCH, 0, 0, (), None)
    assert audits([]) == ()


def test_a_number_far_beyond_the_last_is_no_hole() -> None:
    """One mistaken id does not say that 80,000 papers are lacking."""
    assert audit([*EVERY_TENTH, 90_001]).holes == ()


def test_proceedings_handed_in_at_once_are_no_alarm() -> None:
    """A hundred ids in a row, in a thin month, do not make the usual runs beside them suspicious."""
    rng = np.random.default_rng(2)
    for _ in range(50):
        numbers = thinned(rng, 0.05, 8000)
        start = int(rng.integers(1, 7900))
        assert audit(np.union1d(numbers, np.arange(start, start + 100))).holes == ()


@pytest.mark.parametrize("part", [0.02, 0.05, 0.1, 0.3, 0.6, 0.9, 0.99])
def test_chance_is_no_hole(part: float) -> None:
    """Of a hundred months with a density that changes by half over the days, none has one."""
    rng = np.random.default_rng(3)
    for _ in range(100):
        days = 1 + 0.33 * np.sin(np.arange(20_000) / 20_000 * 60 + rng.random())
        numbers = np.flatnonzero(rng.random(20_000) < part * days / days.max()) + 1
        assert audit(numbers).holes == ()


@settings(max_examples=60, deadline=None)
@given(st.floats(0.02, 0.99), st.integers(0, 10**6), st.floats(0.0, 0.8))
def test_a_hole_twice_as_long_as_the_resolution_is_found(part: float, seed: int, place: float) -> None:
    """Wherever it lies, and its edges hold the block."""
    numbers = thinned(np.random.default_rng(seed), part)
    length = 2 * (audit(numbers).resolution or 0)
    first = 1 + int(place * 20_000)
    found = audit(without(numbers, first, first + length - 1))

    (hole,) = found.holes
    assert int(hole.first[5:]) <= first <= first + length - 1 <= int(hole.last[5:])
    assert hole.expected_lost == pytest.approx(length * part, rel=0.5, abs=15)


def test_the_order_of_the_sequences_changes_nothing() -> None:
    """Months come out oldest first, archives by name."""
    rng = np.random.default_rng(4)
    sequences = [
        Sequence(date(1999, month, 1), archive, without(thinned(rng, 0.9, 400), 100, 200))
        for month in (1, 2, 3)
        for archive in ("hep-th", "cs", "math")
    ]
    found = audits(sequences)
    random.Random(1).shuffle(sequences)

    assert audits(sequences) == found
    assert [one.month.month for one in found] == [1, 2, 3]
