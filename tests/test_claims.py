"""Claims against the record."""

from __future__ import annotations

from datetime import date

import pytest

from littriage.claims import claim_outcomes
from littriage.model import Claim, Stage, Stance, Verdict

TODAY = date(2025, 7, 11)


def claim(direction: str = "demo", window: tuple[str, str] = ("2020-01", "2020-12"), **more: str) -> Claim:
    return Claim(direction, "doc", "ann", "2020", window, Stance.RISING, "it grows", "p. 1", **more)


def verdict(as_of: date, share: float | None, stage: Stage = Stage.RISING) -> Verdict:
    return Verdict(as_of, "demo", stage, None, None, share, None, None, None, None, None, None)


def test_claim_is_read_at_the_end_of_its_window():
    """A claim of 2020 meets the record of 1 January 2021 and of today."""
    record = {date(2021, 1, 1): verdict(date(2021, 1, 1), 0.02), TODAY: verdict(TODAY, 0.05, Stage.HOT)}

    (outcome,) = claim_outcomes([claim()], lambda slug, day: record[day] if slug == "demo" else None, TODAY)

    assert outcome.as_of == date(2021, 1, 1)
    assert (outcome.then.stage, outcome.now.stage) == (Stage.RISING, Stage.HOT)
    assert outcome.share_ratio == pytest.approx(2.5)


@pytest.mark.parametrize(("then", "now"), [(None, 0.1), (0.0, 0.1), (0.1, None)])
def test_no_ratio_of_what_is_not_known(then, now):
    """No share then, none now, or none to divide by: no ratio."""
    shares = {date(2021, 1, 1): then, TODAY: now}

    (outcome,) = claim_outcomes([claim()], lambda slug, day: verdict(day, shares[day]), TODAY)

    assert outcome.share_ratio is None


def test_claim_without_a_record_is_kept():
    """A claim on a theme or an unmeasured direction stays in the list, without verdicts."""
    (outcome,) = claim_outcomes([claim()], lambda slug, day: None, TODAY)

    assert (outcome.then, outcome.now, outcome.share_ratio) == (None, None, None)


def test_reposts_count_once_and_order_is_by_date():
    """A repost is left out; the oldest comes first; a window that is still open is read today."""
    claims = [claim("b", ("2025-01", "2025-12")), claim("a"), claim("c", repost_of="doc0")]

    outcomes = claim_outcomes(claims, lambda slug, day: None, TODAY)

    assert [(o.claim.direction, o.as_of) for o in outcomes] == [("a", date(2021, 1, 1)), ("b", TODAY)]
