"""Signs of saturation beside the counts: redundancy, newcomers, births of sub-topics, reviews and first applications.

Each compares the last 12 months of a direction, as of a day, with its field and with the year before, so that neither
the direction's size nor a drift that the whole field shares shows in it. Pure: arrays in, signs out. Formulas, sources
and what each sign is worth: docs/method.md.
"""

from __future__ import annotations

from littriage.crowding.sign import Lack, Sign, SignKind

SIGN_RULE = "v1"
"""Version of all signs together."""

__all__ = ["SIGN_RULE", "Lack", "Sign", "SignKind"]
