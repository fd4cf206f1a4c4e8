"""A sign that stands beside a direction's counts: a figure, what it is compared with, and an interval or a reason.

Light: readers of the published file import it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SignKind(StrEnum):
    """What a sign tells of the last 12 months of a direction; `measured` and `base` of each say what `value` is."""

    REDUNDANCY = "redundancy"
    """Mean cosine to the 5 nearest of 50 earlier papers of the direction; base: of 50 papers of the field."""
    REDUNDANCY_CHANGE = "redundancy change"
    """That excess; base: of the year before."""
    NOVELTY = "novelty"
    """Share of papers less redundant than nine tenths of the year before were; base: a tenth."""
    NEAR_DUPLICATES = "near-duplicates"
    """Share of papers nearly the same as an earlier one by others; no base."""
    NEAR_DUPLICATES_OWN = "near-duplicates, shared author"
    """The same, as an earlier one that shares an author; no base."""
    NEWCOMERS = "newcomers"
    """Share of authors not seen in the direction before; base: in as many papers of the field, month by month."""
    NEWCOMERS_CHANGE = "newcomers change"
    """That excess; base: of the year before."""
    NEW_TO_FIELD = "new to the field"
    """Share of authors not seen in the field before; base: of as many papers of the field, month by month."""
    TEAM = "team"
    """Mean authors of a paper; base: of the field's papers of the same months."""
    TEAM_CHANGE = "team change"
    """That difference; base: of the year before."""
    BIRTHS = "births"
    """Share of papers in sub-topics that are new; base: were the papers' ages shuffled."""
    ENTROPY = "entropy"
    """Entropy of the sub-topics, in nats; base: of the year before."""
    REVIEWS = "reviews"
    """Share of reviews and surveys; base: of the field's papers of the same months."""
    FIRST_APPLICATIONS = "first applications"
    """Share of papers that apply something known to something new; base: of the field's papers of the same months."""


class Lack(StrEnum):
    """Why a sign cannot be given."""

    FEW_MONTHS = "few months"
    """Fewer than 9 of the 12 months of a year that it needs are usable."""
    FEW_PAPERS = "few papers"
    """Too few papers, or authors, in a year that it needs; `n` says how many there are."""
    FEW_EARLIER = "few earlier papers"
    """Too few papers before the year to compare with; `n` says how many there are."""
    NO_FIELD = "no field"
    """Too few papers of the field are held to compare with."""
    NO_AUTHORS = "authors unknown"
    """The authors of most papers that it needs are not known; `coverage` says of how many they are."""
    NO_SUBTOPICS = "no sub-topics"
    """The papers of the last 24 months do not fall into sub-topics."""
    POLICY_BREAK = "policy break"
    """A rule of arXiv changed what is taken in, and too few papers are left on this side of it."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of one direction as of a day. It describes; what it says of the future is told in docs/method.md."""

    kind: SignKind
    value: float | None
    """measured - base, or measured where there is no base; None: `lack` says why. Shrunk where `people.SHRUNK` says."""
    low: float | None
    """80% interval of `value`."""
    high: float | None
    measured: float | None
    base: float | None
    n: int
    """Papers, or authors, of the last 12 months that it rests on."""
    coverage: float | None
    """Part of the papers of these months that could enter, 0 to 1; None: there are none."""
    lack: Lack | None
    raw: float | None
    """`value` before shrinkage."""
    se: float | None
    """Standard error of `raw`; None where the interval is not a normal one."""
    made_with: str
    """The encoder, or the rule, that it was measured with."""


def lacking(kind: SignKind, lack: Lack, n: int, made_with: str, coverage: float | None = None) -> Sign:
    """The sign that cannot be given, with its reason."""
    return Sign(kind, None, None, None, None, None, n, coverage, lack, None, None, made_with)
