"""80% intervals of means, of shares, and of the difference of two shares."""

from __future__ import annotations

from littriage.crowding.sign import Sign, SignKind
from littriage.model import NORMAL_80
from littriage.proportions import wilson


def difference(share: float, n: float, base: float, base_n: float) -> tuple[float, float]:
    """Interval of share - base from the score intervals of both (Newcombe 1998, method 10)."""
    (low, high), (base_low, base_high) = wilson(share, n), wilson(base, base_n)
    below = ((share - low) ** 2 + (base_high - base) ** 2) ** 0.5
    above = ((high - share) ** 2 + (base - base_low) ** 2) ** 0.5
    return share - base - below, share - base + above


def normal_sign(
    kind: SignKind, measured: float, base: float | None, se: float, n: int, made_with: str, coverage: float | None = 1.0
) -> Sign:
    """A sign whose interval is a normal one."""
    value, half = measured - (base or 0.0), NORMAL_80 * se
    return Sign(kind, value, value - half, value + half, measured, base, n, coverage, None, value, se, made_with)


def share_sign(
    kind: SignKind, measured: float, base: float | None, interval: tuple[float, float], n: int, made_with: str,
    coverage: float | None = 1.0,
) -> Sign:  # fmt: skip
    """A sign of a share, with the interval of `measured` - `base`."""
    value = measured - (base or 0.0)
    return Sign(kind, value, *interval, measured, base, n, coverage, None, value, None, made_with)
