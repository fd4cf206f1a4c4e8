"""How sure a part of some trials is."""

from __future__ import annotations

from littriage.model import NORMAL_80


def wilson(part: float, of: float) -> tuple[float, float]:
    """80% interval of a probability of which `part` of `of` trials came true (Wilson 1927); `of` may be a fraction."""
    shrink = 1 + NORMAL_80**2 / of
    centre = (part + NORMAL_80**2 / (2 * of)) / shrink
    half = NORMAL_80 / shrink * (part * (1 - part) / of + NORMAL_80**2 / (4 * of**2)) ** 0.5
    # Exactly 0 and 1 where nothing or everything came true: rounding would leave a trace there.
    return (0.0 if part <= 0 else centre - half), (1.0 if part >= 1 else centre + half)
