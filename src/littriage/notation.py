"""How figures read, wherever they are printed: in tables, in reasons and in briefs."""

from __future__ import annotations

from math import exp


def yearly(rate: float) -> float:
    """Log units a year as a part: 0.35 is 35% more after a year."""
    return exp(rate) - 1


def change_text(rate: float) -> str:
    """`+35%`: log units a year, in percent a year."""
    return f"{100 * yearly(rate):+.0f}%"


def chance_text(probability: float) -> str:
    """Whole percent; a model is never certain."""
    whole = round(100 * probability)
    return {0: "<1%", 100: ">99%"}.get(whole, f"{whole}%")


def part_text(part: float) -> str:
    """Whole percent."""
    return f"{100 * part:.0f}%"


def share_text(share: float) -> str:
    """Percent with about three digits."""
    percent = 100 * share
    digits = 3 if percent < 0.1 else 2 if percent < 10 else 1
    return f"{percent:.{digits}f}%"
