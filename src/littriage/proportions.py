"""How sure a part of some trials is."""

from __future__ import annotations

from littriage.model import NORMAL_80


def wilson(part: float, of: float, deviations: float = NORMAL_80) -> tuple[float, float]:
    """Interval of a probability of which `part` of `of` trials came true (Wilson 1927); `of` may be a fraction.

    Of 80%, or as wide as so many standard deviations of a normal distribution on either side.
    """
    shrink = 1 + deviations**2 / of
    centre = (part + deviations**2 / (2 * of)) / shrink
    half = deviations / shrink * (part * (1 - part) / of + deviations**2 / (4 * of**2)) ** 0.5
    # Exactly 0 and 1 where nothing or everything came true: rounding would leave a trace there.
    return (0.0 if part <= 0 else centre - half), (1.0 if part >= 1 else centre + half)
